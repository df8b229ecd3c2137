package check

import (
	"fmt"
	"testing"
)

// lose plants a loss of Redis's data of a second.
func (s *ideal) lose() Fault {
	f := Fault{Name: "wipe", Start: s.now, LosesData: true, Disturbs: true}
	s.wait(second)
	f.End = s.now
	s.h.Faults = append(s.h.Faults, f)
	return f
}

func (s *ideal) kill(node string) {
	s.h.Faults = append(s.h.Faults, Fault{Name: "node", Node: node, Start: s.now, End: s.now + second, KillsNode: true})
}

// forget removes a direct message from all that Redis has.
func (s *ideal) forget(from, to, ref string) {
	without := func(entries []Entry) (rest []Entry) {
		for _, e := range entries {
			if e.From != from || e.To != to || e.Ref != ref {
				rest = append(rest, e)
			}
		}
		return rest
	}
	between := Conversation{from, to}
	s.h.Logs.Conversations[between] = without(s.h.Logs.Conversations[between])
	s.h.Logs.Inboxes[from] = without(s.h.Logs.Inboxes[from])
	s.h.Logs.Inboxes[to] = without(s.h.Logs.Inboxes[to])
}

// TestDirectMessageIsExcusedOnlyWhereNoNodeHadToHoldIt has alice, on node a, write to bob, on node b, and go; then Redis
// loses its data, and the message is gone.
func TestDirectMessageIsExcusedOnlyWhereNoNodeHadToHoldIt(t *testing.T) {
	for name, tc := range map[string]struct {
		between func(s *ideal, sender, receiver *Connection)
		lost    bool // it is a violation
	}{
		"nobody is there, and the sender's node lives": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			s.close(sender, true)
		}, true},
		"nobody is there, and the sender's node died": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			s.close(sender, true)
			s.kill("a")
		}, false},
		"nobody is there, and another node died": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			s.close(sender, true)
			s.kill("b")
		}, true},
		"the receiver is there, and the sender's node died": {func(s *ideal, sender, _ *Connection) {
			s.close(sender, true)
			s.kill("a")
		}, true},
		"both nodes died, and the receiver has not noticed": {func(s *ideal, sender, _ *Connection) {
			s.close(sender, true)
			s.kill("a")
			s.kill("b")
		}, false},
		"nobody is there, and it is older than the journal": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			s.close(sender, true)
			s.wait(journalAge)
		}, false},
		"nobody is there, and the journal is full of newer ones": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			for i := range journalLimit/2 + 1 {
				s.whisper(sender, "carol", fmt.Sprint("more", i))
			}
			s.close(sender, true)
		}, false},
		"nobody is there, and the journal is full of older ones": {func(s *ideal, sender, receiver *Connection) {
			s.close(receiver, true)
			for i := range journalLimit/2 - 2 {
				s.whisper(sender, "carol", fmt.Sprint("more", i))
			}
			s.close(sender, true)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			sender, receiver := s.connect("alice", "a"), s.connect("bob", "b")
			s.connect("dan", "c")
			s.whisper(sender, "bob", "d")
			s.wait(2 * second)
			tc.between(s, sender, receiver)
			s.wait(20 * second)
			s.lose()
			s.wait(20 * second)
			s.forget("alice", "bob", "d")
			r := Check(s.history())
			if r.Has(Lost) != tc.lost || r.Has(Vanished) != tc.lost {
				t.Errorf("kept: %v, direct: %v", r.Verdicts[AckedIsKept], r.Verdicts[DirectMessages])
			}
		})
	}
}

// TestNodeThatDiedAfterTheAckIsExcusedThoughTheIDIsAheadOfTheClock, as after a loss of data.
func TestNodeThatDiedAfterTheAckIsExcusedThoughTheIDIsAheadOfTheClock(t *testing.T) {
	s := newIdeal()
	sender := s.connect("alice", "a")
	s.whisper(sender, "bob", "d")
	acked := &sender.Events[find(sender, Ack, 0)]
	acked.At = acked.ID - second
	s.h.Faults = []Fault{{Name: "node", Node: "a", Start: acked.At, End: acked.At + second/2, KillsNode: true}}
	s.wait(second)
	loss := s.lose()
	c := &checker{History: s.history(), report: &Report{}, held: Held{}.orUsual()}
	c.index()
	if c.inJournal(c.letters[letter{"alice", "bob", acked.ID}], acked.ID, loss) {
		t.Error("a node that died after the ack had to hold it")
	}
}

// TestNodeThatDiedExcusesOnlyWhatItAloneMayHaveHeard has it die right after Redis lost its data.
func TestNodeThatDiedExcusesOnlyWhatItAloneMayHaveHeard(t *testing.T) {
	for name, tc := range map[string]struct {
		gone int // which of what was said
		dead []string
		lost bool
	}{
		"said long before":                             {0, []string{"a"}, true},
		"said just before":                             {1, []string{"a"}, false},
		"said long before, and all nodes died":         {0, []string{"a", "b"}, false},
		"said just before, and no node died near that": {1, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			speaker := s.connect("alice", "a")
			s.connect("bob", "b")
			s.say(speaker, "early")
			s.wait(8 * second)
			s.say(speaker, "late")
			s.lose()
			for _, node := range tc.dead {
				s.kill(node)
			}
			s.wait(20 * second)
			h := s.history()
			unstore(h, tc.gone)
			if r := Check(h); r.Has(Lost) != tc.lost {
				t.Errorf("found: %v", r.Verdicts[AckedIsKept])
			}
		})
	}
}

func TestDirectMessageIsNotTrimmedByThePublicLog(t *testing.T) {
	h := goodHistory()
	h.Logs.Floor = h.End
	d := h.Logs.Conversations[alicesBob][0]
	h.Logs.Conversations[alicesBob] = h.Logs.Conversations[alicesBob][1:]
	for _, user := range []string{"alice", "bob"} {
		h.Logs.Inboxes[user] = h.Logs.Inboxes[user][1:]
	}
	if r := Check(h); !r.Has(Lost) {
		t.Errorf("%s is gone; found: %v", d.Ref, r.Verdicts[AckedIsKept])
	}
}

func TestInboxWithoutItsConversationIsFound(t *testing.T) {
	s := newIdeal()
	sender := s.connect("alice", "a")
	s.connect("bob", "b")
	s.whisper(sender, "bob", "d")
	last := len(sender.Events) - 1
	sender.Events = sender.Events[:last] // no ack: it was never kept for sure
	s.close(sender, true)
	s.wait(3 * second)
	delete(s.h.Logs.Conversations, alicesBob)
	if r := Check(s.history()); !r.Has(OneSided) {
		t.Errorf("found: %v", r.Verdicts[DirectMessages])
	}
}

// TestConversationMayBeLostFromBehindAnInbox that has trimmed its own entry since, so that nobody missed it there.
func TestConversationMayBeLostFromBehindAnInbox(t *testing.T) {
	for node, want := range map[string]bool{"a": false, "c": true} {
		s := newIdeal()
		sender, receiver := s.connect("alice", "a"), s.connect("bob", "b")
		s.connect("dan", "c")
		s.whisper(sender, "bob", "d")
		s.close(receiver, true)
		s.close(sender, true)
		s.wait(2 * second)
		s.kill(node)
		s.wait(20 * second)
		s.lose()
		s.wait(20 * second)
		delete(s.h.Logs.Conversations, alicesBob)
		if r := Check(s.history()); r.Has(OneSided) != want {
			t.Errorf("with node %s killed, found: %v", node, r.Verdicts[DirectMessages])
		}
	}
}

func TestHoleThatIsOlderThanWhatNodesMayNotHaveHeardIsFound(t *testing.T) {
	s := newIdeal()
	speaker, listener := s.connect("alice", "a"), s.connect("bob", "b")
	s.say(speaker, "early")
	s.wait(8 * second)
	s.lose()
	s.say(speaker, "after")
	h := s.history()
	remove(listener, Msg, 0)
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("found: %v", r.Verdicts[OneOrder])
	}
}

// TestWhatWasReadLateWasToldBefore Redis lost it: alice's node died, and her inbox with it; what it had sent her she read
// when she read on.
func TestWhatWasReadLateWasToldBefore(t *testing.T) {
	for _, stalled := range []bool{true, false} {
		s := newIdeal()
		sender := s.connect("alice", "a")
		s.connect("bob", "b")
		began := s.now
		s.whisper(sender, "bob", "d1")
		s.kill("a")
		s.wait(5 * second)
		s.lose()
		s.wait(5 * second)
		h := s.history()
		sender.Closed = s.now
		for _, kind := range []Kind{DM, Ack} {
			sender.Events[find(sender, kind, 0)].At = s.now
		}
		if stalled {
			sender.Stalls = []Span{{began, s.now}}
		}
		h.Logs.Inboxes["alice"] = nil
		if r := Check(h); r.Has(Vanished) == stalled {
			t.Errorf("stalled: %v; found: %+v", stalled, r.Verdicts[DirectMessages])
		}
	}
}

// TestAckThatWasReadLateMakesAMessageNoNewer in the journal: it was noted when it was stored, and what was stored while its
// sender did not read has taken its place.
func TestAckThatWasReadLateMakesAMessageNoNewer(t *testing.T) {
	for _, stalled := range []bool{true, false} {
		s := newIdeal()
		sender := s.connect("alice", "a")
		began := s.now
		s.whisper(sender, "bob", "d")
		for i := range journalLimit/2 + 1 {
			s.whisper(sender, "carol", fmt.Sprint("more", i))
		}
		s.wait(2 * patience)
		acked := &sender.Events[find(sender, Ack, 0)]
		acked.At = s.now
		if stalled {
			sender.Stalls = []Span{{began, s.now}}
		}
		s.wait(second)
		loss := s.lose()
		c := &checker{History: s.history(), report: &Report{}, held: Held{}.orUsual()}
		c.index()
		if c.inJournal(c.letters[letter{"alice", "bob", acked.ID}], acked.ID, loss) == stalled {
			t.Errorf("stalled: %v; it had to be held: %v", stalled, !stalled)
		}
	}
}
