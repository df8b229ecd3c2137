package check

import (
	"fmt"
	"slices"
	"testing"
)

// untold removes what an opening frame told.
func untold(c *Connection, recalled Kind) {
	c.Events = slices.DeleteFunc(c.Events, func(e Event) bool { return e.Kind == recalled })
}

func TestTruncatedExcusesNothingThatIsKept(t *testing.T) {
	for name, tc := range map[string]struct {
		begins, recalled Kind
		promise          int
	}{
		"public": {Init, Recalled, OneOrder},
		"direct": {Joined, RecalledDM, DirectMessages},
	} {
		t.Run(name, func(t *testing.T) {
			h := goodHistory()
			c := h.Connections[bobAgain]
			opening := &c.Events[find(c, tc.begins, 0)]
			if tc.begins == Joined {
				opening.Detail = &Detail{}
			}
			opening.Truncated = true
			opening.At = c.Opened + 2*openPatience // as if the log could not be read
			untold(c, tc.recalled)
			r := Check(h)
			if !r.Has(Hole) || r.Verdicts[tc.promise].Failed == 0 {
				t.Errorf("found: %v", r.Verdicts)
			}
		})
	}
}

func TestTruncatedInboxWithoutAReasonIsFound(t *testing.T) {
	h := goodHistory()
	c := h.Connections[bobAgain]
	c.Events[find(c, Joined, 0)].Detail = &Detail{Truncated: true}
	if r := Check(h); !r.Has(Untruncated) {
		t.Errorf("found: %v", r.Verdicts[DirectMessages])
	}
}

func TestWhoComesWithoutACursorIsShownTheNewest(t *testing.T) {
	h := goodHistory()
	c := h.Connections[carol]
	untold(c, Recalled)
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("nothing was shown; found: %v", r.Verdicts[OneOrder])
	}
	s := newIdeal()
	sender := s.connect("alice", "a")
	s.whisper(sender, "bob", "waits")
	untold(s.connect("bob", "b"), RecalledDM)
	if r := Check(s.history()); !r.Has(Hole) {
		t.Errorf("nothing direct was shown; found: %v", r.Verdicts[DirectMessages])
	}
}

// TestTrimmedIsAdmittedAndOnlyThat has bob miss more than the log keeps.
func TestTrimmedIsAdmittedAndOnlyThat(t *testing.T) {
	const keep, missed = 10, 15
	for name, tc := range map[string]struct {
		truncated bool
		told      int
		failed    bool
	}{
		"all that is kept, and truncated":          {true, keep, false},
		"all that is kept, and nothing admitted":   {false, keep, true},
		"less than is kept, and truncated":         {true, keep - 1, true},
		"everything, as from the memory of a node": {false, missed, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			speaker, bob := s.connect("alice", "a"), s.connect("bob", "b")
			s.say(speaker, "heard")
			s.close(bob, true)
			for i := range missed {
				s.say(speaker, fmt.Sprint("missed", i))
			}
			bob = s.connect("bob", "b")
			bob.Events[find(bob, Init, 0)].Truncated = tc.truncated
			first := find(bob, Recalled, 0)
			bob.Events = slices.Delete(bob.Events, first, first+missed-tc.told)
			h := s.history()
			h.Logs.Keep, h.Logs.Floor = keep, h.Logs.Public[len(h.Logs.Public)-keep].ID-1
			h.Logs.Public = h.Logs.Public[len(h.Logs.Public)-keep:]
			if r := Check(h); r.Failed() != tc.failed {
				t.Errorf("found: %v", r.Verdicts)
			}
		})
	}
}

func TestMessageBeforeInitIsFound(t *testing.T) {
	h := goodHistory()
	c := h.Connections[bob]
	i := find(c, Msg, 0)
	e := c.Events[i]
	c.Events = slices.Insert(slices.Delete(c.Events, i, i+1), 0, e)
	if r := Check(h); !r.Has(Early) {
		t.Errorf("found: %v", r.Verdicts[OneOrder])
	}
}

// TestEndOfAConnectionExcusesOnlyWhatWasOnItsWay has bob hear, or alice be answered, nothing more long before the end.
func TestEndOfAConnectionExcusesOnlyWhatWasOnItsWay(t *testing.T) {
	for name, tc := range map[string]struct {
		calm   int64 // from the message to the end
		broken string
		failed bool
	}{
		"at once":                              {second, "", false},
		"long after":                           {15 * second, "", true},
		"long after, and the node was cut off": {15 * second, "b", false},
		"long after, and another node was cut off": {15 * second, "a", true},
		"long after, and it did not read":          {15 * second, "stall", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			bob := s.connect("bob", "b")
			s.connect("carol", "a")
			s.wait(15 * second)
			start := s.now
			s.say(bob, "a")
			s.wait(tc.calm)
			switch tc.broken {
			case "":
			case "stall":
				bob.Stalls = append(bob.Stalls, Span{start, s.now})
			default:
				s.h.Faults = append(s.h.Faults, Fault{Name: "link", Node: tc.broken, Start: start, End: s.now, Disturbs: true})
			}
			s.close(bob, true)
			s.wait(20 * second)
			remove(bob, Msg, 0)
			remove(bob, Ack, 0)
			r := Check(s.history())
			if r.Has(Hole) != tc.failed || r.Has(Silent) != tc.failed {
				t.Errorf("found: %v, %v", r.Verdicts[OneOrder], r.Verdicts[Answered])
			}
		})
	}
}

func TestJoinWithoutAnAnswerIsFound(t *testing.T) {
	h := goodHistory()
	c := h.Connections[alice]
	i := find(c, Welcome, 0)
	c.Events = slices.Insert(c.Events, i, Event{Kind: Join, At: c.Events[i].At})
	if r := Check(h); r.Failed() {
		t.Errorf("answered, and found: %v", r.Verdicts[Answered])
	}
	c.Events = append(c.Events[:i+1], Event{Kind: JoinRefused, At: c.Events[i].At, Detail: &Detail{Name: "name_taken"}},
		Event{Kind: Join, At: c.Events[i].At})
	if r := Check(h); !r.Has(Silent) {
		t.Errorf("found: %v", r.Verdicts[Answered])
	}
}

// TestJoinThatIsOnItsWayAtTheEndIsNotMissed: whoever wants a name that others have asks on and on.
func TestJoinThatIsOnItsWayAtTheEndIsNotMissed(t *testing.T) {
	for before, want := range map[int64]bool{second: false, 2 * answerTime: true} {
		h := goodHistory()
		h.Connections = append(h.Connections, &Connection{Number: 9, Client: "alice", Node: "a", Since: None, DMSince: None,
			Opened: h.End - 3*answerTime, Events: []Event{{Kind: Join, At: h.End - before}}})
		if r := Check(h); r.Has(Silent) != want {
			t.Errorf("%s before the end, found: %v", seconds(before), r.Verdicts[Answered])
		}
	}
}

func TestWelcomeWithoutJoinedIsFound(t *testing.T) {
	s := newIdeal()
	c := s.connect("alice", "a")
	remove(c, Joined, 0)
	remove(c, MemberAdd, 0)
	if r := Check(s.history()); !r.Has(Silent) {
		t.Errorf("found: %v", r.Verdicts[Answered])
	}
}
