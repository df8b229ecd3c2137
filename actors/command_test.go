package actors

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCommandsAreTakenApart(t *testing.T) {
	for _, c := range []struct {
		frame string
		want  command
	}{
		{"join:alice", command{verb: verbJoin, name: "alice"}},
		{"join: alice ", command{verb: verbJoin, name: " alice "}},
		{"join:", command{verb: verbJoin}},
		{"join:alice:to:ken", command{verb: verbJoin, name: "alice", token: "to:ken"}},
		{"join#r-1_Z:alice", command{verb: verbJoin, ref: "r-1_Z", name: "alice"}},
		{"msg:alice:hi: all\n:", command{verb: verbMsg, name: "alice", text: "hi: all\n:"}},
		{"msg#r:alice:", command{verb: verbMsg, ref: "r", name: "alice"}},
		{"dm:a:b:c:d", command{verb: verbDM, name: "a", peer: "b", text: "c:d"}},
		{"dm#" + strings.Repeat("r", longestRef) + ":a:b:c", command{verb: verbDM, ref: strings.Repeat("r", longestRef), name: "a", peer: "b", text: "c"}},
		{"history:", command{verb: verbHistory, before: newestPage}},
		{"history:0", command{verb: verbHistory}},
		{"history:1795430400123456", command{verb: verbHistory, before: 1795430400123456}},
		{"history:9223372036854775807", command{verb: verbHistory, before: newestPage}},
		{"dmhistory:bob:", command{verb: verbDMHistory, peer: "bob", before: newestPage}},
		{"dmhistory#x:bob:7", command{verb: verbDMHistory, ref: "x", peer: "bob", before: 7}},
		{"ping:a:b", command{verb: verbPing, text: "a:b"}},
		{"ping:", command{verb: verbPing}},
	} {
		if got, err := parseCommand(c.frame); got != c.want || err != nil {
			t.Errorf("%q is %+v (%v), not %+v", c.frame, got, err, c.want)
		}
	}
}

func TestBadFramesAreRefusedWithTheirReference(t *testing.T) {
	for _, c := range []struct {
		frame, ref string
		err        error
	}{
		{"", "", errBadFrame},
		{"hello", "", errBadFrame},
		{":x", "", errBadFrame},
		{"#r:x", "r", errBadFrame},
		{"join", "", errBadFrame},
		{"join#:alice", "", errBadFrame},
		{"join#r r:alice", "", errBadFrame},
		{"join#r#s:alice", "", errBadFrame},
		{"join#é:alice", "", errBadFrame},
		{"join#" + strings.Repeat("r", longestRef+1) + ":alice", "", errBadFrame},
		{"msg#r:alice", "r", errBadFrame},
		{"dm#r:alice", "r", errBadFrame},
		{"dm:alice:bob", "", errBadFrame},
		{"history:x", "", errBadFrame},
		{"history:-1", "", errBadFrame},
		{"history:9223372036854775808", "", errBadFrame},
		{"dmhistory:bob", "", errBadFrame},
		{"dmhistory#r:bob:x", "r", errBadFrame},
		{"shout#r:alice:x", "r", errUnknownVerb},
		{"JOIN:alice", "", errUnknownVerb},
		{" join:alice", "", errUnknownVerb},
	} {
		if got, err := parseCommand(c.frame); !errors.Is(err, c.err) || got.ref != c.ref {
			t.Errorf("%q gave the reference %q and %v, not %q and %v", c.frame, got.ref, err, c.ref, c.err)
		}
	}
}

func TestTextsThatMayBeSaid(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"hi: all", true},
		{"line one\nline two", true},
		{" ", true},
		{"\u00a0\u2028 <b>\"\\ 🎉 می\u200cخواهم", true},
		{"\uFFFD", true},
		{strings.Repeat("x", 16), true},
		{strings.Repeat("é", 8), true},
		{"", false},
		{strings.Repeat("x", 17), false},
		{strings.Repeat("é", 8) + "x", false},
		{"a\tb", false},
		{"a\rb", false},
		{"a\x00b", false},
		{"a\x1bb", false},
		{"a\x7fb", false},
		{"a\u0085b", false},
		{"a\u009fb", false},
		{"a\xffb", false},
		{"a\xed\xa0\x80", false}, // half a surrogate pair
	} {
		limit := max(16, min(len(c.text), 64))
		if len(strings.Trim(c.text, "xé")) == 0 {
			limit = 16
		}
		if textOK(c.text, limit) != c.ok {
			t.Errorf("%q may be said: %v, not %v", c.text, !c.ok, c.ok)
		}
	}
}

// FuzzParseCommand: whatever a client says, taking it apart does not panic; a
// reference is well-formed or absent, also on an error; what was taken apart says
// the frame again when it is put together; a page's place is one that ids can have.
// A text that may be said is UTF-8 within its limit, without control characters.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{
		"join:alice:token", "msg#r1:alice:hi: all", "dm:a:b:c\nd", "history:", "dmhistory#x:bob:17", "ping:", "::", "#:", "msg#\xff:a:\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, frame string) {
		c, err := parseCommand(frame)
		if c.ref != "" && (!isRef(c.ref) || !strings.Contains(frame, "#"+c.ref+":")) {
			t.Errorf("reference %q", c.ref)
		}
		if err != nil {
			if !errors.Is(err, errBadFrame) && !errors.Is(err, errUnknownVerb) {
				t.Errorf("an error of neither kind: %v", err)
			}
			return
		}
		head := string(c.verb)
		if c.ref != "" {
			head += "#" + c.ref
		}
		again, exact := head+":", true
		switch c.verb {
		case verbJoin:
			if again += c.name; c.token != "" || strings.HasSuffix(frame, ":") && frame != again {
				again += ":" + c.token
			}
		case verbMsg:
			again += c.name + ":" + c.text
		case verbDM:
			again += c.name + ":" + c.peer + ":" + c.text
		case verbPing:
			again += c.text
		default: // a number has several spellings
			exact = false
			if c.before < 0 || c.before > newestPage {
				t.Errorf("a page below %d", c.before)
			}
		}
		if exact && again != frame {
			t.Errorf("%q was taken apart as %q", frame, again)
		}
		const limit = 64
		if textOK(c.text, limit) {
			bad := strings.ContainsFunc(c.text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
			if c.text == "" || len(c.text) > limit || bad || !utf8.ValidString(c.text) {
				t.Errorf("%q may be said", c.text)
			}
		}
	})
}
