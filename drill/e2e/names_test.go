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
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
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
