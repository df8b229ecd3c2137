package check

import (
	"testing"
)

// contested has a name that one person has, who was told something in private, and then another.
func contested() (h *History, before, taker *Connection) {
	s := newIdeal()
	s.h.Hold = 6 * second
	carol := s.connect("carol", "b")
	before = s.connect("prize", "a")
	before.Person = "first"
	s.say(before, "p1")
	s.whisper(carol, "prize", "d1")
	s.close(before, false)
	taker = s.connect("prize", "b")
	taker.Person, taker.DMSince = "second", None
	taker.Events = taker.Events[:find(taker, Joined, 0)+1] // what was there before is none of its business
	s.say(taker, "p2")
	s.whisper(carol, "prize", "d2")
	return s.history(), before, taker
}

func TestNameIsOnePersonsAtATime(t *testing.T) {
	cut := func(h *History, c *Connection) {
		h.Faults = []Fault{{Name: "link-cut", Node: "a", Start: c.Opened, End: h.End - second, Disturbs: true}}
	}
	for name, tc := range map[string]struct {
		change func(h *History, before, taker *Connection)
		want   string
	}{
		"one after the other": {func(*History, *Connection, *Connection) {}, ""},
		"both at once": {func(h *History, before, _ *Connection) {
			before.Closed = h.End - second/2
		}, TwoHolders},
		"both at once, and they are one person": {func(h *History, before, taker *Connection) {
			before.Closed, taker.Person = h.End-second/2, "first"
		}, ""},
		"both at once, on a node that could not know": {func(h *History, before, _ *Connection) {
			before.Closed = h.End - second/2
			cut(h, before)
		}, ""},
		"which says something still": {func(h *History, before, _ *Connection) {
			before.Closed = h.End - second/2
			cut(h, before)
			before.Events = append(before.Events, Event{Kind: Ack, At: h.End, ID: h.End, Detail: &Detail{Ref: "p1"}})
		}, OthersWord},
		"within the grace": {func(_ *History, before, taker *Connection) {
			before.Closed = taker.Events[find(taker, Welcome, 0)].At - second
		}, TakenEarly},
		"while it was held": {func(_ *History, before, _ *Connection) { before.Shown = true }, TakenEarly},
		"while it was held, by a Redis that forgot": {func(h *History, before, _ *Connection) {
			before.Shown = true
			h.Faults = []Fault{{Name: "redis-wipe", Start: before.Closed, End: before.Closed + second, LosesData: true}}
		}, ""},
		"with what it had been told": {func(_ *History, before, taker *Connection) {
			told := before.Events[find(before, DM, 0)]
			told.Kind = RecalledDM
			taker.Events = append(taker.Events, told)
		}, OthersWord},
		"again with what it was told itself, before the first knew that it had lost the name": {func(h *History, before, taker *Connection) {
			told := taker.Events[find(taker, DM, 0)]
			before.Closed = told.At + 1
			cut(h, before)
			at := told.At + 3*second
			told.Kind = RecalledDM
			h.Connections = append(h.Connections, &Connection{Number: 9, Client: "prize", Person: "second", Node: "b", Opened: at, Since: None, DMSince: None,
				Events: []Event{{At: at, Kind: Welcome, Detail: &Detail{Name: "prize"}}, {At: at, Kind: Joined, Detail: &Detail{}}, told}})
		}, ""},
		"with what it had been told, the id of which is ahead of the clock": {func(h *History, before, taker *Connection) {
			told := putAhead(h, before, taker)
			told.Kind = RecalledDM
			taker.Events = append(taker.Events, told)
		}, OthersWord},
	} {
		t.Run(name, func(t *testing.T) {
			h, before, taker := contested()
			tc.change(h, before, taker)
			r := Check(h)
			for _, kind := range []string{TwoHolders, TakenEarly, OthersWord} {
				if r.Has(kind) != (kind == tc.want) {
					t.Errorf("%q found: %v", kind, r.Has(kind))
				}
			}
			if tc.want == "" && name == "one after the other" && r.Failed() {
				t.Errorf("found: %+v", r.Verdicts)
			}
		})
	}
}

// putAhead gives what the first holder was told a place behind the time at which the second came.
func putAhead(h *History, before, taker *Connection) Event {
	told := &before.Events[find(before, DM, 0)]
	for i := range h.Logs.Inboxes["prize"] {
		if e := &h.Logs.Inboxes["prize"][i]; e.Cursor == told.Cursor {
			e.Cursor = taker.Events[find(taker, Joined, 0)].At
			told.Cursor = e.Cursor
		}
	}
	return *told
}

// TestWhatWasSentBeforeANameWasTakenIsNotMissed, though its id is ahead of the clock; if the inbox had it by then.
func TestWhatWasSentBeforeANameWasTakenIsNotMissed(t *testing.T) {
	for _, there := range []bool{true, false} {
		h, before, taker := contested()
		told := putAhead(h, before, taker)
		if there {
			taker.Events[find(taker, Joined, 0)].Cursor = told.Cursor
		}
		if r := Check(h); r.Has(Hole) == there {
			t.Errorf("there: %v: found %+v", there, r.Verdicts[DirectMessages])
		}
	}
}
