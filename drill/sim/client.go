package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"parley/actors"
	"parley/drill/check"
	"parley/drill/rig"
)

const (
	// maxAway and maxStall bound how long it is gone and does not read. The server hangs up on
	// who does not read for 30 s.
	maxAway  = 6 * time.Second
	maxStall = 40 * time.Second
	// Who was cut off comes back after a random part of backoff.
	backoff = time.Second
	// rejoinPause is the wait after a join that was refused.
	rejoinPause = 500 * time.Millisecond
)

// person is a name and the token that proves it. A person may have two clients.
type person struct {
	name, token string
	clients     int
}

// client is a program that behaves as a good one does: it resumes where it was, on any node,
// repeats what was not answered, in order and with the same refs.
type client struct {
	run    *run
	label  string // its own, and the same in each run
	person *person
	number int    // among those with its name
	rival  *rival // nil: nobody else wants its name
	floods bool   // it says far too much at times
	rand   *rand.Rand

	socket *socket // nil while it is away
	record *record
	opened bool
	joined bool
	asked  bool // a join is on its way
	taken  int  // times in a row that the name was somebody else's

	since, dmSince int64
	unacked        []message
	rooms          rig.Rooms // in the order of the plan
	seq            int
	quiet          bool // it says nothing new, and does nothing else
	life           int  // counts connections, so that what was planned for one ends with it
}

func newClient(r *run, label string, p *person, seed uint64) *client {
	p.clients++
	return &client{run: r, label: label, person: p, number: p.clients, rand: rand.New(rand.NewPCG(seed, 2)),
		since: check.None, dmSince: check.None}
}

// during does something after a random part of d, unless the connection has ended by then.
func (c *client) during(d time.Duration, what string, do func()) {
	life := c.life
	c.run.world.after(time.Duration(c.rand.Int64N(int64(d))+1), c.label+" "+what, func() {
		if c.life == life {
			do()
		}
	})
}

// around is like a random time with that mean.
func (c *client) around(mean time.Duration) time.Duration {
	return time.Duration(c.rand.ExpFloat64()*float64(mean)) + 1
}

// arrive connects to one of the nodes that take connections; it tries until there is one.
func (c *client) arrive() {
	c.life++
	if c.rival != nil {
		c.rival.begin(c)
	}
	nodes := c.run.open()
	if len(nodes) == 0 {
		c.during(backoff, "finds no node", c.arrive)
		return
	}
	n := nodes[c.rand.IntN(len(nodes))]
	c.record = c.run.newRecord(c, n)
	c.opened, c.joined, c.asked = false, false, false
	c.rooms.Leave()
	socket, err := connect(c.run.world, fmt.Sprintf("%s.%d", c.label, c.record.Number), n, actors.Resume{Since: resumed(c.since), DMSince: resumed(c.dmSince)})
	if err != nil {
		c.record.closed(false)
		c.during(backoff, "was not let in", c.arrive)
		return
	}
	c.socket = socket
	c.socket.told = c
}

func resumed(cursor int64) int64 {
	if cursor == check.None {
		return actors.Newest
	}
	return cursor
}

// closed hears that the connection is over.
func (c *client) closed(code uint16) {
	c.record.closed(code == closedByClient)
	c.socket = nil
	c.life++
	c.opened, c.joined, c.asked = false, false, false
	if code != closedByClient {
		c.during(backoff, "comes back", c.arrive)
	}
}

// hear takes a frame: first it is noted, then the client learns from it.
func (c *client) hear(f rig.Frame) {
	c.record.heard(f)
	if c.rooms.Hear(f) {
		c.run.count(f.Type)
	}
	switch f.Type {
	case "msg":
		if f.Room == "" {
			c.since = max(c.since, f.ID)
		}
	case "dm":
		c.dmSince = max(c.dmSince, f.Cursor)
	case "init":
		c.since = f.Resumed(c.since)
		c.opened = true
		c.join()
	case "joined":
		c.resumedInbox(f)
		c.welcome()
	case "ack":
		if c.rival != nil && f.Ref == c.rival.hold {
			c.record.Shown = true // a hold says what a token does
		}
		c.answered(f.Ref)
	case "error":
		if f.Code == "rate_limited" {
			c.run.count(limited)
		}
		if f.Ref != "" {
			c.answered(f.Ref)
			c.refusedRoom(f.Ref)
		} else if !c.joined {
			c.refusedJoin(f.Code)
		}
	}
}

// join asks for the name. Of a person's clients the first has the token; the others wait for it.
func (c *client) join() {
	switch {
	case c.joined || c.asked || c.socket == nil:
	case c.rival == nil && c.number > 1 && c.person.token == "":
		c.during(rejoinPause, "waits for the token", c.join)
	default:
		c.asked = true
		person := c.person.name
		if c.rival != nil {
			person = c.rival.person(person)
		}
		c.record.joining(person, c.person.token != "")
		frame := "join:" + c.person.name
		if c.person.token != "" {
			frame += ":" + c.person.token
		}
		c.socket.say(frame)
	}
}

// refusedJoin tries again; whose token was in an answer that never came becomes somebody else.
func (c *client) refusedJoin(code string) {
	c.asked = false
	if code == "name_taken" && c.rival != nil {
		c.run.count(nameTaken)
		c.rival.estrange(c)
	} else if code == "name_taken" {
		if c.taken++; c.taken >= 3 && c.person.token == "" {
			c.run.rename(c)
			return
		}
	}
	c.during(rejoinPause, "tries to join", c.join)
}

// welcome begins to talk: first what was not answered, again and in order.
func (c *client) welcome() {
	c.joined, c.taken = true, 0
	c.reenter()
	for _, m := range c.unacked {
		c.send(m)
	}
	if c.quiet {
		return
	}
	c.talk()
	c.wander()
	if c.rival != nil {
		c.rival.rejoice(c)
	} else {
		c.idle()
	}
}

func (c *client) leave(goodbye bool) {
	if goodbye {
		c.record.Parted = now()
	}
	s := c.socket
	s.drop(goodbye)
	c.record.Goodbye = goodbye
	away := maxAway
	if c.rival != nil {
		away = maxAloof
	}
	c.during(away, "comes back", c.arrive)
}

func (c *client) stall(on bool) {
	if c.socket != nil {
		c.record.stall(on)
		c.socket.stall(on)
	}
}

// hush has the client only finish what it has begun.
func (c *client) hush() {
	c.quiet = true
	c.stall(false)
}

// settled says whether it is there, in all its rooms, and has all answers.
func (c *client) settled() bool { return c.joined && len(c.unacked) == 0 && c.rooms.Settled() }
