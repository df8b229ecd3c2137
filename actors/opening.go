package actors

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// How a connection enters a channel: with what the tail has for it, or with what is read for
// it; who can't be served yet waits, but not for long.

const (
	// openPatience is how long a connection waits for its first frame while the log
	// can't be read; then it opens without history.
	openPatience = time.Second
	// ClockSkew is how far this node's clock and Redis's may be apart. Ids may be further
	// ahead: by some seconds, after Redis has lost data.
	ClockSkew = time.Minute
)

// enter admits a session, and opens its connection if that is what it wants.
func (c *channel) enter(ctx actor.Context, e *enter) {
	if e.Conn.is(closed) {
		return // its gone may be handled already
	}
	if !e.Opening {
		c.admit(e.Conn.ID, e.Conn.pid)
		c.nudge(ctx, e.Conn.pid, e.Cursor)
		return
	}
	switch {
	case !c.feed.tail.known, c.feed.tail.unsure > 0 && e.Cursor == Newest, !c.lists(e):
		c.wait(e)
	case e.Cursor == Newest:
		entries, cursor := c.feed.tail.newest(c.chat.shown(c.feed.log))
		c.opened(ctx, e, entries, max(cursor, lastID(entries)), 0)
	case c.feed.tail.covers(e.Cursor):
		entries := protocol.OldestWithin(c.feed.tail.since(e.Cursor, openLimit), openBytes)
		c.opened(ctx, e, entries, max(e.Cursor, lastID(entries)), 0)
	default:
		c.wait(e)
		c.readFor(ctx, e)
	}
}

// lists says whether the list that the connection is to be shown has its own name, too. It is shown
// without where that takes too long.
func (c *channel) lists(e *enter) bool {
	return !c.feed.log.Named() || c.roster.shows(e.Name) || !e.at.IsZero() && time.Since(e.at) >= openPatience
}

// openTold opens the connections that waited for their names to be told to all.
func (c *channel) openTold(ctx actor.Context) {
	if !c.feed.log.Named() || !c.feed.tail.known {
		return
	}
	for _, e := range c.inTurn() {
		if c.roster.shows(e.Name) {
			c.enter(ctx, e)
		}
	}
}

func (c *channel) wait(e *enter) {
	if c.opening == nil {
		c.opening = make(map[uint64]*enter)
	}
	if e.at.IsZero() {
		e.at = time.Now()
	}
	c.opening[e.Conn.ID] = e
}

// inTurn gives the connections that wait, the oldest first.
func (c *channel) inTurn() []*enter {
	return slices.SortedFunc(maps.Values(c.opening), func(a, b *enter) int { return cmp.Compare(a.Conn.ID, b.Conn.ID) })
}

// forget takes out a connection that waits no more.
func (c *channel) forget(conn uint64) {
	if delete(c.opening, conn); len(c.opening) == 0 {
		c.opening = nil // an idle channel keeps no map
	}
}

// openPatient opens, without history, the connections that have waited too long
// for a log that can't be read. A new one goes on from a place that is surely before all
// that is stored from now on, for where the log's end is nobody knows. Who enters a room by its name
// waits for its log until the session gives up.
func (c *channel) openPatient(ctx actor.Context, now time.Time) {
	for _, e := range c.inTurn() {
		if now.Sub(e.at) < openPatience {
			continue
		}
		if c.feed.log.Named() {
			if c.feed.tail.known {
				c.enter(ctx, e)
			}
			continue
		}
		if e.Cursor == Newest {
			e.Cursor = now.Add(-ClockSkew).UnixMicro()
		}
		c.opened(ctx, e, nil, e.Cursor, unread)
	}
}

// readFor reads from the log what a connection resumes with. Many at the same
// place are one read: the bridge asks Redis once for equal questions.
func (c *channel) readFor(ctx actor.Context, e *enter) {
	if c.feed.tail.known && e.Cursor != Newest {
		ctx.Send(c.chat.bridge, &Read{To: ctx.Self(), Log: c.feed.log, After: e.Cursor, Limit: openLimit, Reader: e.Conn.ID})
	}
}

// open answers a connection that resumes with what was read for it.
func (c *channel) open(ctx actor.Context, r *Recalled) {
	e := c.opening[r.Reader]
	if e == nil || e.Cursor != r.After { // it was read for an earlier enter of the connection's
		return
	}
	entries := protocol.OldestWithin(r.Entries, openBytes)
	cursor := max(e.Cursor, lastID(entries))
	if !r.More && len(entries) == len(r.Entries) {
		cursor = max(cursor, r.Trimmed) // before it there is nothing more
	}
	lacked := r.Trimmed
	if lacked <= e.Cursor {
		lacked = 0
	}
	c.opened(ctx, e, entries, cursor, lacked)
}

// opened answers and admits: waves go on from cursor, or the session catches up.
func (c *channel) opened(ctx actor.Context, e *enter, entries []protocol.Entry, cursor, lacked int64) {
	c.forget(e.Conn.ID)
	for len(entries) > 0 && entries[0].ID <= e.Floor {
		entries = entries[1:]
	}
	c.admit(e.Conn.ID, e.Conn.pid)
	opened := &opened{
		place: c.place, Entries: entries, Cursor: cursor, Lacked: lacked,
		Newest: max(c.feed.tail.last, cursor),
	}
	if c.roster != nil {
		opened.Members, opened.Version = c.roster.opening(), c.roster.version
	}
	ctx.Send(e.Conn.pid, opened)
}

// nowKnown opens all connections that waited for the log.
func (c *channel) nowKnown(ctx actor.Context) {
	c.openAll(ctx)
	c.tell(ctx, &nudge{})
}

// openAll opens the connections that waited for the tail.
func (c *channel) openAll(ctx actor.Context) {
	for _, e := range c.inTurn() {
		c.enter(ctx, e)
	}
}
