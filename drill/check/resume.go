package check

import (
	"fmt"
	"slices"
)

const (
	// newestShown is how many messages a connection without a cursor is shown, of the public log (HISTORY_SIZE) and of its inbox.
	newestShown = 20

	// openPatience is how long a first frame waits for a log that can't be read; then it says truncated.
	openPatience = second
)

// opening is the frame that begins a log on a connection, init or joined, with what it tells.
type opening struct {
	*Event
	since int64   // what was asked for
	told  []int64 // the places of the messages in it
}

// openings are what begins a log on a connection: one, if all is well.
func (c *checker) openings(p *passage, begins, recalled Kind) map[int]opening {
	found := make(map[int]opening)
	events := p.conn.Events
	for i := range events {
		if events[i].Kind != begins {
			continue
		}
		o := opening{Event: &events[i], since: p.conn.Since}
		if begins == Joined {
			o.since = p.conn.DMSince
		}
		for j := i + 1; j < len(events) && (events[j].Kind == recalled || events[j].said()); j++ {
			if events[j].Kind == recalled {
				o.told = append(o.told, events[j].place())
			}
		}
		if len(found) > 0 {
			c.report.failed(p.promise, Violation{Kind: BegunTwice, Client: p.conn.Client, Conn: p.conn.Number, At: o.At})
		}
		found[i] = o
	}
	return found
}

// shown is how many messages a connection must be shown without a cursor; other people's servers may have other settings.
func (c *checker) shown() int {
	if c.Strangers {
		return 0
	}
	return newestShown
}

// begin sets the passage to what a connection must get from its opening on: what came after its cursor, or else the newest
// messages that there were; of an inbox, only what came since its person has had the name (own). That something is
// truncated excuses nothing by itself: what was missed has to be lost, or trimmed.
func (p *passage) begin(o opening, shown int, own int64) {
	p.opening, p.started, p.own = o, true, own
	switch {
	case o.since != None:
		p.base = o.since
		p.missing = p.after(o.since)
	case len(o.told) > 0:
		p.base = o.told[0] - 1
		p.missing = min(p.after(p.base), max(0, p.after(o.Cursor)-shown))
	case o.Truncated: // nothing was read: what is said from now on
		p.base = o.Cursor
		p.missing = p.after(max(o.Cursor, o.At))
	default:
		p.base = o.Cursor
		p.missing = max(0, p.after(o.Cursor)-shown)
	}
	if len(o.told) > 0 {
		own = min(own, o.told[0]-1)
	}
	p.missing = max(p.missing, p.after(own))
	p.last = p.base
}

// after is the index of the first place behind one.
func (p *passage) after(place int64) int {
	i, _ := slices.BinarySearch(p.known, place+1)
	return i
}

// checkTruncated: truncated is told where something is no longer kept, and nowhere else: or a server that always says so
// would have an excuse for all that it left out.
func (c *checker) checkTruncated(p *passage) {
	o := p.opening
	c.report.checked(p.promise, 1)
	if !o.Truncated || o.At-p.conn.Opened >= openPatience || c.keptLess(p) {
		return
	}
	c.report.failed(p.promise, Violation{Kind: Untruncated, Client: p.conn.Client, Conn: p.conn.Number, At: o.At,
		Note: fmt.Sprintf("it resumed behind %d on node %s", o.since, p.conn.Node)})
}

// keptLess says whether the log had trimmed or lost anything of what was asked for.
func (c *checker) keptLess(p *passage) bool {
	o := p.opening
	if o.since == None { // the newest are shown, of what there is
		_, lost := c.lossAt(o.At)
		return lost
	}
	if c.trimmed(p, o.since+1, max(o.At, o.Cursor)) {
		return true
	}
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		if p.promise == DirectMessages && f.Start <= o.At && c.claimLost(p.conn.Client, f, o.At) {
			return true // what came before the claim that followed is not shown
		}
		if f.Start > o.At || o.since > f.End {
			return false
		}
		if p.promise != OneOrder || c.Room != "" || o.At <= f.End+writeBackTime {
			return true // an inbox, or a room, is written back in parts, by many
		}
		return c.beyondTails(o.since+1, f) || c.heldByTheDead(f.Start, f)
	})
}

// trimmed says whether a log need not keep what was said at that place any more, at a time; where the log was known to
// end behind it, at its end.
func (c *checker) trimmed(p *passage, place, at int64) bool {
	keep := c.Logs.Keep
	floor := c.Logs.Floor
	if p.promise == DirectMessages {
		keep, floor = inboxTail, c.Logs.InboxFloors[p.conn.Client]
	}
	if place <= floor {
		return true
	}
	return keep > 0 && p.after(at)-p.after(place-1)+c.aheadOf(p, at) > keep
}

// aheadMost is how far ids are ahead of the clock at most: some seconds, for each loss of data.
const aheadMost = 30 * second

// aheadOf is how many messages of a log may have been in it at a time behind the place that is that time's: they were said
// by then, and their ids are ahead of the clock.
func (c *checker) aheadOf(p *passage, at int64) int {
	if p.counted != at {
		p.counted, p.ahead = at, 0
		for _, place := range p.known[p.after(at):p.after(at+aheadMost)] {
			if said := c.saidAt(p, place); said != 0 && said <= at {
				p.ahead++
			}
		}
	}
	return p.ahead
}

// checkCursor: the cursor that init tells is a message's, or who resumes from there would miss some and never know.
func (c *checker) checkCursor(p *passage) {
	o := p.opening
	if o.Cursor <= max(o.since, 0) || c.Strangers || len(c.losses) > 0 && c.losses[0].Start <= o.At {
		return
	}
	c.report.checked(p.promise, 1)
	if _, found := slices.BinarySearch(p.known, o.Cursor); !found && !c.trimmed(p, o.Cursor, max(o.At, o.Cursor)) {
		c.report.failed(p.promise, Violation{Kind: WrongCursor, Client: p.conn.Client, Conn: p.conn.Number, ID: o.Cursor, At: o.At})
	}
}
