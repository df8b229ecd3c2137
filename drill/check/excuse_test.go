package check

import (
	"fmt"
	"testing"
)

// lossy is a history in which Redis lost its data in the middle: said before, the loss, said after.
func lossy(before int) (h *History, listener *Connection) {
	s := newIdeal()
	speaker, listener := s.connect("alice", "a"), s.connect("bob", "b")
	for i := range before {
		s.say(speaker, fmt.Sprintf("before-%d", i))
	}
	s.wait(second)
	start := s.now
	s.wait(second)
	s.h.Faults = append(s.h.Faults, Fault{Name: "wipe", Start: start, End: s.now, LosesData: true, Disturbs: true})
	s.say(speaker, "after")
	return s.history(), listener
}

func TestWrittenBackBehindAReaderIsExcused(t *testing.T) {
	h, listener := lossy(10)
	remove(listener, Msg, 9)
	r := Check(h)
	if r.Failed() || r.Verdicts[OneOrder].Excused != 1 {
		t.Errorf("found: %+v", r.Verdicts[OneOrder])
	}
}

func TestHoleThatTheLossCannotExplainIsFound(t *testing.T) {
	h, listener := lossy(10)
	remove(listener, Msg, 4) // passed over before Redis lost anything
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("found: %+v", r.Verdicts)
	}
}

func TestWhatNoRingHadToHoldIsExcused(t *testing.T) {
	h, _ := lossy(publicTail + 50)
	h.Logs.Public = h.Logs.Public[50:]
	r := Check(h)
	if r.Failed() || r.Verdicts[AckedIsKept].Excused != 50 {
		t.Errorf("%d failed, %d excused, first: %v", r.Verdicts[AckedIsKept].Failed, r.Verdicts[AckedIsKept].Excused, r.Verdicts)
	}
}

func TestWhatTheRingsHeldMustBeWrittenBack(t *testing.T) {
	h, _ := lossy(publicTail + 50)
	h.Logs.Public = h.Logs.Public[60:]
	if r := Check(h); !r.Has(Lost) || r.Verdicts[AckedIsKept].Failed != 10 {
		t.Errorf("%d failed", r.Verdicts[AckedIsKept].Failed)
	}
}

// TestWhatWasTrimmedBeforeItWasSeenIsNotMissed in the log; what may have been seen there is.
func TestWhatWasTrimmedBeforeItWasSeenIsNotMissed(t *testing.T) {
	for unseen, want := range map[int]int{4: 0, 3: 1} {
		h, _ := lossy(10)
		h.Faults = nil
		h.Logs.Unseen = []Span{{h.Logs.Public[0].ID, h.Logs.Public[unseen-1].ID}}
		h.Logs.Public = h.Logs.Public[4:]
		if r := Check(h); r.Verdicts[AckedIsKept].Failed != want || r.Verdicts[OneOrder].Failed != want {
			t.Errorf("%d unseen: found %+v", unseen, r.Verdicts)
		}
	}
}

func TestLossAfterTheWindowIsFound(t *testing.T) {
	h, _ := lossy(10)
	unstore(h, 10) // "after"
	if r := Check(h); !r.Has(Lost) {
		t.Errorf("found: %+v", r.Verdicts)
	}
}

// TestWhatOnlyTheDeadHeldIsExcused: nodes that had ended before, or began later, have nothing to do with it.
func TestWhatOnlyTheDeadHeldIsExcused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(h *History, kill *Fault)
		want   bool
	}{
		"the only node ended before the loss":      {func(*History, *Fault) {}, true},
		"one began only after the loss":            {func(h *History, _ *Fault) { h.Began["b"] = h.Faults[0].End }, true},
		"one had ended before the other began":     {func(h *History, _ *Fault) { endBefore(h, "old") }, true},
		"another lived":                            {func(h *History, _ *Fault) { h.Began["b"] = h.Faults[0].Start - 1 }, false},
		"it ended when it could have written back": {func(h *History, kill *Fault) { kill.Start = h.Faults[0].End + writeBackTime + 1 }, false},
		"it is not known which life ended":         {func(h *History, _ *Fault) { h.Began = nil }, false},
	} {
		s := newIdeal()
		speaker := s.connect("alice", "a")
		s.say(speaker, "lost")
		s.wait(10 * second)
		kill := Fault{Name: "kill", Node: "a", Start: s.now, End: s.now + second, KillsNode: true}
		s.h.Faults = []Fault{{Name: "wipe", Start: s.now + 5*second, End: s.now + 6*second, LosesData: true}}
		s.h.Began = map[string]int64{"a": speaker.Opened}
		h := s.history()
		tc.change(h, &kill)
		h.Faults = append(h.Faults, kill)
		c := &checker{History: h, report: &Report{}, held: h.Held.orUsual()}
		c.index()
		id := h.Logs.Public[0].ID
		if got := c.excusesLoss(id, id); got != tc.want {
			t.Errorf("%s: it is %v that it may be gone", name, got)
		}
	}
}

// endBefore adds a node that lived only before all else.
func endBefore(h *History, node string) {
	h.Began[node] = 1
	h.Faults = append(h.Faults, Fault{Name: "kill", Node: node, Start: 2, End: 3, KillsNode: true})
}

func TestPresenceWaitsForADisturbanceToEnd(t *testing.T) {
	for _, disturbs := range []bool{false, true} {
		s := newIdeal()
		watcher, leaver := s.connect("alice", "a"), s.connect("bob", "b")
		start := s.now
		leaver.Closed = s.now // and nobody is told for 12 s
		s.open = s.open[:1]
		s.wait(12 * second)
		s.h.Faults = append(s.h.Faults, Fault{Name: "pause", Start: start, End: s.now, Disturbs: disturbs})
		s.named["bob"] = false
		s.tell(watcher, Event{Kind: MemberRemove, Detail: &Detail{Name: "bob"}})
		if r := Check(s.history()); r.Failed() == disturbs {
			t.Errorf("with a disturbance (%v) found: %+v", disturbs, r.Verdicts[Presence])
		}
	}
}

// TestRepeatOfWhatWasForgottenIsExcused: of a message that the log had trimmed, where Redis lost its reference and no node
// had to know it.
func TestRepeatOfWhatWasForgottenIsExcused(t *testing.T) {
	for name, tc := range map[string]struct {
		before  int
		change  func(h *History)
		excused bool
	}{
		"beyond what nodes hold": {publicTail + 50, func(*History) {}, true},
		"nodes hold it":          {50, func(*History) {}, false},
		"nothing was lost":       {publicTail + 50, func(h *History) { h.Faults[0].LosesData = false }, false},
		"lost only afterwards":   {publicTail + 50, func(h *History) { h.Faults[0].Start, h.Faults[0].End = h.End, h.End }, false},
		"it is kept":             {publicTail + 50, func(h *History) { h.Logs.Public[0].Trimmed = false }, false},
		"trimmed before the only node began": {50, func(h *History) {
			for _, c := range h.Connections {
				c.Opened = h.Logs.Public[40].ID
			}
			h.Logs.Keep = 20
		}, true},
		"trimmed after it began": {50, func(h *History) { h.Logs.Keep = 20 }, false},
	} {
		h, _ := lossy(tc.before)
		first, last := &h.Logs.Public[0], &h.Logs.Public[len(h.Logs.Public)-1]
		first.Trimmed = true
		tc.change(h)
		c := &checker{History: h, report: &Report{}, held: h.Held.orUsual()}
		c.index()
		if got := c.forgotten(first, last.ID); got != tc.excused {
			t.Errorf("%s: it is %v that it may be stored anew", name, got)
		}
	}
	h, _ := lossy(publicTail + 50)
	first, last := &h.Logs.Public[0], &h.Logs.Public[len(h.Logs.Public)-1]
	last.Ref, last.TextHash = first.Ref, first.TextHash // and its own sender hears nothing more of "after"
	if r := Check(h); !r.Has(Doubled) {
		t.Errorf("what is twice in the log at once is not found: %+v", r.Verdicts[AckedIsKept])
	}
}
