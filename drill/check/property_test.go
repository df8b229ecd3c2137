package check

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawHistory has some people do random things on an ideal server.
func drawHistory(t *rapid.T) *History {
	s := newIdeal()
	nodes := []string{"a", "b", "c"}
	people := []string{"ann", "ben", "cat", "dan"}
	pick := func(label string, from []string) string { return rapid.SampledFrom(from).Draw(t, label) }
	s.say(s.connect("eve", "a"), "first") // never alone
	for i := range rapid.IntRange(20, 120).Draw(t, "steps") {
		if rapid.Bool().Draw(t, "come") && len(s.open) < 8 {
			s.connect(pick("who", people), pick("node", nodes))
		}
		c := s.open[rapid.IntRange(0, len(s.open)-1).Draw(t, "connection")]
		ref := fmt.Sprintf("r%d", i)
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			if c != s.open[0] {
				s.close(c, rapid.Bool().Draw(t, "goodbye"))
			}
		case 1:
			s.refuse(c, ref)
		case 2, 3, 4:
			s.whisper(c, pick("receiver", people), ref)
		case 5:
			s.wait(rapid.Int64Range(0, 20*second).Draw(t, "pause"))
		default:
			s.say(c, ref)
		}
	}
	return s.history()
}

func TestRandomGoodHistoriesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Check(drawHistory(t))
		for n, v := range r.Verdicts {
			if v.Failed > 0 {
				t.Fatalf("promise %d: %v", n, v.Violations)
			}
		}
	})
}

// mutations each break one event of a kind, wherever it stands in a history.
var mutations = []struct {
	name  string
	kinds []Kind
	alter func(c *Connection, i int)
}{
	{"swallow", []Kind{Msg, Recalled, DM, Ack, Refused, RecalledDM}, func(c *Connection, i int) { c.Events = slices.Delete(c.Events, i, i+1) }},
	{"repeat", []Kind{Msg, DM, Ack, Refused, RecalledDM, MemberAdd, MemberRemove}, func(c *Connection, i int) {
		c.Events = slices.Insert(c.Events, i, c.Events[i])
	}},
	{"scribble", []Kind{Msg, Recalled, DM, RecalledDM, Send}, func(c *Connection, i int) { c.Events[i].Hash++ }},
	{"misdirect", []Kind{DM, RecalledDM}, func(c *Connection, i int) {
		d := *c.Events[i].Detail
		d.From, d.To = "x", "y"
		c.Events[i].Detail = &d
	}},
	{"admission of a loss", []Kind{Init, Joined}, func(c *Connection, i int) {
		d := *c.Events[i].Detail
		d.Truncated = true
		c.Events[i].Detail = &d
	}},
	{"renumber", []Kind{Ack}, func(c *Connection, i int) { c.Events[i].ID++ }},
}

func TestRandomMutationIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		m := rapid.SampledFrom(mutations).Draw(t, "mutation")
		type place struct {
			c *Connection
			i int
		}
		var places []place
		for _, c := range h.Connections {
			for i := range c.Events {
				if e := &c.Events[i]; slices.Contains(m.kinds, e.Kind) && noticeable(c, i) && (m.name != "scribble" || e.Kind != Send || stored(h, c.Client, e.Ref)) {
					places = append(places, place{c, i})
				}
			}
		}
		if len(places) == 0 {
			t.Skip("nothing to break")
		}
		at := rapid.SampledFrom(places).Draw(t, "place")
		what := at.c.Events[at.i]
		m.alter(at.c, at.i)
		if !Check(h).Failed() {
			t.Fatalf("%s of a %v at %d on connection %d was not found", m.name, what.Kind, at.i, at.c.Number)
		}
		if !Check(inRoom(h, "Den")).Failed() {
			t.Fatalf("%s of a %v at %d on connection %d was not found in a room", m.name, what.Kind, at.i, at.c.Number)
		}
	})
}

// noticeable says whether anyone can miss that event: what comes last on a connection that ended may have been on its way.
func noticeable(c *Connection, i int) bool {
	switch kind := c.Events[i].Kind; {
	case kind == Init, kind == Joined, c.Closed == 0 && kind != RecalledDM:
		return true
	}
	for _, later := range c.Events[i+1:] {
		if later.Kind == c.Events[i].Kind {
			return c.Events[i].Kind != Ack && c.Events[i].Kind != Refused &&
				(c.Events[i].Kind != RecalledDM || c.DMSince != None)
		}
	}
	return false
}

func stored(h *History, client, ref string) bool {
	has := func(e Entry) bool { return e.From == client && e.Ref == ref }
	for _, log := range h.Logs.Conversations {
		if slices.ContainsFunc(log, has) {
			return true
		}
	}
	return slices.ContainsFunc(h.Logs.Public, has)
}
