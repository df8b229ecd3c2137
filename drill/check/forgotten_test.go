package check

import "testing"

// TestWhomRedisForgotIsANewHolder, who is shown nothing from before: only a client whose node ended before it could write
// back its claim.
func TestWhomRedisForgotIsANewHolder(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(h *History)
		want   bool
	}{
		"away, and its node ended": {func(*History) {}, false},
		"its node lives":           {func(h *History) { h.Faults = h.Faults[:1] }, true},
		"another node ended":       {func(h *History) { h.Faults[1].Node = "a" }, true},
		"it was there":             {func(h *History) { h.Connections[bob].Closed = h.Connections[bobAgain].Opened }, true},
		"it asked for its name in vain": {func(h *History) {
			h.Connections = append(h.Connections, &Connection{
				Client: "bob", Person: h.Connections[bob].Person, Node: "a",
				Opened: h.Faults[0].Start + second/2, Closed: h.Faults[0].End + second/2,
				Events: []Event{{Kind: Join, At: h.Faults[0].Start + second/2}},
			})
		}, false},
		"nothing was lost":                       {func(h *History) { h.Faults[0].LosesData = false }, true},
		"its node was cut off until he came":     {func(h *History) { cutOff(h, "b", 0) }, false},
		"its node was cut off until long before": {func(h *History) { cutOff(h, "b", 8*second) }, true},
		"another was cut off":                    {func(h *History) { cutOff(h, "a", 0) }, true},
		"its node was cut off, and he was there on another": {func(h *History) {
			cutOff(h, "b", 0)
			there := *h.Connections[bob]
			there.Node, there.Closed = "a", 0
			h.Connections = append(h.Connections, &there)
		}, true},
	} {
		h := goodHistory()
		left, back := h.Connections[bob].Closed, h.Connections[bobAgain].Opened
		h.Faults = []Fault{
			{Name: "redis-wipe", Start: back - 2*second, End: back - second, LosesData: true},
			{Name: "drain", Node: "b", Start: left + second, End: left + 2*second, KillsNode: true},
		}
		tc.change(h)
		c := h.Connections[bobAgain]
		remove(c, RecalledDM, 0) // told before he came back
		c.Events[find(c, Joined, 0)].Cursor = h.Logs.Inboxes["bob"][2].Cursor
		if r := Check(h); r.Verdicts[DirectMessages].Failed > 0 != tc.want {
			t.Errorf("%s: found: %+v", name, r.Verdicts[DirectMessages])
		}
	}
}

// cutOff has a node that lives cut off from Redis since before it lost its data, until so long before bob comes back.
func cutOff(h *History, node string, before int64) {
	loss, back := &h.Faults[0], h.Connections[bobAgain].Opened
	loss.Start, loss.End = back-11*second, back-10*second
	h.Faults[1] = Fault{Name: "link-cut", Node: node, Start: loss.Start, End: back - before, Disturbs: true}
}

// TestClaimGoesWithTheLastNodeThatKnewIt, if that ended before it could write it back, or waits while that is cut off.
func TestClaimGoesWithTheLastNodeThatKnewIt(t *testing.T) {
	const loss, back = 20 * second, 21 * second
	kill := func(node string, at int64) Fault {
		return Fault{Name: "node", Node: node, Start: at, End: at + second, KillsNode: true}
	}
	cut := func(from, until int64) Fault {
		return Fault{Name: "link-cut", Node: "b", Start: from, End: until, Disturbs: true}
	}
	here := func(node string, closed int64) *Connection {
		return &Connection{Client: "bob", Node: node, Closed: closed, Events: []Event{{Kind: Welcome, At: 1}}}
	}
	for name, tc := range map[string]struct {
		there  []*Connection
		kills  []Fault
		forgot bool
	}{
		"killed while he was there":           {[]*Connection{here("b", back+second)}, []Fault{kill("b", back+second)}, true},
		"killed before he was back":           {[]*Connection{here("b", loss-second)}, []Fault{kill("b", back+second)}, true},
		"killed when it had written back":     {[]*Connection{here("b", back+9*second)}, []Fault{kill("b", back+9*second)}, false},
		"killed long before, and there again": {[]*Connection{here("b", 0)}, []Fault{kill("b", loss-5*second)}, false},
		"he was on another, too":              {[]*Connection{here("b", back+second), here("a", 0)}, []Fault{kill("b", back+second)}, false},
		"he was on another, which was killed": {[]*Connection{here("b", back), here("a", back)}, []Fault{kill("b", back), kill("a", back)}, true},
		"it lived":                            {[]*Connection{here("b", back)}, nil, false},
		"another was killed":                  {[]*Connection{here("b", back)}, []Fault{kill("a", back)}, false},
		"killed before its link was back":     {[]*Connection{here("b", back)}, []Fault{cut(loss, back+9*second), kill("b", back+8*second)}, true},
		"killed when it was back for long":    {[]*Connection{here("b", back)}, []Fault{cut(loss, back+second), kill("b", back+9*second)}, false},
		"its link was back in time":           {[]*Connection{here("b", back)}, []Fault{cut(loss, back+4*second)}, false},
		"its link was not back in time":       {[]*Connection{here("b", back)}, []Fault{cut(loss, back+6*second)}, true},
		"and was cut again":                   {[]*Connection{here("b", back)}, []Fault{cut(loss, back+second), cut(back+2*second, back+9*second)}, true},
		"it was cut when that was over":       {[]*Connection{here("b", back)}, []Fault{cut(back+6*second, back+9*second)}, false},
		"its link was back long before":       {[]*Connection{here("b", back)}, []Fault{cut(loss-2*second, loss-second)}, false},
	} {
		h := &History{Connections: tc.there, Faults: append(tc.kills, Fault{Name: "wipe", Start: loss, End: back, LosesData: true})}
		if got := h.Forgot(&Connection{Client: "bob", DMSince: second}, back+10*second); got != tc.forgot {
			t.Errorf("%s: it is %v that he was forgotten", name, got)
		}
	}
}

// TestClaimIsNotLostToALinkThatIsCutLater, when whoever has it is there.
func TestClaimIsNotLostToALinkThatIsCutLater(t *testing.T) {
	const loss, back = 20 * second, 21 * second
	h := &History{
		Connections: []*Connection{{Client: "bob", Node: "b", Closed: loss, Events: []Event{{Kind: Welcome, At: 1}}}},
		Faults: []Fault{
			{Name: "wipe", Start: loss, End: back, LosesData: true},
			{Name: "link-cut", Node: "b", Start: back + 3*second, End: back + 9*second, Disturbs: true},
		},
	}
	for at, want := range map[int64]bool{back + 2*second: false, back + 4*second: true} {
		if got := h.Forgot(&Connection{Client: "bob", DMSince: second}, at); got != want {
			t.Errorf("after %d s it is %v that he was forgotten", (at-back)/second, got)
		}
	}
}

// TestWhoseClaimWasMadeAnewMayBeToldTruncated, though the place to resume from is behind the loss: the new claim began later.
func TestWhoseClaimWasMadeAnewMayBeToldTruncated(t *testing.T) {
	for _, dead := range []bool{true, false} {
		s := newIdeal()
		carol := s.connect("carol", "c")
		s.close(s.connect("alice", "a"), false)
		s.wait(20 * second)
		s.lose()
		if dead {
			s.kill("a")
		}
		s.wait(20 * second)
		s.whisper(carol, "alice", "d")
		s.close(s.connect("alice", "c"), false)
		back := s.connect("alice", "c")
		back.Events[find(back, Joined, 0)].Truncated = true
		if r := Check(s.history()); r.Has(Untruncated) == dead {
			t.Errorf("the node that knew of the claim is dead: %v; found: %+v", dead, r.Verdicts[DirectMessages])
		}
	}
}
