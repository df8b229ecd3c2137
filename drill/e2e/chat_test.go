package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/drill/rig"
)

// exchange is what somebody says in a conversation of the docs, and what they hear then.
type exchange struct {
	says  string
	hears []string
}

// conversations are those that a page shows: blocks of lines that begin with > (says) and < (hears).
func conversations(t *testing.T, page string) (all [][]exchange) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```\n(> .*?)^```$").FindAllSubmatch(text, -1) {
		var talk []exchange
		for line := range strings.Lines(string(block[1])) {
			line = strings.TrimSuffix(line, "\n")
			if frame, is := strings.CutPrefix(line, "> "); is {
				talk = append(talk, exchange{says: frame})
			} else if frame, is := strings.CutPrefix(line, "< "); is {
				talk[len(talk)-1].hears = append(talk[len(talk)-1].hears, frame)
			} else {
				t.Errorf("%s: %q is neither said nor heard", page, line)
			}
		}
		all = append(all, talk)
	}
	return all
}

// expected is an expression for a frame as the docs show it: ids, times and tokens are others each time.
func expected(frame string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(frame)
	pattern = regexp.MustCompile(`\b\d{16}\b`).ReplaceAllString(pattern, `\d{16}`)
	pattern = regexp.MustCompile(`\b\d{10}\b`).ReplaceAllString(pattern, `\d{10}`)
	return regexp.MustCompile("^" + strings.ReplaceAll(pattern, "…", "[A-Za-z0-9_-]{22,}") + "$")
}

// TestConversationsOfTheDocsAreByteForByteAsTheyStandThere says what they say, and hears no less and no more. An ack may
// come before or after its message.
func TestConversationsOfTheDocsAreByteForByteAsTheyStandThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page   string
		number int // of the conversation there
		before func(*node)
	}{
		{"README.md", 0, func(*node) {}},
		{"docs/protocol.md", 0, func(n *node) {
			bob := join(t, n, "bob")
			bob.say("msg:bob:hello")
			bob.hearText("hello")
		}},
		{"docs/protocol.md", 1, func(n *node) {
			bob := join(t, n, "bob")
			bob.say("enter:Garden")
			bob.say("room:bob:Garden:hello")
			bob.hearText("hello")
		}},
	} {
		page, talks := c.page, conversations(t, c.page)
		if len(talks) <= c.number {
			t.Fatalf("%s shows %d conversations", page, len(talks))
		}
		n := startNode(t)
		c.before(n)
		var u *user
		told := 0
		for _, e := range talks[c.number] {
			if e.says == "(connects)" {
				u = connect(t, n, "")
			} else {
				u.say(e.says)
			}
			told += len(e.hears)
			eventually(t, page+": what is said is answered", func() bool { return len(u.Frames()) >= told })
			heard := u.Frames()[told-len(e.hears):]
			for _, want := range e.hears {
				if !slices.ContainsFunc(heard, func(f rig.Frame) bool { return expected(want).Match(f.Raw) }) {
					t.Errorf("%s: after %q there is no %s in %s", page, e.says, want, heard)
				}
			}
		}
		u.say("ping:that is all")
		if u.hear("pong"); len(u.Frames()) != told+1 {
			t.Errorf("%s: more was heard than %d frames: %s", page, told, u.Frames())
		}
	}
}

func TestBadInputIsAnsweredWithItsCode(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	join(t, n, "bob")
	u := connect(t, n, "")
	for _, c := range []struct{ frame, code string }{
		{"hello", "bad_frame"},
		{"", "bad_frame"},
		{":x", "bad_frame"},
		{"shout:alice:x", "unknown_verb"},
		{"msg:alice", "not_joined"},
		{"msg:alice:x", "not_joined"},
		{"dm:alice:bob:x", "not_joined"},
		{"dmhistory:bob:", "not_joined"},
		{"join:", "bad_name"},
		{"join:" + strings.Repeat("x", 33), "bad_name"},
		{"join:a{b", "bad_name"},
		{"join:a/b", "bad_name"},
		{"join:a\x07b", "bad_name"},
		{"join:bob", "name_taken"},
		{"join:BOB", "name_taken"},
		{"join:bob:wrong-token", "name_taken"},
		{"join#" + strings.Repeat("r", 65) + ":alice", "bad_frame"},
		{"join#r r:alice", "bad_frame"},
		{"history:abc", "bad_frame"},
		{"history:-1", "bad_frame"},
	} {
		if c.frame == "msg:alice" {
			c.code = "bad_frame"
		}
		u.say(c.frame)
		u.hearError(c.code)
	}
	u.say("join#j1:  alice ")
	if f := u.hear("ack"); f.Ref != "j1" || f.ID != 0 {
		t.Errorf("join was acked with %s", f.Raw)
	}
	for _, c := range []struct{ frame, code string }{
		{"join:carol", "already_joined"},
		{"msg:bob:x", "wrong_name"},
		{"dm:bob:alice:x", "wrong_name"},
		{"msg:alice:", "bad_text"},
		{"msg:alice:" + strings.Repeat("x", 4097), "bad_text"},
		{"msg:alice:a\tb", "bad_text"},
		{"dm:alice:bob:", "bad_text"},
		{"dm:alice::x", "bad_name"},
		{"dm:alice:bob", "bad_frame"},
		{"msg#ref1:alice:a\x1bb", "bad_text"},
	} {
		u.say(c.frame)
		f := u.hearError(c.code)
		if strings.Contains(c.frame, "#ref1") && f.Ref != "ref1" {
			t.Errorf("the error does not bear the reference: %s", f.Raw)
		}
	}
	u.say("msg#ok-1:alice:line one\nline two: \"quoted\" \\ <b>")
	f := u.hear("msg")
	var m struct{ Text string }
	if err := json.Unmarshal(f.Raw, &m); err != nil || m.Text != "line one\nline two: \"quoted\" \\ <b>" {
		t.Errorf("the text came back as %q (%v)", m.Text, err)
	}
	if ack := u.hear("ack"); ack.ID != f.ID || ack.Ref != "ok-1" {
		t.Errorf("acked with %s", ack.Raw)
	}
	u.say("ping:are you there?")
	if f := u.hear("pong"); string(f.Raw) != `{"type":"pong","data":"are you there?"}` {
		t.Errorf("ping was answered with %s", f.Raw)
	}
}

func TestFramesThatEndTheConnection(t *testing.T) {
	n := startNode(t)
	for _, c := range []struct {
		name string
		send func(u *user) error
		code uint16
	}{
		{"binary", func(u *user) error { return u.SendBinary([]byte("join:x")) }, 1003},

		{"a megabyte", func(u *user) error { _ = u.Send("msg:x:" + strings.Repeat("x", 1<<20)); return nil }, 1009},
	} {
		u := connect(t, n, "")
		if err := c.send(u); err != nil {
			t.Fatal(err)
		}
		<-u.Done()
		if u.CloseCode() != c.code {
			t.Errorf("%s: closed with %d, not %d", c.name, u.CloseCode(), c.code)
		}
	}
}

func TestHistoryPages(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice := join(t, n, "alice")
	bob := join(t, n, "bob")
	for i := range 120 {
		alice.say(fmt.Sprintf("msg#p%d:alice:public %d", i, i))
		if i%2 == 0 {
			alice.say(fmt.Sprintf("dm#d%d:alice:bob:direct %d", i, i))
		} else {
			bob.say(fmt.Sprintf("dm#d%d:bob:alice:direct %d", i, i))
		}
	}
	for range 120 {
		alice.hear("dm")
		alice.hear("msg")
	}
	for _, verb := range []string{"history#h1:", "dmhistory#h1:bob:"} {
		before, seen := "", map[int64]bool{}
		for pages := 1; ; pages++ {
			alice.say(verb + before)
			f := alice.hear("history")
			var page struct {
				Ref, Peer string
				Messages  []struct {
					ID   int64
					Text string
				}
				More bool
			}
			if err := json.Unmarshal(f.Raw, &page); err != nil {
				t.Fatal(err)
			}
			if page.Ref != "h1" || (page.Peer == "bob") != strings.HasPrefix(verb, "dm") {
				t.Fatalf("answered with %.80s", f.Raw)
			}
			last := int64(0)
			for _, m := range page.Messages {
				if m.ID <= last || seen[m.ID] {
					t.Fatalf("%s: id %d is out of order or told twice", verb, m.ID)
				}
				last, seen[m.ID] = m.ID, true
			}
			if page.More != (pages < 3) {
				t.Fatalf("%s: page %d says more=%v", verb, pages, page.More)
			}
			if !page.More {
				break
			}
			before = fmt.Sprint(page.Messages[0].ID)
		}
		if len(seen) != 120 {
			t.Errorf("%s: %d messages in all pages, not 120", verb, len(seen))
		}
	}
}
