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

// TestEarlierHolderComesBackWithTheDataOfThen has Redis taken back to before a name had another holder, whose node alone
// could say so, and could not: the earlier one has it again, and sees all that there is.
func TestEarlierHolderComesBackWithTheDataOfThen(t *testing.T) {
	for name, tc := range map[string]struct {
		person string // who takes the name
		away   string // the node that is paused after the loss
		lost   bool
		found  bool
	}{
		"and the node of the later one was away": {"first", "b", true, false},
		"and another node was away":              {"first", "a", true, true},
		"and nothing was lost":                   {"first", "b", false, true},
		"who never had it":                       {"third", "b", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			carol := s.connect("carol", "c")
			for _, who := range []struct{ person, node string }{{"first", "a"}, {"second", "b"}} {
				conn := s.connect("prize", who.node)
				conn.Person = who.person
				if conn.DMSince = None; who.person == "second" {
					s.whisper(carol, "prize", "d")
				}
				s.close(conn, false)
			}
			s.wait(20 * second)
			if tc.lost {
				s.lose()
			}
			s.h.Faults = append(s.h.Faults, Fault{Name: "pause", Node: tc.away, Start: s.now, End: s.now + 3*second, Disturbs: true})
			s.wait(2 * second)
			taker := s.connect("prize", "c")
			taker.Person, taker.DMSince = tc.person, None
			told := direct(RecalledDM, s.h.Logs.Inboxes["prize"][0])
			told.At = s.now
			taker.Events = append(taker.Events, told)
			s.wait(5 * second)
			if r := Check(s.history()); r.Has(OthersWord) != tc.found {
				t.Errorf("found: %+v", r.Verdicts[DirectMessages])
			}
		})
	}
}
