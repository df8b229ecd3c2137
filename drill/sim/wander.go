package sim

import (
	"strings"
	"time"

	"parley/drill/rig"
)

// meanStay lies between two rooms that a client enters or leaves, on average.
const meanStay = 5 * time.Second

// furnish gives a client the rooms that it is in at first: all are in the first, one alone in the second, and who is in the
// others is chance.
func (c *client) furnish(rooms []string) {
	for i, name := range rooms {
		if c.rand.IntN(2) == 0 {
			name = strings.ToUpper(name) // it is the same room
		}
		c.rooms = append(c.rooms, rig.NewRoom(name, i == 0 || i == 1 && c == c.run.clients[0] || i > 1 && c.rand.IntN(2) == 0))
	}
}

// reenter enters its rooms again, each where it was.
func (c *client) reenter() {
	for _, r := range c.rooms {
		if r.Wants {
			c.enter(r)
		}
	}
}

func (c *client) enter(r *rig.Room) {
	c.seq++
	frame := r.Enter(c.ref())
	c.record.entering(r)
	c.socket.say(frame)
}

func (c *client) exit(r *rig.Room) {
	c.seq++
	frame := r.Exit(c.ref())
	c.record.exiting(r)
	c.socket.say(frame)
}

// wander enters and leaves rooms, now and then.
func (c *client) wander() {
	if len(c.rooms) == 0 {
		return
	}
	c.during(c.around(meanStay), "wanders", func() {
		if c.quiet {
			return
		}
		if r := c.rooms[c.rand.IntN(len(c.rooms))]; r.Asked == "" {
			r.Wants = !r.Wants
			switch {
			case r.Wants && !r.In:
				c.enter(r)
			case !r.Wants && r.In:
				c.exit(r)
			}
		}
		c.wander()
	})
}

// somewhere is the name of a room that it is in; empty: of none, or at times of the public one.
func (c *client) somewhere() string {
	if len(c.rooms) == 0 || c.rand.IntN(100) >= roomPercent {
		return ""
	}
	open := c.rooms.Open()
	if len(open) == 0 {
		return ""
	}
	return open[c.rand.IntN(len(open))].Name
}

// refusedRoom tries again to be where it wants to be.
func (c *client) refusedRoom(ref string) {
	r := c.rooms.Refused(ref)
	if r == nil {
		return
	}
	c.during(rejoinPause, "tries a room", func() {
		switch {
		case r.Asked != "":
		case r.Wants && !r.In:
			c.enter(r)
		case !r.Wants && r.In:
			c.exit(r)
		}
	})
}
