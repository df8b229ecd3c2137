package check

import (
	"slices"
	"testing"
)

// TestFaultOfANodeExcusesItsOwnConnectionsAndNames has bob go without a goodbye, and nobody be told for 12 s.
func TestFaultOfANodeExcusesItsOwnConnectionsAndNames(t *testing.T) {
	for name, tc := range map[string]struct {
		watcher, leaver, broken string // nodes; broken empty: Redis
		failed                  bool
	}{
		"Redis":                        {"a", "b", "", false},
		"the watcher's node":           {"a", "b", "a", false},
		"the node of who left":         {"a", "b", "b", false},
		"a node that has none of them": {"a", "b", "c", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			watcher, leaver := s.connect("alice", tc.watcher), s.connect("bob", tc.leaver)
			start := s.now
			leaver.Closed = s.now
			s.open = s.open[:1]
			s.wait(12 * second)
			s.h.Faults = append(s.h.Faults, Fault{Name: "link", Node: tc.broken, Start: start, End: s.now, Disturbs: true})
			s.named["bob"] = false
			s.tell(watcher, Event{Kind: MemberRemove, Detail: &Detail{Name: "bob"}})
			if r := Check(s.history()); r.Has(Phantom) != tc.failed {
				t.Errorf("found: %v", r.Verdicts[Presence])
			}
		})
	}
}

// TestRedisThatIsAwayIsNoReasonToTellThatSomebodyLeft who is there: presence stays as it is.
func TestRedisThatIsAwayIsNoReasonToTellThatSomebodyLeft(t *testing.T) {
	for name, tc := range map[string]struct {
		broken string // empty: Redis
		failed bool
	}{
		"Redis":                 {"", true},
		"the node of the name":  {"b", false},
		"the node of who heard": {"a", false},
		"another node":          {"c", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			watcher := s.connect("alice", "a")
			s.connect("bob", "b")
			start := s.now
			s.wait(6 * second)
			s.tell(watcher, Event{Kind: MemberRemove, Detail: &Detail{Name: "bob"}})
			s.wait(second)
			s.tell(watcher, Event{Kind: MemberAdd, Detail: &Detail{Name: "bob"}})
			s.h.Faults = append(s.h.Faults, Fault{Name: "away", Node: tc.broken, Start: start, End: s.now, Disturbs: true})
			if r := Check(s.history()); r.Has(RemovedHeld) != tc.failed {
				t.Errorf("found: %v", r.Verdicts[Presence])
			}
		})
	}
}

func TestStallExcusesWhatWasToldInItAndNoMore(t *testing.T) {
	for name, stall := range map[string]Span{"elsewhere": {0, 3 * second}, "then": {20 * second, 40 * second}} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			watcher, leaver := s.connect("alice", "a"), s.connect("bob", "b")
			began := s.now
			watcher.Stalls = []Span{{began + stall.Start, began + stall.End}}
			s.wait(20 * second)
			leaver.Closed = s.now
			s.open = s.open[:1]
			s.wait(20 * second)
			s.named["bob"] = false
			s.tell(watcher, Event{Kind: MemberRemove, Detail: &Detail{Name: "bob"}})
			if r := Check(s.history()); r.Has(Phantom) != (name == "elsewhere") {
				t.Errorf("found: %v", r.Verdicts[Presence])
			}
		})
	}
}

func TestNameThatNobodyEverHeldIsFound(t *testing.T) {
	s := newIdeal()
	s.tell(s.connect("alice", "a"), Event{Kind: MemberAdd, Detail: &Detail{Name: "ghost"}})
	s.wait(20 * second)
	h := s.history()
	if r := Check(h); !r.Has(Phantom) {
		t.Errorf("found: %v", r.Verdicts[Presence])
	}
	h.Strangers = true
	if r := Check(h); r.Has(Phantom) {
		t.Errorf("a stranger may be there; found: %v", r.Verdicts[Presence])
	}
	h = s.history()
	h.Strangers = false
	h.Logs.Members = append(h.Logs.Members, "spectre")
	if r := Check(h); !slices.ContainsFunc(r.Verdicts[Presence].Violations, func(v Violation) bool { return v.Client == "spectre" }) {
		t.Errorf("in Redis; found: %v", r.Verdicts[Presence])
	}
}

// TestPresenceIsJudgedInMostOfABusyDrill has a fault of 4 s in every 10 s, of which Redis is away in every third and the
// link of one of three nodes in the others.
func TestPresenceIsJudgedInMostOfABusyDrill(t *testing.T) {
	s := newIdeal()
	for _, name := range []string{"alice", "bob", "carol"} {
		s.connect(name, map[string]string{"alice": "a", "bob": "b", "carol": "c"}[name])
	}
	for i := range 12 {
		s.wait(10 * second)
		s.h.Faults = append(s.h.Faults, Fault{Name: "fault", Node: []string{"", "a", "b"}[i%3], Start: s.now, End: s.now + 4*second, Disturbs: true})
		s.wait(4 * second)
	}
	r := Check(s.history())
	if share := r.JudgedShare(); r.Failed() || share < 0.6 || share > 1 {
		t.Errorf("judged %.2f of the time; found: %v", share, r.Verdicts[Presence])
	}
}

// TestWhoLeavesANodeThatIsKilledWithinTheGraceIsListedFromThenOn, for as long as the others of that node are.
func TestWhoLeavesANodeThatIsKilledWithinTheGraceIsListedFromThenOn(t *testing.T) {
	for name, tc := range map[string]struct {
		killed, gone int64 // after the connection broke
		node         string
		goodbye      bool
		failed       bool
	}{
		"its node is killed in the grace":    {2 * second, 7 * second, "b", false, false},
		"and it is listed for longer":        {2 * second, 9 * second, "b", false, true},
		"its node is killed after the grace": {3 * second, 7 * second, "b", false, true},
		"another is":                         {2 * second, 7 * second, "a", false, true},
		"it was killed before":               {-second, 7 * second, "b", false, true},
		"whoever left had said goodbye":      {2 * second, 7 * second, "b", true, true},
		"it is not killed, and told in time": {60 * second, 5 * second, "b", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			watcher, leaver := s.connect("alice", "c"), s.connect("bob", "b")
			s.wait(5 * second)
			leaver.Closed, leaver.Goodbye = s.now, tc.goodbye
			s.open = s.open[:1]
			s.h.Faults = []Fault{{Name: "node", Node: tc.node, Start: s.now + tc.killed, End: s.now + tc.killed + second, KillsNode: true}}
			s.wait(tc.gone)
			s.named["bob"] = false
			s.tell(watcher, Event{Kind: MemberRemove, Detail: &Detail{Name: "bob"}})
			if r := Check(s.history()); r.Has(Phantom) != tc.failed {
				t.Errorf("found: %v", r.Verdicts[Presence])
			}
		})
	}
}
