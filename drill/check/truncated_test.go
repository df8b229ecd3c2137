package check

import "testing"

func TestGapIsToldOnlyWhereThereIsOne(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(h *History, c *Connection)
		want   bool
	}{
		"nothing was trimmed": {func(*History, *Connection) {}, true},
		"it was trimmed":      {func(h *History, c *Connection) { h.Keep, c.Since = 2, 1 }, false},
		"nobody knows":        {func(h *History, _ *Connection) { h.Keep = 0 }, false},
		"Redis was away": {func(h *History, c *Connection) {
			h.Faults = []Fault{{Name: "redis-pause", Start: c.Opened - second, End: c.Opened + second, Disturbs: true}}
		}, false},
		"Redis had lost it": {func(h *History, c *Connection) {
			h.Faults = []Fault{{Name: "redis-wipe", Start: c.Since, End: c.Since + second, LosesData: true}}
		}, false},
	} {
		h := goodHistory()
		h.Keep = 10
		c := h.Connections[bobAgain]
		c.Events[find(c, Init, 0)].Truncated = true
		tc.change(h, c)
		if r := Check(h); r.Has(Ungrounded) != tc.want {
			t.Errorf("%s: found: %+v", name, r.Verdicts[OneOrder])
		}
	}
}
