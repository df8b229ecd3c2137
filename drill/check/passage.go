package check

import (
	"fmt"
	"slices"
)

// hearingTime is how much calm a connection has to hear what was said before it ended: a link that falls silent is made
// anew within 3 s, and a loaded machine needs its time.
const hearingTime = 10 * second

// passage is one log as one connection received it.
type passage struct {
	conn    *Connection
	promise int
	known   []int64 // the places of all messages there are, in order
	started bool
	opening opening
	base    int64 // what is not newer was not asked for
	got     map[int64]bool
	last    int64 // the newest place received
	missing int   // index in known of the first place that is not accounted for yet
	own     int64 // since when its person has surely had the name whose inbox this is; 0: always, or no inbox
	until   int64 // what was said later it need not have heard; 0: it lived to the end

	counted int64 // when aheadOf was asked last,
	ahead   int   // and what it said
}

// place is where a message stands in the log that the connection follows.
func (e *Event) place() int64 {
	if e.Kind == DM || e.Kind == RecalledDM {
		return e.Cursor
	}
	return e.ID
}

// receive takes the next message.
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
		if missed := p.known[p.missing]; !p.got[missed] {
			c.missed(p, missed, place, at)
		}
	}
	if p.missing < len(p.known) && p.known[p.missing] == place {
		p.missing++
	}
}

func (c *checker) missed(p *passage, missed, place, at int64) {
	v := Violation{Kind: Hole, Client: p.conn.Client, Conn: p.conn.Number, ID: missed, At: at,
		Note: fmt.Sprintf("on node %s, between %d and %d", p.conn.Node, p.last, place)}
	read, told := p.opening.At, max(p.opening.since, p.opening.Cursor)
	if len(p.got) == 0 { // it could not be read, and what was trimmed meanwhile can't be told either
		read = at
		if p.opening.At-p.conn.Opened >= openPatience {
			told = max(told, place) // nor of what follows, by a node that just began
		}
	}
	switch {
	case c.wasThere(p, missed): // its id is ahead of the clock
	case p.until != 0 && c.saidAt(p, missed) > p.until: // its id is behind the clock, which was set back
	case p.opening.Truncated && missed <= told && c.trimmed(p, missed, max(read, p.opening.Cursor)): // and it says so
	case c.lostFor(p, missed), c.excusesLate(p, missed, at), p.promise == OneOrder && c.excusesOld(p, missed, at),
		p.promise == DirectMessages && c.excusesLateLetter(p.conn.Client, missed, at):
		c.report.excused(p.promise)
	default:
		c.report.failed(p.promise, v)
	}
}

// lostFor says whether what is known at that place may be gone for good.
func (c *checker) lostFor(p *passage, place int64) bool {
	if p.promise == OneOrder {
		return c.stored[place] == nil && c.excusesLoss(place, c.knownSince(p, place))
	}
	user := p.conn.Client
	l, found := c.placed[user][place]
	return found && c.inboxes[user][place] == nil && c.excusesDirectLoss(user, l, place)
}

// end accounts for the rest: all of it on a connection that lived to the end, and on one that closed what it had the time
// to hear.
func (c *checker) end(p *passage) {
	if len(p.known) == 0 {
		return
	}
	if p.conn.Closed == 0 {
		c.passOver(p, p.known[len(p.known)-1]+1, c.End)
		return
	}
	until := c.restless(p.conn, settleTime).before(p.opening.At, p.conn.left(), hearingTime)
	p.until = until
	c.passOver(p, until, p.conn.left())
}

// wasThere says whether a direct message was sent, and in its inbox, before the connection's person had the name.
func (c *checker) wasThere(p *passage, place int64) bool {
	said := c.saidAt(p, place)
	return said != 0 && said < p.own && place <= p.opening.Cursor && (len(p.opening.told) == 0 || place < p.opening.told[0])
}

// ackedBefore says whether a direct message was surely stored before a time.
func (c *checker) ackedBefore(l letter, at int64) bool {
	s := c.letters[l]
	return s != nil && slices.ContainsFunc(s.acks, func(a ack) bool { return a.id == l.id && a.at <= at })
}

// saidAt is when a message that is stored was said first; 0: unknown.
func (c *checker) saidAt(p *passage, place int64) int64 {
	e := c.stored[place]
	if p.promise == DirectMessages {
		e = c.inboxes[p.conn.Client][place]
	}
	if e == nil {
		return 0
	}
	if s := c.sends[refKey{e.From, e.To, e.Ref}]; s != nil {
		return s.said
	}
	return 0
}
