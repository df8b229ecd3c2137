package check

import (
	"fmt"
	"slices"
)

// passage is one log as one connection received it.
type passage struct {
	conn    *Connection
	promise int
	base    int64   // what is not newer was not asked for
	known   []int64 // the places of all messages there are, in order
	got     map[int64]bool
	last    int64 // the newest place received
	missing int   // index in known of the first place that is not accounted for yet
}

// start sets the passage to begin behind base.
func (p *passage) start(base int64) {
	p.base, p.last = base, base
	p.missing, _ = slices.BinarySearch(p.known, base+1)
}

// receive takes the next message; it returns the violation of order, if there is one.
func (c *checker) receive(p *passage, place, at int64) {
	c.report.checked(p.promise, 1)
	v := Violation{Client: p.conn.Client, Conn: p.conn.Number, ID: place, At: at}
	switch {
	case p.got[place] || place <= p.base:
		v.Kind = Double
		if place <= p.base {
			v.Note = fmt.Sprintf("it had resumed behind %d", p.base)
		}
		c.report.failed(p.promise, v)
		return
	case place < p.last:
		v.Kind, v.Note = Reorder, fmt.Sprintf("after %d", p.last)
		c.report.failed(p.promise, v)
	default:
		c.passOver(p, place, at)
		p.last = place
	}
	p.got[place] = true
}

// passOver accounts for all that is known before place: from now on it would come too late.
func (c *checker) passOver(p *passage, place, at int64) {
	for ; p.missing < len(p.known) && p.known[p.missing] < place; p.missing++ {
		id := p.known[p.missing]
		if p.got[id] {
			continue
		}
		if c.excusesHole(id, at) {
			c.report.excused(p.promise)
			continue
		}
		c.report.failed(p.promise, Violation{Kind: Hole, Client: p.conn.Client, Conn: p.conn.Number, ID: id, At: at,
			Note: fmt.Sprintf("on node %s, between %d and %d", p.conn.Node, p.last, place)})
	}
	if p.missing < len(p.known) && p.known[p.missing] == place {
		p.missing++
	}
}

// end accounts for the rest on a connection that lived to the end.
func (c *checker) end(p *passage) {
	if p.conn.Closed == 0 && len(p.known) > 0 {
		c.passOver(p, p.known[len(p.known)-1]+1, c.End)
	}
}

// checkFeeds: every connection gets every public message after its cursor, each once, in order.
func (c *checker) checkFeeds() {
	hashes := make(map[int64]uint64, len(c.public))
	for id, e := range c.stored {
		hashes[id] = e.Hash
	}
	for _, conn := range c.Connections {
		c.checkFeed(conn, hashes)
	}
	c.checkOneOrder()
	if c.LogsUnread {
		return
	}
	for _, id := range c.public {
		if c.stored[id] != nil || id <= c.Logs.Floor {
			continue
		}
		if c.excusesLoss(id, id) {
			c.report.excused(OneOrder)
			continue
		}
		c.report.failed(OneOrder, Violation{Kind: Vanished, ID: id})
	}
}

func (c *checker) checkFeed(conn *Connection, hashes map[int64]uint64) {
	p := &passage{conn: conn, promise: OneOrder, known: c.public, got: make(map[int64]bool)}
	begun := false
	for i := range conn.Events {
		e := &conn.Events[i]
		switch e.Kind {
		case Init:
			p.start(c.feedBase(conn, i))
			begun = true
		case Recalled, Msg:
			if !begun {
				continue
			}
			if h, seen := hashes[e.ID]; !seen {
				hashes[e.ID] = e.Hash
			} else if h != e.Hash {
				c.report.failed(OneOrder, Violation{Kind: OtherBytes, Client: conn.Client, Conn: conn.Number, ID: e.ID, At: e.At})
			}
			c.receive(p, e.ID, e.At)
		}
	}
	if begun {
		c.end(p)
	}
}

// feedBase is the place behind which a connection must miss nothing: where it resumed, or else the oldest message that
// init showed; with nothing shown, the cursor. Who resumes and is told of a gap may get what is kept as ordinary messages.
func (c *checker) feedBase(conn *Connection, initAt int) int64 {
	init := &conn.Events[initAt]
	rest := conn.Events[initAt+1:]
	if conn.Since != None && !init.Truncated {
		return conn.Since
	}
	if len(rest) > 0 && rest[0].Kind == Recalled {
		return rest[0].ID - 1
	}
	if i := slices.IndexFunc(rest, func(e Event) bool { return e.Kind == Msg }); conn.Since != None && i >= 0 {
		return rest[i].ID - 1
	}
	return init.Cursor
}

// checkOneOrder looks for two connections that saw the same two messages in different orders.
func (c *checker) checkOneOrder() {
	type pair struct{ earlier, later int64 }
	inverted := make(map[pair]*Connection) // later came first
	for _, conn := range c.Connections {
		eachInversion(conn, func(earlier, later int64) { inverted[pair{earlier, later}] = conn })
	}
	for pr, conn := range inverted {
		for _, other := range c.Connections {
			if other != conn && sawInOrder(other, pr.earlier, pr.later) {
				c.report.failed(OneOrder, Violation{Kind: OtherOrder, Client: conn.Client, Conn: conn.Number, ID: pr.earlier,
					Note: fmt.Sprintf("connection %d saw it before %d", other.Number, pr.later)})
				break
			}
		}
	}
}

func eachInversion(conn *Connection, tell func(earlier, later int64)) {
	var last int64
	for i := range conn.Events {
		if e := &conn.Events[i]; e.Kind == Msg || e.Kind == Recalled {
			if e.ID < last {
				tell(e.ID, last)
			}
			last = e.ID
		}
	}
}

func sawInOrder(conn *Connection, first, second int64) bool {
	seen := false
	for i := range conn.Events {
		if e := &conn.Events[i]; e.Kind == Msg || e.Kind == Recalled {
			if e.ID == second {
				return seen
			}
			seen = seen || e.ID == first
		}
	}
	return false
}
