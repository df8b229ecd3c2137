package redisbridge

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
)

// publics is a call that appends messages of alice to the public log.
func publics(s *Store, refs ...string) *appendCall {
	c := &appendCall{log: actors.Public, keep: s.keep}
	for _, ref := range refs {
		c.add(0, ref, 0, body("alice", "", "", "text of "+ref))
	}
	return c
}

func run(t *testing.T, s *Store, c *appendCall) appendReply {
	t.Helper()
	r, err := try(t, s, c)
	must(t, err)
	return r
}

func try(t *testing.T, s *Store, c *appendCall) (appendReply, error) {
	t.Helper()
	c.cmd = appendScript.Run(soon(t), s.client, c.keys(), c.args()...)
	return c.reply()
}

// entry is what the script made of a call's i-th message.
func (c *appendCall) entry(i int, id int64) protocol.Entry {
	m := c.messages[i]
	payload := m.appendPayload(nil, kindOf(c.log).head, id)
	return protocol.Entry{ID: id, Ref: m.ref, Frame: protocol.AppendFrame(nil, payload)}
}

// direct is a batch of direct messages.
func direct(messages ...actors.Message) []sending {
	batch := make([]waiting, len(messages))
	for i, m := range messages {
		batch[i].Message = m
	}
	return sendings(batch)
}

func TestIDsStrictlyIncreaseFromRedissClock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		began := time.Now().Add(-time.Minute).UnixMicro()
		var last int64
		for i := range 20 {
			var refs []string
			for j := range 10 {
				refs = append(refs, fmt.Sprintf("alice#%d-%d", i, j))
			}
			for _, id := range run(t, s, publics(s, refs...)).ids {
				if id <= last || id < began || id >= 1<<53 {
					t.Fatalf("%d follows %d", id, last)
				}
				last = id
			}
		}
	})
}

func TestRepeatIsTheSameMessage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		first := run(t, s, publics(s, "alice#1", "alice#2"))
		before := held(t, s, publicKey)
		c := publics(s, "alice#2", "alice#3", "alice#3")
		c.messages[0].body = body("alice", "", "", "another text")
		again := run(t, s, c)
		if again.ids[0] != first.ids[1] || again.repeats[0].member != before[1].Member || again.repeats[0].prev != first.ids[0] {
			t.Errorf("the repeat of %d is %d, %+v", first.ids[1], again.ids[0], again.repeats[0])
		}
		if again.ids[1] != again.ids[2] || again.ids[1] <= first.ids[1] {
			t.Errorf("one reference twice in a batch gave %v", again.ids)
		}
		if _, isRepeat := again.repeats[1]; isRepeat {
			t.Error("what is new is told as a repeat")
		}
		if n := len(held(t, s, publicKey)); n != 3 {
			t.Errorf("%d messages are held, of 3", n)
		}
	})
}

// TestReferenceOfAnEarlierClaimIsNoRepeat: the name was somebody else's then.
func TestReferenceOfAnEarlierClaimIsNoRepeat(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		first := run(t, s, publics(s, "alice#1")).ids[0]
		for _, since := range []int64{0, first - 1, first} {
			isNew := since == first
			c := publics(s)
			c.add(0, "alice#1", since, body("alice", "", "", "hers"))
			if got := run(t, s, c).ids[0]; (got != first) != isNew {
				t.Errorf("with a claim since %d, %d is followed by %d", since, first, got)
			}
		}
	})
}

func TestLogThatLacksWhatWasSeenIsBehind(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		id := run(t, s, publics(s, "alice#1")).ids[0]
		c := publics(s, "alice#2")
		c.seen = id + 1
		if _, err := try(t, s, c); !errors.Is(err, errBehind) || len(held(t, s, publicKey)) != 1 {
			t.Errorf("a log that lacks the newest is appended to: %v", err)
		}
		c.seen = id
		if a := run(t, s, c); a.ids[0] <= id {
			t.Errorf("a log that has the newest: %+v", a)
		}
	})
}

func TestIDsAreAboveTheFloor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		c := publics(s, "alice#1", "alice#2")
		c.floor = time.Now().UnixMicro() + 3_600_000_000
		if a := run(t, s, c); a.ids[0] != c.floor+1 || a.ids[1] != c.floor+2 {
			t.Errorf("above %d are %v", c.floor, a.ids)
		}
		next := publics(s, "alice#3", "alice#4")
		if a := run(t, s, next); a.ids[0] != c.floor+3 || a.ids[1] != c.floor+4 {
			t.Errorf("above %d, where the log is, are %v", c.floor+2, a.ids)
		}
	})
}

func TestLogIsTrimmedAndSaysUpToWhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 5)
		var ids []int64
		for i := range 9 {
			c := publics(s, fmt.Sprint("alice#", i))
			c.slack = 3
			ids = append(ids, run(t, s, c).ids...)
			trimmed, _ := s.client.Get(soon(t), trimmedKey(publicKey)).Int64()
			switch n := len(held(t, s, publicKey)); {
			case i < 8 && (n != i+1 || trimmed != 0):
				t.Fatalf("%d of %d are held, trimmed up to %d", n, i+1, trimmed)
			case i == 8 && (n != 5 || trimmed != ids[3]):
				t.Fatalf("%d are held, trimmed up to %d, not %d", n, trimmed, ids[3])
			}
		}
	})
}

// TestEventBearsTheLogsBytes, and the log the bytes that actors would make.
func TestEventBearsTheLogsBytes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		heard := hark(t, s, publicKey)
		prev := run(t, s, publics(s, "alice#0")).ids[0]
		heard()
		c := publics(s, "alice#1", "alice#2")
		c.add(0, "alice#3", 0, body("Zoë 🎉", "", "", "a \"quoted\"\nline \\ <b>\u2028"))
		a := run(t, s, c)
		e := parseAppended(actors.Public, heard())
		if e == nil || e.Prev != prev || len(e.Entries) != 3 {
			t.Fatalf("the event is %+v", e)
		}
		stored := held(t, s, publicKey)[1:]
		for i, got := range e.Entries {
			ours := c.entry(i, a.ids[i])
			if got.ID != a.ids[i] || got.Ref != c.messages[i].ref || string(got.Frame) != string(ours.Frame) || string(got.Payload()) != stored[i].Member {
				t.Errorf("event %d %q %q\nstored %q\nours %q", got.ID, got.Ref, got.Payload(), stored[i].Member, ours.Payload())
			}
			if !strings.Contains(string(got.Payload()), `"time":`+strconv.FormatInt(got.ID/1_000_000, 10)+"}") {
				t.Errorf("the time is not the id's: %s", got.Payload())
			}
		}
		run(t, s, publics(s, "alice#3")) // a repeat is no event
		run(t, s, publics(s, "alice#4"))
		if e := parseAppended(actors.Public, heard()); len(e.Entries) != 1 || e.Entries[0].Ref != "alice#4" || e.Prev != a.ids[2] {
			t.Errorf("the next event is %+v", e)
		}
	})
}

// TestLogThatIsBehindHoldsUpNoOther: what its neighbours in a batch said is stored, and is not taken for what is not: it
// would be refused in the end, and be there all the same.
func TestLogThatIsBehindHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		s.seen.wrote(conversation("alice", "bob"), time.Now().UnixMicro(), time.Now())
		work := direct(
			actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"},
			actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "carol", Text: "psst"},
		)
		_, err := s.append(soon(t), work, 0)
		if must(t, err); !errors.Is(work[0].err, errBehind) || work[1].err != nil {
			t.Errorf("to bob, whose conversation lacks messages: %v; to carol: %v", work[0].err, work[1].err)
		}
		for key, n := range map[string]int{"chat:dm:alice:bob": 0, "chat:dm:alice:carol": 1, "chat:inbox:bob": 0, "chat:inbox:carol": 1} {
			if got := held(t, s, key); len(got) != n {
				t.Errorf("%s holds %v", key, got)
			}
		}
	})
}

// TestDirectMessageIsInItsConversationAndInBothInboxes, once, however often it is
// appended.
func TestDirectMessageIsInItsConversationAndInBothInboxes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		for range 3 {
			work := direct(
				actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"},
				actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "carol", Text: "psst"},
				actors.Message{Ref: "alice#2", Sender: "alice", Receiver: "alice", Text: "note"},
			)
			_, err := s.append(soon(t), work, 0)
			must(t, err)
		}
		said := held(t, s, "chat:dm:alice:bob")
		if len(said) != 1 || !strings.HasPrefix(said[0].Member.(string), fmt.Sprintf(`{"type":"dm","id":%.0f,"user":"alice","to":"bob","text":"psst","time":`, said[0].Score)) {
			t.Fatalf("the conversation is %v", said)
		}
		for key, n := range map[string]int{"chat:inbox:bob": 1, "chat:inbox:carol": 1, "chat:inbox:alice": 3, "chat:dm:alice:alice": 1} {
			if got := held(t, s, key); len(got) != n {
				t.Errorf("%s holds %v", key, got)
			}
		}
		got := held(t, s, "chat:inbox:bob")[0]
		want := strings.TrimSuffix(said[0].Member.(string), "}") + fmt.Sprintf(`,"cursor":%.0f}`, got.Score)
		if got.Member != want {
			t.Errorf("bob's inbox holds %s, not %s", got.Member, want)
		}
		sender, receiver, payload, id, ok := conversationOf([]byte(want))
		if !ok || sender != "alice" || receiver != "bob" || payload != said[0].Member || float64(id) != said[0].Score {
			t.Errorf("read back as %s %s %s %d %v", sender, receiver, payload, id, ok)
		}
	})
}

// TestNodeKnowsWhatWasBeforeWhatItStored, by whomever; also where it asks again, for the
// first answer may have been lost.
func TestNodeKnowsWhatWasBeforeWhatItStored(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 1000), open("b", 1000)
		say := func(s *Store, refs ...string) (stored []logEntry) {
			said := make([]actors.Message, len(refs))
			for i, ref := range refs {
				said[i] = actors.Message{Ref: ref, Sender: ref[:3], Receiver: "bob", Text: ref}
			}
			work := direct(said...)
			all, err := s.append(soon(t), work, 0)
			must(t, err)
			for _, e := range all {
				if e.log == actors.Inbox("bob") {
					stored = append(stored, e)
				}
			}
			return stored
		}
		first := say(a, "ann#1", "ann#2")
		second := say(b, "eve#1")
		third := say(a, "ann#3")
		again := say(a, "ann#2", "ann#3", "ann#4")
		want := []int64{0, first[0].entry.ID, first[1].entry.ID, second[0].entry.ID, first[0].entry.ID, second[0].entry.ID, third[0].entry.ID}
		for i, e := range slices.Concat(first, second, third, again) {
			if e.prev != want[i] {
				t.Errorf("the %d-th, %s, says that %d was before, not %d", i, e.entry.Ref, e.prev, want[i])
			}
		}
		if len(again) != 3 || again[0].entry.ID != first[1].entry.ID || string(again[0].entry.Frame) != string(first[1].entry.Frame) {
			t.Errorf("said again, they are %v", again)
		}
	})
}
