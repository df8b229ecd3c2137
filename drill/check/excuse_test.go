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

func TestLossAfterTheWindowIsFound(t *testing.T) {
	h, _ := lossy(10)
	unstore(h, 10) // "after"
	if r := Check(h); !r.Has(Lost) {
		t.Errorf("found: %+v", r.Verdicts)
	}
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
