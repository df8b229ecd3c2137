package check

import (
	"slices"
	"testing"
)

// admitted is the good history, in which bob is told of a gap when he comes back, and of nothing that he missed: the log
// could not be read in time. What is still kept comes as ordinary messages.
func admitted() (h *History, c *Connection) {
	h = goodHistory()
	c = h.Connections[bobAgain]
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
