package check

import (
	"fmt"
	"slices"
	"testing"
)

// admitted is the good history, in which bob is told of a gap when he comes back, and of nothing that he missed: the log
// could not be read in time. What is still kept comes as ordinary messages.
func admitted() (h *History, c *Connection) {
	h = goodHistory()
	c = h.Connections[bobAgain]
	c.Opened -= openPatience
	i := find(c, Init, 0)
	c.Events[i].Truncated = true
	c.Events[i].Cursor = h.Logs.Public[len(h.Logs.Public)-1].ID
	for i := range c.Events {
		switch c.Events[i].Kind {
		case Recalled:
			c.Events[i].Kind = Msg
		case RecalledDM:
			c.Events[i].Kind = DM
		}
	}
	joined := find(c, Joined, 0)
	c.Events[joined].Truncated = true
	c.Events[joined].Cursor = h.End
	return h, c
}

func TestWhoIsToldOfAGapMissesNothingAfterWhatComesFirst(t *testing.T) {
	h, _ := admitted()
	if r := Check(h); r.Failed() {
		t.Errorf("found: %+v", r.Verdicts)
	}
	for _, kind := range []Kind{Msg, DM} {
		h, c := admitted()
		if kind == DM { // there is one in that history: another follows, and comes to nobody
			between := alicesBob
			e := Entry{ID: h.End - 1, From: "alice", To: "bob", Cursor: h.End - 1}
			h.Logs.Conversations[between] = append(h.Logs.Conversations[between], e)
			h.Logs.Inboxes["bob"] = append(h.Logs.Inboxes["bob"], e)
		} else {
			i := find(c, Msg, 1)
			c.Events = slices.Delete(c.Events, i, i+1)
		}
		if r := Check(h); !slices.ContainsFunc(append(r.Verdicts[OneOrder].Violations, r.Verdicts[DirectMessages].Violations...),
			func(v Violation) bool { return v.Kind == Hole && v.Conn == c.Number }) {
			t.Errorf("%v: not found; found: %+v", kind, r.Verdicts)
		}
	}
}

// TestGapIsToldOnlyWhereThereIsOne has the server say truncated to bob.
func TestGapIsToldOnlyWhereThereIsOne(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(h *History, c *Connection)
		want   bool
	}{
		"nothing was trimmed": {func(*History, *Connection) {}, true},
		"it was trimmed":      {func(h *History, c *Connection) { h.Logs.Keep, c.Since = 2, 1 }, false},
		"it could not be read": {func(h *History, c *Connection) {
			c.Opened -= openPatience
			h.Faults = []Fault{{Name: "redis-pause", Start: c.Opened - second, End: c.Opened + second, Disturbs: true}}
		}, false},
		"Redis had lost it": {func(h *History, c *Connection) {
			h.Faults = []Fault{{Name: "redis-wipe", Start: c.Opened - second, End: c.Opened, LosesData: true}}
		}, false},
	} {
		h := goodHistory()
		h.Logs.Keep = 10
		c := h.Connections[bobAgain]
		c.Events[find(c, Init, 0)].Truncated = true
		tc.change(h, c)
		if r := Check(h); r.Has(Untruncated) != tc.want {
			t.Errorf("%s: found: %+v", name, r.Verdicts[OneOrder])
		}
	}
}

// TestWhatIsSaidInTheMidstOfAFirstFrameEndsItNot: it is noted by whoever says it, while the frame is.
func TestWhatIsSaidInTheMidstOfAFirstFrameEndsItNot(t *testing.T) {
	s := newIdeal()
	speaker := s.connect("alice", "a")
	for i := range newestShown + 3 {
		s.say(speaker, fmt.Sprint("a", i))
	}
	c := s.connect("bob", "b")
	h := s.history()
	i := find(c, Recalled, 1)
	c.Events = slices.Insert(c.Events, i, Event{Kind: Join, At: c.Events[i].At})
	if r := Check(h); r.Failed() {
		t.Errorf("found: %+v", r.Verdicts)
	}
	c.Events = slices.Delete(c.Events, i-1, i) // the first of what it was shown
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("not found; found: %+v", r.Verdicts[OneOrder])
	}
}

// TestIDsThatAreAheadOfTheClockPushOthersOut, too: after a loss they begin behind all that there may have been.
func TestIDsThatAreAheadOfTheClockPushOthersOut(t *testing.T) {
	const keep, missed = 10, 15
	s := newIdeal()
	speaker, bob := s.connect("alice", "a"), s.connect("bob", "b")
	s.say(speaker, "heard")
	s.close(bob, true)
	for i := range missed {
		s.say(speaker, fmt.Sprint("missed", i))
	}
	bob = s.connect("bob", "b")
	h := s.history()
	opening, first := &bob.Events[find(bob, Init, 0)], find(bob, Recalled, 0)
	opening.Truncated = true
	bob.Opened = h.Logs.Public[keep].ID // by then not half of them had been said, by their ids
	opening.At = bob.Opened
	bob.Events = slices.Delete(bob.Events, first, first+missed-keep)
	h.Logs.Keep = keep
	if r := Check(h); r.Failed() {
		t.Errorf("found: %v", r.Verdicts)
	}
	bob.Events = slices.Delete(bob.Events, first, first+1)
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("one that was kept is not missed: %v", r.Verdicts)
	}
}

// TestWhatWasSaidByThenPushesOthersOut, though its id is ahead of the clock, and of where the node knew the log to end.
func TestWhatWasSaidByThenPushesOthersOut(t *testing.T) {
	const keep = 10
	for name, tc := range map[string]struct {
		said, lost int
		want       bool
	}{
		"it was said before":            {1, 1, false},
		"and more is missing":           {1, 2, true},
		"two were said before":          {2, 2, false},
		"it was said after":             {0, 1, true},
		"one was before, and one after": {1, 2, true},
	} {
		s := newIdeal()
		speaker, bob := s.connect("alice", "a"), s.connect("bob", "b")
		s.say(speaker, "heard")
		s.close(bob, true)
		for i := range keep {
			s.say(speaker, fmt.Sprint("missed", i))
		}
		bob = s.connect("bob", "b")
		s.wait(second)
		s.say(speaker, "one")
		s.say(speaker, "two")
		h := s.history()
		h.Logs.Keep = keep
		bob.Events[find(bob, Init, 0)].Truncated = true
		for range tc.lost {
			remove(bob, Recalled, 0)
		}
		for i := range tc.said {
			speaker.Events[find(speaker, Send, 1+keep+i)].At = bob.Opened
		}
		if r := Check(h); r.Has(Hole) != tc.want {
			t.Errorf("%s: found: %+v", name, r.Verdicts[OneOrder])
		}
	}
}

// TestWhatIsTrimmedWhileTheLogCannotBeReadIsNotMissed: who is told of a gap gets what is still kept when it is read.
func TestWhatIsTrimmedWhileTheLogCannotBeReadIsNotMissed(t *testing.T) {
	const keep, missed, gone = 10, 15, 6
	for name, tc := range map[string]struct {
		skipped int // more than was gone
		late    bool
		ahead   bool // what pushes it out was said before, and its id is ahead of the clock
		young   bool // the node just began, and knows not where the log ends
		prompt  bool // the first frame did not wait for the log
		want    bool
	}{
		"what was trimmed by then":                            {late: true},
		"one that was not":                                    {skipped: 1, late: true, want: true},
		"what was trimmed before it is read":                  {want: true},
		"what was trimmed by what has an id from later":       {ahead: true},
		"one that was not, though ids are ahead":              {skipped: 1, ahead: true, want: true},
		"what was trimmed by then, on a node that is young":   {late: true, young: true},
		"one that was not, there":                             {skipped: 1, late: true, young: true, want: true},
		"what was trimmed before it is read, there":           {young: true, want: true},
		"what was trimmed, behind the first that comes":       {skipped: -2, late: true, young: true, want: true},
		"what was trimmed, by a node that waited for nothing": {late: true, young: true, prompt: true, want: true},
	} {
		s := newIdeal()
		speaker, bob := s.connect("alice", "a"), s.connect("bob", "b")
		s.say(speaker, "heard")
		s.close(bob, true)
		for i := range missed {
			s.say(speaker, fmt.Sprint("missed", i))
		}
		bob = s.connect("bob", "b")
		s.wait(second)
		s.say(speaker, "later")
		h := s.history()
		if !tc.prompt {
			bob.Opened -= openPatience
		}
		bob.Events[find(bob, Init, 0)].Truncated = true
		if tc.young {
			bob.Events[find(bob, Init, 0)].Cursor = bob.Since
		}
		first := find(bob, Recalled, 0)
		told := slices.Clone(bob.Events[first+gone+tc.skipped : first+missed])
		if tc.skipped < 0 {
			told = slices.Delete(told, 1, 2)
		}
		bob.Events = slices.Delete(bob.Events, first, first+missed)
		next := find(bob, Msg, 0)
		for i := range told {
			told[i].Kind = Msg
			if tc.late {
				told[i].At = bob.Events[next].At
			}
		}
		bob.Events = slices.Insert(bob.Events, next, told...)
		h.Logs.Keep = keep
		if tc.ahead {
			speaker.Events[find(speaker, Send, 1+missed)].At = bob.Opened
		}
		if r := Check(h); r.Has(Hole) != tc.want {
			t.Errorf("%s: found: %+v", name, r.Verdicts[OneOrder])
		}
	}
}

// TestMessageWithAnIdBehindTheClockIsMissedFromWhenItWasSaidOn: the clock of Redis was set back, and
// it was said just before the one who did not hear it went.
func TestMessageWithAnIdBehindTheClockIsMissedFromWhenItWasSaidOn(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := newIdeal()
		speaker, bob := s.connect("alice", "a"), s.connect("bob", "b")
		s.say(speaker, "m")
		s.wait(2 * hearingTime)
		s.close(bob, true)
		s.wait(second)
		h := s.history()
		remove(bob, Msg, 0)
		if late {
			speaker.Events[find(speaker, Send, 0)].At = bob.Closed - second
		}
		if r := Check(h); r.Has(Hole) == late {
			t.Errorf("late: %v; found: %+v", late, r.Verdicts[OneOrder])
		}
	}
}
