package check

import "testing"

// TestWhomRedisForgotIsANewHolder, who is shown nothing from before: only a client that was away, and whose node ended
// before Redis lost its claim.
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
