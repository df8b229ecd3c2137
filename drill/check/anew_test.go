package check

import "testing"

// TestWhatIsStoredAnewIsExcusedOnlyWhereNobodyCouldPutItBackBefore: alice has said something on node a, Redis loses it, and
// then it is in the log with a later id.
func TestWhatIsStoredAnewIsExcusedOnlyWhereNobodyCouldPutItBackBefore(t *testing.T) {
	pause := func(h *History, node string, loss Fault) {
		h.Faults = append(h.Faults, Fault{Name: "pause", Node: node, Start: loss.End - second/2, End: loss.End + second, Disturbs: true})
	}
	for name, tc := range map[string]struct {
		between func(h *History, loss Fault)
		also    string // bob hears it there
		wrong   bool
	}{
		"its node was cut off": {func(h *History, loss Fault) { pause(h, "a", loss) }, "a", false},
		"its node was killed": {func(h *History, loss Fault) {
			h.Faults = append(h.Faults, Fault{Name: "kill", Node: "a", Start: loss.End, End: loss.End, KillsNode: true})
		}, "a", false},
		"both nodes that had it were":         {func(h *History, loss Fault) { pause(h, "a", loss); pause(h, "b", loss) }, "b", false},
		"Redis was away again":                {func(h *History, loss Fault) { pause(h, "", loss) }, "b", false},
		"one of two was cut off":              {func(h *History, loss Fault) { pause(h, "a", loss) }, "b", true},
		"another was cut off":                 {func(h *History, loss Fault) { pause(h, "b", loss) }, "a", true},
		"nobody was":                          {func(*History, Fault) {}, "a", true},
		"its node was, before Redis was back": {func(h *History, loss Fault) { loss.End -= 2 * second; pause(h, "a", loss) }, "a", true},
		"its node was, when it was stored":    {func(h *History, loss Fault) { loss.End += 4 * second; pause(h, "a", loss) }, "a", true},
		"nothing was lost":                    {func(h *History, loss Fault) { pause(h, "a", loss); h.Faults[0].LosesData = false }, "a", true},
	} {
		s := newIdeal()
		alice := s.connect("alice", "a")
		s.connect("bob", tc.also)
		s.say(alice, "alice-1")
		e := &s.h.Logs.Public[0]
		s.h.Refs = map[Told]string{{ID: e.ID}: e.Ref}
		s.wait(20 * second)
		loss := s.lose()
		tc.between(&s.h, loss)
		s.wait(3 * second)
		s.now++
		e.ID, e.Hash = s.now, hashOf(e.Ref, s.now)
		s.broadcast(Event{Kind: Msg, ID: e.ID, Hash: e.Hash})
		if r := Check(s.history()); r.Has(WrongID) != tc.wrong || !tc.wrong && r.Failed() {
			t.Errorf("%s: found %+v", name, r.Verdicts)
		}
	}
}

// TestLetterIsLateOnlyWhereNobodyCouldPutItBackBefore: alice writes to bob on node a, while he is away; Redis loses it, and he
// is told what she has written later.
func TestLetterIsLateOnlyWhereNobodyCouldPutItBackBefore(t *testing.T) {
	for name, tc := range map[string]struct {
		slow   string
		second bool // he has another connection, on node b, that hears it
		late   bool
	}{
		"its node was cut off":                   {"a", false, true},
		"another was":                            {"b", false, false},
		"its node was, and his has it from then": {"a", true, false},
	} {
		s := newIdeal()
		alice := s.connect("alice", "a")
		if tc.second {
			s.connect("bob", "b")
		}
		bob := s.connect("bob", "c")
		s.whisper(alice, "bob", "early")
		s.close(bob, true)
		s.whisper(alice, "bob", "late")
		s.wait(20 * second)
		loss := s.lose()
		s.h.Faults = append(s.h.Faults, Fault{Name: "slow", Node: tc.slow, Start: loss.End, End: loss.End + 3*second, Disturbs: true})
		s.wait(second)
		s.whisper(alice, "bob", "after")
		remove(s.connect("bob", "c"), RecalledDM, 0)
		if r := Check(s.history()); r.Has(Hole) == tc.late {
			t.Errorf("%s: found %+v", name, r.Verdicts[DirectMessages])
		}
	}
}
