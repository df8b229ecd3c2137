package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"parley/actors"
	"parley/drill/check"
	"parley/drill/rig"
)

const (
	// meanPause lies between two messages of a client, meanWhim between two things it does
	// besides talking; both on average.
	meanPause = 1500 * time.Millisecond
	meanWhim  = 8 * time.Second
	// maxAway and maxStall bound how long it is gone and does not read. The server hangs up on
	// who does not read for 30 s.
	maxAway  = 6 * time.Second
	maxStall = 40 * time.Second
	// Who was cut off comes back after a random part of backoff.
	backoff = time.Second
	// rejoinPause is the wait after a join that was refused.
	rejoinPause = 500 * time.Millisecond
	// maxUnacked bounds what a client says before it is answered.
	maxUnacked = 32
	// Of a hundred messages so many are private, without a reference, and wrong on purpose; of a
	// hundred times that it speaks, it says a whole series as often as seriesPercent.
	privatePercent = 30
	reflessPercent = 5
	wrongPercent   = 3
	seriesPercent  = 5
	longestSeries  = 12
)

// message is something a client wants to have said, until it is answered.
type message struct {
	ref, to, text, frame string
	bare                 bool // the frame bears no ref: answered by nothing but an error
}

// refOf is the ref that a text of that user begins with, empty where it isn't one of ours.
func refOf(user, text string) string {
	ref, _, found := strings.Cut(text, " ")
	if !found || !strings.HasPrefix(ref, user+"-") {
		return ""
	}
	return ref
}

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
	number int // among the person's
	rand   *rand.Rand

	socket *socket // nil while it is away
	record *record
	opened bool
	joined bool
	asked  bool // a join is on its way
	taken  int  // times in a row that the name was somebody else's

	since, dmSince int64
	unacked        []message
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
	nodes := c.run.open()
	if len(nodes) == 0 {
		c.during(backoff, "finds no node", c.arrive)
		return
	}
	n := nodes[c.rand.IntN(len(nodes))]
	c.record = c.run.newRecord(c, n)
	c.opened, c.joined, c.asked = false, false, false
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
	c.run.closes[code]++
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
	switch f.Type {
	case "msg":
		c.since = max(c.since, f.ID)
	case "dm":
		c.dmSince = max(c.dmSince, f.Cursor)
	case "init":
		c.resumedFeed(f)
		c.opened = true
		c.join()
	case "joined":
		c.resumedInbox(f)
		c.welcome()
	case "ack":
		c.answered(f.Ref)
	case "error":
		if f.Ref != "" {
			c.answered(f.Ref)
		} else if !c.joined {
			c.refusedJoin(f.Code)
		}
	}
}

// join asks for the name. Of a person's clients the first has the token; the others wait for it.
func (c *client) join() {
	switch {
	case c.joined || c.asked || c.socket == nil:
	case c.number > 1 && c.person.token == "":
		c.during(rejoinPause, "waits for the token", c.join)
	default:
		c.asked = true
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
	if code == "name_taken" {
		c.run.taken++
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
	for _, m := range c.unacked {
		c.send(m)
	}
	if !c.quiet {
		c.talk()
		c.idle()
	}
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
	if len(c.unacked) >= maxUnacked {
		return
	}
	to := ""
	if c.rand.IntN(100) < privatePercent {
		to = c.run.someone(c.rand).name
	}
	c.seq++
	ref := fmt.Sprintf("%s-%d_%d", c.person.name, c.number, c.seq)
	m := message{ref: ref, to: to, text: ref + " " + fillers[c.rand.IntN(len(fillers))]}
	from, verb := c.person.name, "msg"
	if to != "" {
		verb, to = "dm", to+":"
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

func (c *client) leave(goodbye bool) {
	if goodbye {
		c.record.Parted = now()
	}
	s := c.socket
	s.drop(goodbye)
	c.record.Goodbye = goodbye
	c.during(maxAway, "comes back", c.arrive)
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

// settled says whether it is there, and has all answers.
func (c *client) settled() bool { return c.joined && len(c.unacked) == 0 }

// resumedFeed moves the place in the public log: to the newest message shown, or, where
// nothing is shown, to where init says that reading goes on.
func (c *client) resumedFeed(f rig.Frame) {
	var init struct {
		History   []rig.Message
		Truncated bool
	}
	_ = f.Decode(&init) // not JSON: no place to move to
	if n := len(init.History); n > 0 {
		c.since = max(c.since, init.History[n-1].ID)
	}
	if c.since == check.None || len(init.History) == 0 && init.Truncated {
		c.since = max(c.since, f.Cursor)
	}
}

// resumedInbox likewise; it also takes the token.
func (c *client) resumedInbox(f rig.Frame) {
	var joined struct {
		Token string
		DMs   []rig.Message `json:"dms"`
	}
	_ = json.Unmarshal(f.Raw, &joined) // not JSON: no place to move to
	if joined.Token != "" {
		c.person.token = joined.Token
	}
	if n := len(joined.DMs); n > 0 {
		c.dmSince = max(c.dmSince, joined.DMs[n-1].Cursor)
	}
	if c.dmSince == check.None || len(joined.DMs) == 0 { // nothing is before it that is still shown
		c.dmSince = max(c.dmSince, f.Cursor)
	}
}
