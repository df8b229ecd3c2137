package rig

import "testing"

func frame(raw string) Frame { return ParseFrame([]byte(raw)) }

// TestClientComesBackToItsRoomsWhereItWas, whatever their names' case.
func TestClientComesBackToItsRoomsWhereItWas(t *testing.T) {
	rooms := Rooms{NewRoom("Den", true), NewRoom("Attic", false)}
	den := rooms[0]
	if got := den.Enter("r1"); got != "enter#r1:Den" || rooms.Settled() || len(rooms.Open()) != 1 {
		t.Errorf("it enters with %s, settled %v", got, rooms.Settled())
	}
	if rooms.Refused("other") != nil || rooms.Refused("") != nil || rooms.Refused("r1") != den || den.Asked != "" {
		t.Error("it is refused what it did not ask for, or not what it did")
	}
	den.Enter("r2")
	for _, heard := range []struct {
		raw    string
		cursor int64
	}{
		{`{"type":"entered","ref":"r2","room":"DEN","members":[],"member_count":0,"history":[],"cursor":5,"truncated":false}`, 5},
		{`{"type":"msg","id":7,"user":"a","room":"den","text":"x","time":1}`, 7},
		{`{"type":"msg","id":9,"user":"a","text":"\"room\":\"den\"","time":1}`, 7},
		{`{"type":"msg","id":9,"user":"a","room":"attic","text":"x","time":1}`, 7},
		{`{"type":"entered","ref":"r2","room":"Den","history":[{"type":"msg","id":8,"room":"Den"}],"cursor":12,"truncated":false}`, 8},
		{`{"type":"entered","ref":"r2","room":"Den","history":[],"cursor":12,"truncated":true}`, 12},
	} {
		rooms.Hear(frame(heard.raw))
		if den.Cursor != heard.cursor {
			t.Errorf("after %s it has read up to %d", heard.raw, den.Cursor)
		}
	}
	if !den.In || !rooms.Settled() {
		t.Error("it is not in its room")
	}
	rooms.Leave()
	if got := den.Enter("r3"); got != "enter#r3:Den:12" {
		t.Errorf("it comes back with %s", got)
	}
	rooms.Hear(frame(`{"type":"exited","ref":"r4","room":"Den","reason":"left"}`))
	if den.In || den.Exit("r5") != "exit#r5:Den" {
		t.Error("it is in a room that it has left")
	}
	if rooms.Forget(); den.Enter("r6") != "enter#r6:Den" {
		t.Error("who is somebody else goes on where the former was")
	}
}
