package check

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// inRoom makes of a history one in which all that was public is in a room, which everybody enters at once.
func inRoom(h *History, room string) *History {
	moved := *h
	moved.Connections = nil
	moved.Logs.Rooms = map[string]RoomLogs{room: {Entries: h.Logs.Public, Members: h.Logs.Members, Floor: h.Logs.Floor, Unseen: h.Logs.Unseen}}
	moved.Logs.Public, moved.Logs.Members = nil, nil
	for _, conn := range h.Connections {
		c := *conn
		c.Since, c.Events = None, nil
		for i, e := range conn.Events {
			d := Detail{}
			if e.Detail != nil {
				d = *e.Detail
			}
			e.Detail = &d
			switch e.Kind {
			case Init:
				d.Room, d.Ref, e.Kind = room, "enter", Entered
				if find(conn, Init, 0) == i {
					c.Events = append(c.Events, Event{At: e.At, Kind: Enter, Cursor: conn.Since, Detail: &Detail{Ref: "enter", Room: room}})
				}
			case Recalled, Msg, MemberAdd, MemberRemove, Members:
				d.Room = room
			case Send:
				if d.To == "" {
					d.Room = room
				}
			}
			c.Events = append(c.Events, e)
		}
		moved.Connections = append(moved.Connections, &c)
	}
	return &moved
}

func TestGoodHistoryPassesInARoom(t *testing.T) {
	r := Check(inRoom(goodHistory(), "Den"))
	for n, v := range r.Verdicts[1:] {
		if v.Failed > 0 || v.Excused > 0 || v.Checked == 0 {
			t.Errorf("promise %d: %+v", n+1, v)
		}
	}
}

// TestEachPlantedViolationIsFoundInARoom, by the rules that find it in the public one.
func TestEachPlantedViolationIsFoundInARoom(t *testing.T) {
	for kind, plant := range planted {
		if kind == Parted { // nothing of a room can stand there
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h := goodHistory()
			plant(h)
			if r := Check(inRoom(h, "Den")); !r.Has(kind) || !r.Failed() {
				t.Errorf("not found; found: %+v", r.Verdicts)
			}
		})
	}
}

func TestRandomGoodHistoriesPassInARoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if r := Check(inRoom(drawHistory(t), "Den")); r.Failed() {
			t.Fatalf("found: %+v", r.Verdicts)
		}
	})
}

// visits is a history of two rooms: alice is in both, bob leaves the one and never was in the other.
func visits() (s *ideal, alice, bob *Connection) {
	s = newIdeal()
	alice, bob = s.connect("alice", "a"), s.connect("bob", "b")
	s.h.Logs.Rooms = map[string]RoomLogs{}
	s.enter(alice, "Den", None)
	s.enter(alice, "Attic", None)
	s.enter(bob, "Den", None)
	s.sayIn("Den", alice, "a1", alice, bob)
	s.sayIn("Attic", alice, "a2", alice)
	s.wait(20 * second)
	s.exit(bob, "Den", alice)
	s.sayIn("Den", alice, "a3", alice)
	s.wait(20 * second)
	return s, alice, bob
}

// enter lets a connection into a room, and tells it all that is after the cursor.
func (s *ideal) enter(c *Connection, room string, cursor int64) {
	ref := fmt.Sprint("enter ", s.now)
	s.tell(c, Event{Kind: Enter, Cursor: cursor, Detail: &Detail{Ref: ref, Room: room}})
	logs := s.h.Logs.Rooms[room]
	if !slices.Contains(logs.Members, c.Client) {
		for _, open := range s.open {
			if slices.Contains(logs.Members, open.Client) {
				s.tell(open, Event{Kind: MemberAdd, Detail: &Detail{Name: c.Client, Room: room}})
			}
		}
		logs.Members = append(slices.Clone(logs.Members), c.Client)
	}
	entered := Event{Kind: Entered, Detail: &Detail{Ref: ref, Room: room, Names: logs.Members, Count: len(logs.Members)}}
	if n := len(logs.Entries); n > 0 {
		entered.Cursor = logs.Entries[n-1].ID
	}
	s.tell(c, entered)
	for _, e := range logs.Entries {
		if e.ID > cursor {
			s.tell(c, Event{Kind: Recalled, ID: e.ID, Hash: e.Hash, Detail: &Detail{Room: room}})
		}
	}
	s.h.Logs.Rooms[room] = logs
}

func (s *ideal) exit(c *Connection, room string, others ...*Connection) {
	s.tell(c, Event{Kind: Exit, Detail: &Detail{Ref: "exit " + room, Room: room}})
	s.tell(c, Event{Kind: Exited, Detail: &Detail{Ref: "exit " + room, Room: room}})
	logs := s.h.Logs.Rooms[room]
	logs.Members = slices.DeleteFunc(slices.Clone(logs.Members), func(name string) bool { return name == c.Client })
	s.h.Logs.Rooms[room] = logs
	for _, other := range others {
		s.tell(other, Event{Kind: MemberRemove, Detail: &Detail{Name: c.Client, Room: room}})
	}
}

// sayIn says something in a room, which those who are given hear.
func (s *ideal) sayIn(room string, c *Connection, ref string, ears ...*Connection) {
	s.tell(c, Event{Kind: Send, Hash: hashOf(ref), Detail: &Detail{Ref: ref, Room: room}})
	s.now++
	e := Entry{ID: s.now, From: c.Client, Ref: ref, TextHash: hashOf(ref), Hash: hashOf(ref, s.now)}
	logs := s.h.Logs.Rooms[room]
	logs.Entries = append(logs.Entries, e)
	s.h.Logs.Rooms[room] = logs
	for _, ear := range ears {
		s.tell(ear, Event{Kind: Msg, ID: e.ID, Hash: e.Hash, Detail: &Detail{Room: room}})
	}
	s.tell(c, Event{Kind: Ack, ID: e.ID, Detail: &Detail{Ref: ref}})
}

func TestWhatIsWrongAboutRoomsIsFound(t *testing.T) {
	for name, tc := range map[string]struct {
		kind string // empty: all is well
		do   func(s *ideal, alice, bob *Connection)
	}{
		"nothing": {"", func(*ideal, *Connection, *Connection) {}},
		"who has left still hears": {Early, func(s *ideal, alice, bob *Connection) {
			s.sayIn("Den", alice, "a4", alice, bob)
		}},
		"who never entered hears": {Early, func(s *ideal, alice, bob *Connection) {
			s.sayIn("Attic", alice, "a4", alice, bob)
		}},
		"who has left is told who comes": {Early, func(s *ideal, _, bob *Connection) {
			s.tell(bob, Event{Kind: MemberAdd, Detail: &Detail{Name: "carol", Room: "Den"}})
		}},
		"who has left is told who is there": {Early, func(s *ideal, _, bob *Connection) {
			s.tell(bob, Event{Kind: Members, Detail: &Detail{Names: []string{"alice"}, Count: 1, Room: "Den"}})
		}},
		"comes back to all that was missed": {"", func(s *ideal, _, bob *Connection) {
			s.enter(bob, "Den", s.h.Logs.Rooms["Den"].Entries[0].ID)
		}},
		"comes back to less than was missed": {Hole, func(s *ideal, _, bob *Connection) {
			s.enter(bob, "Den", s.h.Logs.Rooms["Den"].Entries[1].ID)
			bob.Events[find(bob, Enter, 1)].Cursor = s.h.Logs.Rooms["Den"].Entries[0].ID
		}},
		"comes back by another room's cursor": {Hole, func(s *ideal, _, bob *Connection) {
			asked := s.h.Logs.Rooms["Den"].Entries[0].ID
			s.enter(bob, "Den", s.h.Logs.Rooms["Attic"].Entries[0].ID+2*second*20)
			bob.Events[find(bob, Enter, 1)].Cursor = asked
		}},
		"one room's message in another": {Vanished, func(s *ideal, alice, _ *Connection) {
			e := s.h.Logs.Rooms["Den"].Entries[1]
			s.tell(alice, Event{Kind: Msg, ID: e.ID, Hash: e.Hash, Detail: &Detail{Room: "Attic"}})
		}},
		"stored in another room": {Lost, func(s *ideal, _, _ *Connection) {
			den, attic := s.h.Logs.Rooms["Den"], s.h.Logs.Rooms["Attic"]
			attic.Entries = append(attic.Entries, den.Entries[1])
			den.Entries = den.Entries[:1]
			s.h.Logs.Rooms["Den"], s.h.Logs.Rooms["Attic"] = den, attic
		}},
		"in a room that is left": {Phantom, func(s *ideal, _, _ *Connection) {
			den := s.h.Logs.Rooms["Den"]
			den.Members = append(den.Members, "bob")
			s.h.Logs.Rooms["Den"] = den
		}},
		"nobody says who left": {Phantom, func(_ *ideal, alice, _ *Connection) { remove(alice, MemberRemove, 0) }},
		"said to have left": {RemovedHeld, func(s *ideal, alice, _ *Connection) {
			s.tell(alice, Event{Kind: MemberRemove, Detail: &Detail{Name: "alice", Room: "Den"}})
		}},
		"enter is not answered": {Silent, func(_ *ideal, alice, _ *Connection) {
			remove(alice, Entered, 1)
		}},
		"exit is answered twice": {AnsweredTwice, func(_ *ideal, _, bob *Connection) { repeat(bob, Exited) }},
		"refused outside, and stored": {RefusedStored, func(s *ideal, _, bob *Connection) {
			s.tell(bob, Event{Kind: Send, Hash: hashOf("b1"), Detail: &Detail{Ref: "b1", Room: "Attic"}})
			attic := s.h.Logs.Rooms["Attic"]
			attic.Entries = append(attic.Entries, Entry{ID: s.now, From: "bob", Ref: "b1", TextHash: hashOf("b1")})
			s.h.Logs.Rooms["Attic"] = attic
			s.tell(bob, Event{Kind: Refused, Detail: &Detail{Ref: "b1", Name: "not_entered"}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, alice, bob := visits()
			tc.do(s, alice, bob)
			s.wait(20 * second)
			r := Check(s.history())
			if r.Failed() != (tc.kind != "") || tc.kind != "" && !r.Has(tc.kind) {
				t.Errorf("found: %+v", r.Verdicts)
			}
		})
	}
}

// TestWhatANodeHoldsOfARoomIsMissed when Redis forgets: what was told there to somebody who stays, and what was said through it.
func TestWhatANodeHoldsOfARoomIsMissed(t *testing.T) {
	for name, tc := range map[string]struct {
		leaves bool     // who heard it
		dead   []string // nodes
		lost   bool
	}{
		"its speaker's node and its hearer's live": {false, nil, true},
		"nobody is there, and its node lives":      {true, nil, true},
		"the hearer's node lives":                  {false, []string{"a"}, true},
		"nobody is there, and its node has died":   {true, []string{"a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			alice, bob := s.connect("alice", "a"), s.connect("bob", "b")
			s.h.Logs.Rooms = map[string]RoomLogs{}
			s.enter(alice, "Den", None)
			s.enter(bob, "Den", None)
			s.sayIn("Den", alice, "a1", alice, bob)
			s.exit(alice, "Den", bob)
			if tc.leaves {
				s.exit(bob, "Den")
			}
			s.wait(20 * second)
			for _, node := range tc.dead {
				s.h.Faults = append(s.h.Faults, Fault{Name: "node", Node: node, Start: s.now, End: s.now, KillsNode: true})
			}
			s.lose()
			den := s.h.Logs.Rooms["Den"]
			den.Entries = nil
			s.h.Logs.Rooms["Den"] = den
			s.wait(20 * second)
			if r := Check(s.history()); r.Has(Lost) != tc.lost {
				t.Errorf("found: %+v", r.Verdicts)
			}
		})
	}
}

// TestWhatIsPutBackLateIsExcused where it was said just before the loss: its id may be ahead of the clock.
func TestWhatIsPutBackLateIsExcused(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead, before int64
		hole          bool
	}{
		"just before":                     {0, second, false},
		"just before, with a clock ahead": {2 * second, second, false},
		"long before":                     {0, 8 * second, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdeal()
			alice, bob := s.connect("alice", "a"), s.connect("bob", "b")
			s.h.Logs.Rooms = map[string]RoomLogs{}
			s.enter(alice, "Den", None)
			s.enter(bob, "Den", None)
			s.now += tc.ahead
			s.sayIn("Den", alice, "early", alice)
			s.now -= tc.ahead
			ack := &alice.Events[find(alice, Ack, 0)]
			ack.At = s.now
			s.wait(tc.before)
			loss := s.lose()
			s.now = max(s.now, ack.ID) + 10
			s.sayIn("Den", alice, "next", alice, bob)
			bob.Events[len(bob.Events)-1].At = loss.End + second
			s.wait(20 * second)
			if r := Check(s.history()); r.Has(Hole) != tc.hole {
				t.Errorf("found: %+v", r.Verdicts)
			}
		})
	}
}
