package protocol

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
		want  Command
	}{
		{"join:alice", Command{Verb: VerbJoin, Name: "alice"}},
		{"join: alice ", Command{Verb: VerbJoin, Name: " alice "}},
		{"join:", Command{Verb: VerbJoin}},
		{"join:alice:to:ken", Command{Verb: VerbJoin, Name: "alice", Token: "to:ken"}},
		{"join#r-1_Z:alice", Command{Verb: VerbJoin, Ref: "r-1_Z", Name: "alice"}},
		{"msg:alice:hi: all\n:", Command{Verb: VerbMsg, Name: "alice", Text: "hi: all\n:"}},
		{"msg#r:alice:", Command{Verb: VerbMsg, Ref: "r", Name: "alice"}},
		{"dm:a:b:c:d", Command{Verb: VerbDM, Name: "a", Peer: "b", Text: "c:d"}},
		{"dm#" + strings.Repeat("r", longestRef) + ":a:b:c", Command{Verb: VerbDM, Ref: strings.Repeat("r", longestRef), Name: "a", Peer: "b", Text: "c"}},
		{"history:", Command{Verb: VerbHistory, Before: NewestPage}},
		{"history:0", Command{Verb: VerbHistory}},
		{"history:1795430400123456", Command{Verb: VerbHistory, Before: 1795430400123456}},
		{"history:9223372036854775807", Command{Verb: VerbHistory, Before: NewestPage}},
		{"dmhistory:bob:", Command{Verb: VerbDMHistory, Peer: "bob", Before: NewestPage}},
		{"dmhistory#x:bob:7", Command{Verb: VerbDMHistory, Ref: "x", Peer: "bob", Before: 7}},
		{"enter:General", Command{Verb: VerbEnter, Room: "General", Cursor: NoCursor}},
		{"enter:General:", Command{Verb: VerbEnter, Room: "General", Cursor: NoCursor}},
		{"enter#e:General:7", Command{Verb: VerbEnter, Ref: "e", Room: "General", Cursor: 7}},
		{"exit#x:General", Command{Verb: VerbExit, Ref: "x", Room: "General"}},
		{"room#r:alice:General:hi: all", Command{Verb: VerbRoom, Ref: "r", Name: "alice", Room: "General", Text: "hi: all"}},
		{"roomhistory:General:", Command{Verb: VerbRoomHistory, Room: "General", Before: NewestPage}},
		{"roomhistory#h:General:7", Command{Verb: VerbRoomHistory, Ref: "h", Room: "General", Before: 7}},
		{"rooms:", Command{Verb: VerbRooms}},
		{"rooms#l:General", Command{Verb: VerbRooms, Ref: "l", Room: "General"}},
		{"ping:a:b", Command{Verb: VerbPing, Text: "a:b"}},
		{"ping:", Command{Verb: VerbPing}},
	} {
		if got, err := ParseCommand(c.frame); got != c.want || err != nil {
			t.Errorf("%q is %+v (%v), not %+v", c.frame, got, err, c.want)
		}
	}
}

func TestBadFramesAreRefusedWithTheirReference(t *testing.T) {
	for _, c := range []struct {
		frame, ref string
		err        error
	}{
		{"", "", ErrBadFrame},
		{"hello", "", ErrBadFrame},
		{":x", "", ErrBadFrame},
		{"#r:x", "r", ErrBadFrame},
		{"join", "", ErrBadFrame},
		{"join#:alice", "", ErrBadFrame},
		{"join#r r:alice", "", ErrBadFrame},
		{"join#r#s:alice", "", ErrBadFrame},
		{"join#é:alice", "", ErrBadFrame},
		{"join#" + strings.Repeat("r", longestRef+1) + ":alice", "", ErrBadFrame},
		{"msg#r:alice", "r", ErrBadFrame},
		{"dm#r:alice", "r", ErrBadFrame},
		{"dm:alice:bob", "", ErrBadFrame},
		{"enter#e:General:-1", "e", ErrBadFrame},
		{"enter:General:x", "", ErrBadFrame},
		{"enter:General:7:8", "", ErrBadFrame},
		{"enter:General:9223372036854775808", "", ErrBadFrame},
		{"room#r:alice:General", "r", ErrBadFrame},
		{"roomhistory:General", "", ErrBadFrame},
		{"history:x", "", ErrBadFrame},
		{"history:-1", "", ErrBadFrame},
		{"history:9223372036854775808", "", ErrBadFrame},
		{"dmhistory:bob", "", ErrBadFrame},
		{"dmhistory#r:bob:x", "r", ErrBadFrame},
		{"shout#r:alice:x", "r", ErrUnknownVerb},
		{"JOIN:alice", "", ErrUnknownVerb},
		{" join:alice", "", ErrUnknownVerb},
	} {
		if got, err := ParseCommand(c.frame); !errors.Is(err, c.err) || got.Ref != c.ref {
			t.Errorf("%q gave the reference %q and %v, not %q and %v", c.frame, got.Ref, err, c.ref, c.err)
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
		if TextOK(c.text, limit) != c.ok {
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
		c, err := ParseCommand(frame)
		if c.Ref != "" && (!isRef(c.Ref) || !strings.Contains(frame, "#"+c.Ref+":")) {
			t.Errorf("reference %q", c.Ref)
		}
		if err != nil {
			if !errors.Is(err, ErrBadFrame) && !errors.Is(err, ErrUnknownVerb) {
				t.Errorf("an error of neither kind: %v", err)
			}
			return
		}
		head := string(c.Verb)
		if c.Ref != "" {
			head += "#" + c.Ref
		}
		again, exact := head+":", true
		switch c.Verb {
		case VerbJoin:
			if again += c.Name; c.Token != "" || strings.HasSuffix(frame, ":") && frame != again {
				again += ":" + c.Token
			}
		case VerbMsg:
			again += c.Name + ":" + c.Text
		case VerbDM:
			again += c.Name + ":" + c.Peer + ":" + c.Text
		case VerbPing:
			again += c.Text
		default: // a number has several spellings
			exact = false
			if c.Before < 0 || c.Before > NewestPage {
				t.Errorf("a page below %d", c.Before)
			}
		}
		if exact && again != frame {
			t.Errorf("%q was taken apart as %q", frame, again)
		}
		const limit = 64
		if TextOK(c.Text, limit) {
			bad := strings.ContainsFunc(c.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
			if c.Text == "" || len(c.Text) > limit || bad || !utf8.ValidString(c.Text) {
				t.Errorf("%q may be said", c.Text)
			}
		}
	})
}
