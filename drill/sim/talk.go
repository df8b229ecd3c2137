package sim

import (
	"fmt"
	"strings"
	"time"
)

const (
	// meanPause lies between two messages of a client, meanWhim between two things it does
	// besides talking; both on average.
	meanPause = 1500 * time.Millisecond
	meanWhim  = 8 * time.Second
	// maxUnacked bounds what a client says before it is answered.
	maxUnacked = 32
	// Of a hundred messages so many are private, without a reference, and wrong on purpose; of a
	// hundred times that it speaks, it says a whole series as often as seriesPercent.
	privatePercent = 30
	// Of those that are not private so many are said in a room, if the client is in one.
	roomPercent    = 75
	reflessPercent = 5
	wrongPercent   = 3
	seriesPercent  = 5
	longestSeries  = 12
)

// message is something a client wants to have said, until it is answered.
type message struct {
	ref, to, room, text, frame string
	bare                       bool // the frame bears no ref: answered by nothing but an error
}

func (c *client) talk() {
	c.during(c.around(meanPause), "speaks", func() {
		if c.quiet {
			return
		}
		n := 1
		if c.rand.IntN(100) < seriesPercent {
			n += c.rand.IntN(longestSeries)
		}
		for range n {
			c.speak()
		}
		c.talk()
	})
}

func (c *client) speak() {
	if len(c.unacked) < maxUnacked {
		c.say()
	}
}

// say says one new thing.
func (c *client) say() {
	to, room := "", ""
	if c.rand.IntN(100) < privatePercent {
		to = c.run.someone(c.rand).name
	} else {
		room = c.somewhere()
	}
	c.seq++
	ref := c.ref()
	m := message{ref: ref, to: to, room: room, text: ref + " " + fillers[c.rand.IntN(len(fillers))]}
	from, verb := c.person.name, "msg"
	switch {
	case to != "":
		verb, to = "dm", to+":"
	case room != "":
		verb, to = "room", room+":"
	}
	switch p := c.rand.IntN(100); {
	case p < wrongPercent:
		m.frame = verb + "#" + ref + ":" + from + "-not-me:" + to + m.text
		c.send(m)
		return
	case p < wrongPercent+reflessPercent:
		m.bare, m.frame = true, verb+":"+from+":"+to+m.text
		c.send(m) // it may be stored, once, or not
		return
	}
	m.frame = verb + "#" + ref + ":" + from + ":" + to + m.text
	c.unacked = append(c.unacked, m)
	c.send(m)
}

// ref is unique among those of its name.
func (c *client) ref() string { return fmt.Sprintf("%s-%d_%d", c.person.name, c.number, c.seq) }

// flood says far too much at once: a burst is let through, some hundred frames more are refused,
// and then the connection ends. All of it is said again until it is answered.
func (c *client) flood() {
	c.run.count(flooded)
	n := shortFlood
	if c.rand.IntN(longFlood) == 0 {
		n *= longFlood
	}
	for range n {
		c.say()
	}
}

const (
	// shortFlood is beyond the burst of a MESSAGE_RATE of 1; one flood of so many is so many
	// times as long, and beyond what is refused before a connection is cut off, too.
	shortFlood = 50
	longFlood  = 4
)

// fillers make texts differ in size: a few fill a client's buffers.
var fillers = []string{"hello", "two\nlines", "grüße ☃ 你好", strings.Repeat("long ", 60), strings.Repeat("very long ", 200)}

func (c *client) send(m message) {
	c.record.sent(m)
	c.socket.say(m.frame)
}

func (c *client) answered(ref string) {
	for i, m := range c.unacked {
		if m.ref == ref {
			c.unacked = append(c.unacked[:i:i], c.unacked[i+1:]...)
			return
		}
	}
}

// idle waits for a whim: to leave with a goodbye, to be cut off, or not to read.
func (c *client) idle() {
	c.during(c.around(meanWhim), "has a whim", func() {
		if c.quiet {
			return
		}
		if c.floods && c.rand.IntN(2) == 0 {
			c.flood()
			c.idle()
			return
		}
		switch c.rand.IntN(4) {
		case 0:
			c.leave(true)
		case 1:
			c.leave(false)
		default:
			c.stall(true)
			longest := maxStall
			if c.rand.IntN(3) > 0 {
				longest = maxAway
			}
			c.during(longest, "reads on", func() { c.stall(false); c.idle() })
		}
	})
}
