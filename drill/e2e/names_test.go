package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/drill/rig"
)

// tryJoin says join, and gives what is told, joined or not.
func (u *user) tryJoin(frame string) (j joined, ok bool) {
	u.test.Helper()
	u.say(frame)
	f := u.await("an answer to "+frame, func(f rig.Frame) bool { return f.Type == "joined" || f.Type == "error" })
	return j, f.Type == "joined" && json.Unmarshal(f.Raw, &j) == nil
}

func TestNameBelongsToWhoeverHoldsIt(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "NAME_HOLD=2s")
	alice := join(t, n, "alice")
	alice.say("dm:alice:bob:waiting for the first")
	alice.hear("dm")

	bob := connect(t, n, "")
	first, ok := bob.tryJoin("join:bob")
	if !ok || len(first.DMs) != 1 || first.DMs[0].Text != "waiting for the first" || len(first.Conversations) != 1 {
		t.Fatalf("the first to take the name was told %+v", first)
	}
	if len(first.Token) < 128/6 {
		t.Errorf("the token is %d characters", len(first.Token))
	}
	stranger := connect(t, n, "")
	for _, frame := range []string{"join:bob", "join:bob:", "join:bob:" + strings.Repeat("A", len(first.Token)), "join:BOB", "join:BOB:" + first.Token} {
		if _, ok := stranger.tryJoin(frame); ok {
			t.Fatalf("%s took a name that is held", frame)
		}
	}
	second := connect(t, n, "")
	if j, ok := second.tryJoin("join:bob:" + first.Token); !ok || j.Token != first.Token {
		t.Fatalf("a further device was told %+v", j)
	}
	bob.Close()
	if _, ok := stranger.tryJoin("join:bob"); ok {
		t.Fatal("the name was free while another device holds it")
	}
	second.Close()
	if _, ok := stranger.tryJoin("join:bob"); ok {
		t.Fatal("the name was free within the grace")
	}
	back := connect(t, n, "?dmsince=0")
	if j, ok := back.tryJoin("join:bob:" + first.Token); !ok || len(j.DMs) != 1 {
		t.Fatalf("who came back was told %+v", j)
	}
	back.Close()

	heir := connect(t, n, "?dmsince=0")
	var j joined
	eventually(t, "the name is free after the grace", func() (ok bool) { j, ok = heir.tryJoin("join:bob"); return ok })
	if len(j.DMs) != 0 || len(j.Conversations) != 0 || j.Token == first.Token {
		t.Errorf("a new holder was told %+v", j)
	}
	heir.say("dmhistory:alice:")
	if f := heir.hear("history"); !strings.Contains(string(f.Raw), `"messages":[]`) {
		t.Errorf("a new holder is shown %s", f.Raw)
	}
	alice.say("dm:alice:bob:for the new one")
	heir.hearText("for the new one")
	if _, ok := stranger.tryJoin("join:bob:" + first.Token); ok {
		t.Error("the former holder's token still opens the name")
	}
}

func TestSpellingThatComparesEqualBelongsToTheClaim(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice, bob := join(t, n, "Alice"), join(t, n, "bob")
	other := connect(t, n, "")
	for _, name := range []string{"alice", "ALICE", "Ａlice", "  aLiCe  "} {
		other.say("join:" + name)
		if f := other.await(name, func(f rig.Frame) bool { return f.Type == "error" }); f.Code != "name_taken" {
			t.Errorf("join:%s beside Alice: %s", name, f.Raw)
		}
	}
	bob.say("dm:bob:alice:to the claim")
	if m := alice.hearText("to the claim").Message(); m.To != "Alice" {
		t.Errorf("the message is to %q", m.To)
	}
}

func TestLookAlikesOfMixedScriptsAreRefused(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	u := connect(t, n, "")
	for _, name := range []string{"\u0430lice", "al\u0456ce", "b\u03bfb", "a\u200blice", "\u202ealice", "a\ufeffb", "a\u0301\u0301"} {
		u.say("join:" + name)
		u.hearError("bad_name")
	}
	for _, name := range []string{"Алиса", "アリス2", "爱丽丝 Alice", "αλίκη", "שלום", "😀 alice"} {
		c := connect(t, n, "")
		if j, ok := c.tryJoin("join:" + name); !ok || j.Name != name {
			t.Errorf("%s was told %+v", name, j)
		}
	}
}

func TestLookAlikesOfAHeldNameAreNotGiven(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "FRAME_RATE=0")
	const taken, bad = "name_taken", "bad_name"
	held := []struct {
		name  string
		alike map[string]string // name: the code that answers it
	}{
		{"alice", map[string]string{
			"ali\u0307ce": taken, "aIice": taken, "a\u01c0ice": taken, "a\u0964ice": bad, "\u0251lice": taken,
			"a1ice": taken, "a|ice": taken, "AL1CE": taken, "al\u0131ce": taken, "a\u2223ice": taken, "al\u0269ce": taken, "ali\u0307\u0307ce": bad,
			"\u0430\u04cf\u0456\u0441\u0435": taken, "\u0430lice": bad, "al\u200dice": bad, "\U0001d51eli\u0441e": bad,
			"\U0001d51elice": taken, "ali\u217de": taken,
		}},
		{"Bob", map[string]string{"B0b": taken, "\u0412\u041e\u0412": taken, "\u042c\u043e\u042c": taken, "\u0392\u039f\u0392": taken, "B\u1d0fb": taken, "B\u0585b": bad}},
		{"Mary", map[string]string{"rnary": taken, "\u041cary": bad}},
		{"tony", map[string]string{"t0ny": taken, "\u03a4\u039f\u039d\u03a5": taken}},
		{"Maria", map[string]string{"MarIa": taken}},
		{"jack", map[string]string{"j\u0307ack": taken, "\u0237\u0307ack": taken}},
		{"user1", map[string]string{"userl": taken, "userI": taken}},
	}
	for _, h := range held {
		join(t, n, h.name)
	}
	for _, name := range []string{"alicia", "al\u00edce", "aiice", "al1ce", "Marla", "\u0391\u039d\u039d\u0391", "bobby", "Maru", "user2", "\u0421\u0430\u0448\u0430", "\u039d\u03af\u03ba\u03bf\u03c2", "\u5c71\u7530\u30fc", "\u0930\u093e\u092e\u0964"} {
		if j, ok := connect(t, n, "").tryJoin("join:" + name); !ok || j.Name != name {
			t.Errorf("%s, whom nobody looks like, was told %+v", name, j)
		}
	}
	for _, h := range held {
		stranger := connect(t, n, "")
		for name, code := range h.alike {
			stranger.say("join:" + name)
			if f := stranger.await("an answer to "+name, func(f rig.Frame) bool { return f.Type == "joined" || f.Type == "error" }); f.Code != code {
				t.Fatalf("%q beside %s: %s, want %s", name, h.name, f.Raw, code)
			}
		}
	}
}

func TestLookAlikeIsGivenWhereNobodyHoldsTheName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aIice", "ali\u0307ce", "\u0251lice", "\u0430\u04cf\u0456\u0441\u0435"} {
		n := startNode(t)
		if j, ok := connect(t, n, "").tryJoin("join:" + name); !ok || j.Name != name {
			t.Errorf("%s was told %+v", name, j)
		}
		if _, ok := connect(t, n, "").tryJoin("join:alice"); ok {
			t.Errorf("alice was taken beside %s", name)
		}
	}
}

func TestReservedNamesAreNobodysInOpenMode(t *testing.T) {
	t.Parallel()
	n := startNode(t, "FRAME_RATE=0")
	u := connect(t, n, "")
	for _, name := range []string{"Everyone", "everyone", "Every0ne", "Parley", "PAR1EY", "system", "admin", "\u0430dmin", "adrnin", "moderator", "Here now"} {
		u.say("join:" + name)
		u.hearError("bad_name")
	}
	alice := join(t, n, "alice")
	alice.say("dm:alice:Admin:are you there?")
	alice.hearError("bad_name")
	join(t, n, "admin2")

	own := startNode(t, "RESERVED_NAMES=root, Ops Team")
	for _, name := range []string{"r00t", "ops team"} {
		u := connect(t, own, "")
		u.say("join:" + name)
		u.hearError("bad_name")
	}
	join(t, own, "admin")
	join(t, startNode(t, "RESERVED_NAMES="), "Everyone")
}

// TestNamesAndTextsMadeForOtherEyesComeBackAsTheyAre speaks of logs, terminals, HTML,
// Redis keys and Lua.
func TestNamesAndTextsMadeForOtherEyesComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "LOG_LEVEL=trace")
	u := connect(t, n, "")
	for _, name := range []string{"a\nb", "a\x1b[31m", "chat{messages}", "../../etc", "a\x00b", "a\u2028b", "a\u009bb", strings.Repeat("é", 33), strings.Repeat("x", 15<<10)} {
		u.say("join:" + name)
		u.hearError("bad_name")
	}
	texts := []string{
		`"]]--`, `]]=] redis.call("FLUSHALL")`, `{"type":"msg"}`, `<script>alert(1)</script><img src=x onerror=y>`, "%s%n%d", `\u0000\n\`,
		"two\nlines", "\u202eRTL\u2066", "chat:members", "' OR 1=1", "$(reboot)`reboot`", "\r\n"[1:] + "level=error", strings.Repeat("long ", 800), "join:x:y#z",
	}
	for _, name := range []string{`"]]`, `'; DROP`, "<b>bob<i>", "%s%n", `back\slash`, "$dm $session", "..", "*", "[a-z]*", "a#b", "-"} {
		c := connect(t, n, "")
		if j, ok := c.tryJoin("join:" + name); !ok || j.Name != name {
			t.Fatalf("%s was told %+v", name, j)
		}
		for _, body := range texts {
			c.say("msg:" + name + ":" + body)
			c.say("dm:" + name + ":" + name + ":" + body)
			for range 2 {
				m := c.await(body, func(f rig.Frame) bool { return f.Type == "msg" || f.Type == "dm" }).Message()
				if m.User != name || m.Text != body {
					t.Fatalf("%q of %q came back as %q of %q", body, name, m.Text, m.User)
				}
			}
		}
	}
	n.Stop()
	log := n.Log()
	if strings.ContainsAny(log, "\x1b\u202e\r") || strings.Contains(log, "FLUSHALL") || strings.Contains(log, "onerror") {
		t.Errorf("the log has what was said:\n%s", log)
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is %q", line)
		}
	}
}
