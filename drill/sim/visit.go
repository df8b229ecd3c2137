package sim

import (
	"fmt"
	"time"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

// visit is a client and a room: whether it wants to be there, whether it is, and how far it has read.
type visit struct {
	room   string
	wants  bool
	in     bool
	asked  string // the ref of what it has said to enter or to leave, and not been answered
	cursor int64
	tries  bool // it will say again that it enters
}

const (
	// meanStay lies between two rooms that a client enters or leaves, on average.
	meanStay = 5 * time.Second
)

// furnish gives a client the rooms that it is in at first: all are in the first, nobody but one client at first in the
// second, and who is in the others is chance.
func (c *client) furnish(rooms []string) {
	for i, room := range rooms {
		v := &visit{room: room, cursor: check.None}
		switch i {
		case 0:
			v.wants = true
		case 1:
			v.wants = c == c.run.clients[0]
		default:
			v.wants = c.rand.IntN(2) == 0
		}
		c.visits = append(c.visits, v)
	}
}

// outside forgets where it was: a connection begins in no room.
func (c *client) outside() {
	for _, v := range c.visits {
		v.in, v.asked, v.tries = false, "", false
	}
}

// nowhere is where somebody has been who is somebody else now.
func (c *client) nowhere() {
	for _, v := range c.visits {
		v.cursor = check.None
	}
}

// reenter enters its rooms again, each where it was.
func (c *client) reenter() {
	for _, v := range c.visits {
		if v.wants {
			c.enter(v)
		}
	}
}

func (c *client) enter(v *visit) {
	v.asked, v.tries = c.nextRef(), false
	c.record.entering(v.asked, v.room, v.cursor)
	frame := fmt.Sprintf("enter#%s:%s", v.asked, v.room)
	if v.cursor != check.None {
		frame += fmt.Sprintf(":%d", v.cursor)
	}
	c.socket.say(frame)
}

func (c *client) exit(v *visit) {
	v.asked = c.nextRef()
	c.record.exiting(v.asked, v.room)
	c.socket.say(fmt.Sprintf("exit#%s:%s", v.asked, v.room))
}

func (c *client) nextRef() string {
	c.seq++
	return c.ref()
}

// wander enters and leaves rooms, now and then.
func (c *client) wander() {
	if len(c.visits) == 0 {
		return
	}
	c.during(c.around(meanStay), "wanders", func() {
		if c.quiet {
			return
		}
		if v := c.visits[c.rand.IntN(len(c.visits))]; v.asked == "" && !v.tries {
			v.wants = !v.in
			if v.in {
				c.exit(v)
			} else {
				c.enter(v)
			}
		}
		c.wander()
	})
}

// somewhere is a room that it is in, or may be by the time that this is read; empty: none, or at times the public one.
func (c *client) somewhere() string {
	if len(c.visits) == 0 || c.rand.IntN(100) >= roomPercent {
		return ""
	}
	var in []string
	for _, v := range c.visits {
		if v.in || v.asked != "" {
			in = append(in, v.room)
		}
	}
	if len(in) == 0 {
		return ""
	}
	return in[c.rand.IntN(len(in))]
}

func (c *client) visiting(room string) *visit {
	for _, v := range c.visits {
		if v.room == witness.RoomKey(room) {
			return v
		}
	}
	return &visit{} // a room that it never asked for is the judge's business
}

func (c *client) hearIn(f rig.Frame) {
	v := c.visiting(f.Room)
	v.cursor = max(v.cursor, f.ID)
}

// entered takes what a room was opened with, as resumedFeed does of the public log.
func (c *client) entered(f rig.Frame) {
	v := c.visiting(f.Room)
	var m struct {
		History   []rig.Message
		Truncated bool
	}
	_ = f.Decode(&m) // not JSON: no place to move to
	v.in, v.asked = true, ""
	if n := len(m.History); n > 0 {
		v.cursor = max(v.cursor, m.History[n-1].ID)
	}
	if v.cursor == check.None || len(m.History) == 0 && m.Truncated {
		v.cursor = max(v.cursor, f.Cursor)
	}
	c.run.count(roomEntered)
}

func (c *client) exited(f rig.Frame) {
	v := c.visiting(f.Room)
	v.in, v.asked = false, ""
	c.run.count(roomLeft)
}

// refusedRoom tries again to be where it wants to be.
func (c *client) refusedRoom(f rig.Frame) {
	for _, v := range c.visits {
		if v.asked != f.Ref {
			continue
		}
		v.asked, v.tries = "", true
		c.during(rejoinPause, "tries to enter", func() {
			if v.tries && v.wants && !v.in {
				c.enter(v)
			}
			v.tries = false
		})
	}
}

// isWhereItWants says whether it is in all its rooms, and in no other.
func (c *client) isWhereItWants() bool {
	for _, v := range c.visits {
		if v.in != v.wants || v.asked != "" {
			return false
		}
	}
	return true
}
