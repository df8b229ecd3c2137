package linear

import (
	"slices"
	"strings"
	"testing"

	"parley/drill/check"
)

// Connections of goodHistory, by index.
const (
	ann = iota
	ben
	cat
	benAgain
	dan
)

var annToBen = check.Conversation{From: "ann", To: "ben"}

// planted are faults, each in a history that is good otherwise, and what the judge must say of them.
var planted = map[string]struct {
	plant func(h *check.History)
	log   string
	says  []string
}{
	"acked and not there for who reads later": {func(h *check.History) {
		remove(h.Connections[dan], check.Recalled, 2)
	}, "the public log", []string{"dan", "it was not told", "ben's b3"}},
	"acked and lost": {func(h *check.History) {
		h.Logs.Public = slices.Delete(h.Logs.Public, 0, 1)
	}, "the public log", []string{"ann's a1", "the log at the end does not have it"}},
	"two ids for one ref": {func(h *check.History) {
		first := find(h.Connections[ann], check.Ack, 0)
		again := []check.Event{*find(h.Connections[ann], check.Send, 0), *first}
		again[0].At, again[1].At = first.At+10, first.At+20
		again[1].ID = h.End
		h.Connections[ann].Events = append(h.Connections[ann].Events, again...)
		h.Logs.Public = append(h.Logs.Public, twin(h.Logs.Public[0], h.End))
	}, "the public log", []string{"the log has ann's a1 already"}},
	"stored twice": {func(h *check.History) {
		h.Logs.Public = append(h.Logs.Public, twin(h.Logs.Public[0], h.End))
	}, "the public log", []string{"ann's a1"}},
	"one id for two messages": {func(h *check.History) {
		find(h.Connections[ann], check.Ack, 1).ID = find(h.Connections[ann], check.Ack, 0).ID
	}, "the public log", []string{"ann's a2", "the log has ann's a1 with that id"}},
	"two readers see two orders": {func(h *check.History) {
		x, y := find(h.Connections[ben], check.Msg, 0), find(h.Connections[ben], check.Msg, 1)
		x.ID, y.ID, x.Hash, y.Hash = y.ID, x.ID, y.Hash, x.Hash
	}, "the public log", []string{"connection 2 of ben", "it was not told"}},
	"a read that goes back in time": {func(h *check.History) {
		c, log := h.Connections[dan], h.Logs.Public // c1 was acked long before, and comes as if it were new
		remove(c, check.Recalled, len(log)-2)
		init := slices.IndexFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Init })
		c.Events[init].Cursor = log[len(log)-3].ID
		late := slices.IndexFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Joined })
		c1 := log[len(log)-2]
		c.Events = slices.Insert(c.Events, late+1, check.Event{Kind: check.Msg, At: c.Events[late].At, ID: c1.ID, Hash: c1.Hash})
	}, "the public log", []string{"no order explains all of", "cat's c1 was sent", "dan on node b, opened at"}},
	"told before it was sent": {func(h *check.History) {
		for _, i := range []int{ann, ben} {
			find(h.Connections[i], check.Msg, 0).At = h.Connections[i].Events[1].At
		}
	}, "the public log", []string{"no order explains all of", "ann's a1 was sent", "was told"}},
	"refused and yet stored": {func(h *check.History) {
		e := find(h.Connections[ben], check.Send, 1)
		h.Logs.Public = append(h.Logs.Public, check.Entry{ID: h.End, From: "ben", Ref: e.Ref, TextHash: e.Hash})
	}, "the public log", []string{"no send of it can have put it there", "refused"}},
	"refused and yet told": {func(h *check.History) {
		c := h.Connections[dan]
		c.Events = append(c.Events, check.Event{Kind: check.Msg, At: h.End, ID: h.End})
		h.LogsUnread = true
		for _, c := range h.Connections {
			c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Send && e.Ref == "d3" })
			c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Send && e.Ref == "b4" })
			c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Send && e.Ref == "b3" && c.Closed != 0 })
		}
	}, "the public log", []string{"all that was sent is something else or was refused"}},
	"told and then gone": {func(h *check.History) {
		for _, c := range h.Connections {
			if c.Closed == 0 {
				c.Events = append(c.Events, check.Event{Kind: check.Msg, At: h.End - 1, ID: h.End - 2})
			}
		}
		h.Connections[ben].Events = append(h.Connections[ben].Events, check.Event{Kind: check.Send, At: h.Connections[ben].Closed, Detail: &check.Detail{Ref: "b9"}})
	}, "the public log", []string{"the log at the end does not have it"}},
	"nobody sent it": {func(h *check.History) {
		h.Logs.Public = append(h.Logs.Public, check.Entry{ID: h.End, From: "dan", Ref: "x"})
	}, "the public log", []string{"no send of it can have put it there"}},
	"acked, and nothing was sent": {func(h *check.History) {
		find(h.Connections[dan], check.Ack, 0).Detail = &check.Detail{Ref: "y"}
	}, "the public log", []string{"answered, and never sent"}},
	"acked later with a smaller id": {func(h *check.History) {
		log := h.Logs.Public // c1 gets an id from before b4's
		for _, c := range h.Connections {
			c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.ID == log[5].ID && e.Kind != check.Ack })
		}
		was := log[5].ID
		log[5].ID = log[4].ID - 1
		for _, c := range h.Connections {
			for i := range c.Events {
				if c.Events[i].ID == was {
					c.Events[i].ID = log[5].ID
				}
			}
		}
		h.Logs.Public[4], h.Logs.Public[5] = log[5], log[4]
	}, "the public log", []string{"cat's c1"}},
	"told twice": {func(h *check.History) {
		c := h.Connections[ann]
		e := *find(c, check.Msg, 0)
		e.At = h.End
		c.Events = append(c.Events, e)
	}, "the public log", []string{"connection 1 of ann", "right before it was told"}},
	"told again over a resume": {func(h *check.History) {
		c := h.Connections[benAgain]
		i := slices.IndexFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Recalled })
		e := c.Events[i]
		e.ID, e.Hash = h.Logs.Public[0].ID, h.Logs.Public[0].Hash
		c.Events = slices.Insert(c.Events, i, e)
	}, "the public log", []string{"it had asked for what comes after"}},
	"other bytes for another reader": {func(h *check.History) {
		find(h.Connections[dan], check.Recalled, 1).Hash++
	}, "the public log", []string{"other bytes"}},
	"other text than was sent": {func(h *check.History) {
		h.Logs.Public[1].TextHash++
	}, "the public log", []string{"another text than was sent"}},
	"never told to an open connection": {func(h *check.History) {
		c := h.Connections[cat]
		c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Msg && e.ID == h.Logs.Public[len(h.Logs.Public)-1].ID })
	}, "the public log", []string{"connection 3 of cat", "at the end"}},
	"stored, though never acked, and told to nobody": {func(h *check.History) {
		last := h.Logs.Public[len(h.Logs.Public)-1].ID
		for _, c := range h.Connections {
			c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.ID == last })
		}
	}, "the public log", []string{"is in the log at the end", "had everything up to"}},
	"a beginning that leaves out what comes after it": {func(h *check.History) {
		c, last := h.Connections[cat], h.Logs.Public[len(h.Logs.Public)-1]
		c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool {
			return (e.Kind == check.Recalled || e.Kind == check.Msg) && e.ID != last.ID
		})
		init := find(c, check.Init, 0)
		init.Cursor, init.Detail = 0, &check.Detail{Truncated: true}
	}, "the public log", []string{"connection 3 of cat", "began behind"}},
	"missing in one of two inboxes": {func(h *check.History) {
		h.Logs.Inboxes["ben"] = slices.Delete(h.Logs.Inboxes["ben"], 1, 2)
		c := h.Connections[benAgain]
		remove(c, check.RecalledDM, 0)
		find(c, check.Joined, 0).Cursor = c.DMSince
	}, "the inbox of ben", []string{"ann's d2 to ben", "it is nowhere in the inbox of ben"}},
	"a direct message acked and not there for who joins later": {func(h *check.History) {
		remove(h.Connections[benAgain], check.RecalledDM, 0)
	}, "the inbox of ben", []string{"no order explains all of", "opened at"}},
	"a direct message with another id than the conversation has": {func(h *check.History) {
		find(h.Connections[ann], check.Ack, 2).ID++
	}, "the conversation ann → ben", []string{"ann's d1"}},
	"a direct message lost from its conversation": {func(h *check.History) {
		h.Logs.Conversations[annToBen] = h.Logs.Conversations[annToBen][1:]
	}, "the conversation ann → ben", []string{"the log at the end does not have it"}},
	"a direct message told before it was sent": {func(h *check.History) {
		find(h.Connections[ben], check.DM, 0).At = h.Connections[ben].Opened
	}, "the inbox of ben", []string{"no order explains all of", "ann's d1 to ben"}},
}

func twin(e check.Entry, id int64) check.Entry {
	e.ID = id
	return e
}

// find gives the n-th event of a kind on a connection.
func find(c *check.Connection, kind check.Kind, n int) *check.Event {
	for i := range c.Events {
		if c.Events[i].Kind == kind {
			if n == 0 {
				return &c.Events[i]
			}
			n--
		}
	}
	panic("the good history has no such event")
}

func remove(c *check.Connection, kind check.Kind, n int) {
	gone := *find(c, kind, n)
	c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool { return e.Kind == kind && e.ID == gone.ID && e.Cursor == gone.Cursor })
}

func TestEachPlantedFaultIsFoundAndSaid(t *testing.T) {
	for name, p := range planted {
		t.Run(name, func(t *testing.T) {
			h := goodHistory()
			p.plant(h)
			r := Check(h, 0)
			if r.Failed == 0 || r.Unknown > 0 {
				t.Fatalf("not found: %+v", r)
			}
			for _, v := range r.Violations {
				if v.Log == p.log && !slices.ContainsFunc(p.says, func(s string) bool { return !strings.Contains(v.String(), s) }) {
					return
				}
			}
			t.Errorf("found, but not as %q in %s: %v", p.says, p.log, r.Violations)
		})
	}
}
