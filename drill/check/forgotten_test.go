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
		"nothing was lost": {func(h *History) { h.Faults[0].LosesData = false }, true},
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

// TestClaimGoesWithTheLastNodeThatKnewIt, if that ended before it could write it back.
func TestClaimGoesWithTheLastNodeThatKnewIt(t *testing.T) {
	const loss, back = 20 * second, 21 * second
	kill := func(node string, at int64) Fault {
		return Fault{Name: "node", Node: node, Start: at, End: at + second, KillsNode: true}
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
	} {
		h := &History{Connections: tc.there, Faults: append(tc.kills, Fault{Name: "wipe", Start: loss, End: back, LosesData: true})}
		if got := h.Forgot(&Connection{Client: "bob", DMSince: second}, back+10*second); got != tc.forgot {
			t.Errorf("%s: it is %v that he was forgotten", name, got)
		}
	}
}
