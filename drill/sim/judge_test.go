package sim

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/drill/check"
)

// TestSecondJudgeFindsWhatIsPlanted in the history of a run in which nothing was wrong.
func TestSecondJudgeFindsWhatIsPlanted(t *testing.T) {
	res := live(t, Plan{Seed: 1, Nodes: 2, Clients: []int{0, 1, 2, 3}, Rooms: 2, Keep: 5000, Ring: 1000, Chaos: 10 * time.Second}, nil)
	if len(res.Failures) > 0 || res.Second.Operations == 0 {
		t.Fatalf("nothing was broken: %d operations, %q", res.Second.Operations, res.Failures)
	}
	for name, plant := range map[string]func(h *check.History){
		"a message that was acked is gone": func(h *check.History) {
			middle := len(h.Logs.Public) / 2
			h.Logs.Public = slices.Delete(slices.Clone(h.Logs.Public), middle, middle+1)
		},
		"a message in a room that was acked is gone": func(h *check.History) {
			h.Logs.Rooms = maps.Clone(h.Logs.Rooms)
			room := h.Logs.Rooms[roomNames[0]]
			room.Entries = slices.Delete(slices.Clone(room.Entries), 1, 2)
			h.Logs.Rooms[roomNames[0]] = room
		},
		"a room's messages are in another": func(h *check.History) {
			h.Logs.Rooms = maps.Clone(h.Logs.Rooms)
			h.Logs.Rooms[roomNames[0]], h.Logs.Rooms[roomNames[1]] = h.Logs.Rooms[roomNames[1]], h.Logs.Rooms[roomNames[0]]
		},
		"a connection was not told a message": func(h *check.History) {
			c := alter(h, check.Msg)
			first := find(c, check.Msg)
			c.Events = slices.Delete(c.Events, first, first+1)
		},
		"a message was told before anybody said it": func(h *check.History) {
			c := alter(h, check.Msg)
			c.Events[find(c, check.Msg)].At = c.Opened
		},
		"two messages have one id": func(h *check.History) {
			c := alter(h, check.Ack)
			c.Events[find(c, check.Ack)].ID = h.Logs.Public[len(h.Logs.Public)-1].ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := *res.History
			h.Connections = slices.Clone(h.Connections)
			plant(&h)
			altered := Result{History: &h}
			altered.judge()
			if !slices.ContainsFunc(altered.Failures, func(f string) bool { return strings.HasPrefix(f, secondly) }) {
				t.Errorf("it said nothing: %q", altered.Failures)
			}
		})
	}
}

// TestJudgeFindsTwoHoldersOfAName in a run in which rivals had it one after the other.
func TestJudgeFindsTwoHoldersOfAName(t *testing.T) {
	res := live(t, Plan{Seed: 1, Nodes: 2, Clients: []int{0}, Rivals: 3 * prizes, Keep: 5000, Ring: 1000, Chaos: 30 * time.Second}, nil)
	if len(res.Failures) > 0 || res.Counts[nameTaken] == 0 {
		t.Fatalf("nothing was broken: %v, %q", res.Counts, res.Failures)
	}
	h := *res.History
	h.Connections = slices.Clone(h.Connections)
	for i, before := range h.Connections {
		for _, taker := range h.Connections[i+1:] {
			had, has := find(before, check.Welcome), find(taker, check.Welcome)
			if had < 0 || has < 0 || before.Client != taker.Client || before.Person == taker.Person || before.Goodbye {
				continue
			}
			mine := *before
			mine.Closed = taker.Events[has].At + 1
			h.Connections[i] = &mine
			altered := Result{History: &h}
			altered.judge()
			if !altered.Report.Has(check.TwoHolders) {
				t.Errorf("it said nothing: %q", altered.Failures)
			}
			return
		}
	}
	t.Fatal("no name had two holders, one after the other")
}

// alter gives the first connection that has such an event, to be changed in this history alone.
func alter(h *check.History, kind check.Kind) *check.Connection {
	for i, c := range h.Connections {
		if find(c, kind) >= 0 {
			mine := *c
			mine.Events = slices.Clone(c.Events)
			h.Connections[i] = &mine
			return &mine
		}
	}
	panic("the run has no such event")
}

func find(c *check.Connection, kind check.Kind) int {
	return slices.IndexFunc(c.Events, func(e check.Event) bool { return e.Kind == kind })
}
