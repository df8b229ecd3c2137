package actors

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// gatherLimit is how many entries wait for the next wave at most; beyond, the
	// sessions notice the hole and read them from the tail, in their own time.
	gatherLimit = 4096
	// openPatience is how long a connection waits for its first frame while the log
	// can't be read; then it opens without history.
	openPatience = time.Second
	// ClockSkew is how far this node's clock and Redis's may be apart. Ids may be further
	// ahead: by 2 s, after Redis has lost data.
	ClockSkew = time.Minute
)

// channel is what the room and the dm actors have in common: a log that is kept in
// step, and the sessions that are told of it. Its methods run inside the actor
// that has it.
type channel struct {
	chat *Chat
	feed feed
	audience
	surf
	fresh []Entry // what the next wave tells
	prev  int64   // the log's newest id before fresh
	// opening are the entered connections whose first frame waits for the log.
	opening map[uint64]*Enter
	history int // entries that a first frame shows without a cursor
	// roster is who is present; only in the room.
	roster *roster
	lapsed bool // more came than the next wave may hold
	timed  stopwatch
}

// subscribe asks the bridge for the log's events; Linked follows.
func (c *channel) subscribe(ctx actor.Context) {
	ctx.Send(c.chat.bridge, &Subscribe{Log: c.feed.log, To: ctx.Self()})
}

// bridgeStarted asks a bridge that knows nothing for all that was asked before.
func (c *channel) bridgeStarted(ctx actor.Context) {
	c.feed.reading = false
	c.subscribe(ctx)
	for _, e := range c.inTurn() {
		c.readFor(ctx, e)
	}
}

// missed is told when events were shed, and when they flow anew: what came between
// is a hole like any other.
func (c *channel) missed(ctx actor.Context) {
	if c.feed.hole() {
		c.read(ctx)
	}
}

func (c *channel) read(ctx actor.Context) {
	after, limit := c.feed.nextRead()
	ctx.Send(c.chat.bridge, &Read{To: ctx.Self(), Log: c.feed.log, After: after, Limit: limit})
}

// advance takes an event; in order: a hole before it is read first.
func (c *channel) advance(ctx actor.Context, e *Appended) {
	prev := c.feed.tail.last
	fresh, read := c.feed.appended(e)
	c.gather(prev, fresh)
	if read {
		c.read(ctx)
	}
}

// recalled takes what was read, for the feed or for a connection that opens.
func (c *channel) recalled(ctx actor.Context, r *Recalled) {
	if r.Reader != 0 {
		c.open(ctx, r)
		return
	}
	if !c.feed.reading {
		return // an answer that a restart has made pointless
	}
	wasKnown, wasUnsure, prev := c.feed.tail.known, c.feed.tail.unsure > 0, c.feed.tail.last
	healed, lost := c.feed.healed, c.feed.lost
	fresh, read := c.feed.recalled(r)
	switch {
	case !wasKnown:
		c.nowKnown(ctx)
	case c.feed.lost > lost:
		// There is a hole before fresh, and perhaps in it: sessions see for themselves whether
		// they are past it.
		c.fresh, c.lapsed = nil, true
	default:
		c.gather(prev, fresh)
	}
	if wasKnown && wasUnsure && c.feed.tail.unsure == 0 {
		c.openAll(ctx)
	}
	c.chat.metrics.HolesHealed.Add(float64(c.feed.healed - healed))
	c.chat.metrics.HolesLost.Add(float64(c.feed.lost - lost))
	if read {
		c.read(ctx)
	}
}

// gather adds entries to what the next wave tells.
func (c *channel) gather(prev int64, fresh []Entry) {
	if len(c.fresh)+len(fresh) > gatherLimit {
		c.fresh, c.lapsed = nil, true // a hole that sessions close from the tail
		return
	}
	if len(c.fresh) == 0 {
		c.prev = prev
	}
	c.fresh = append(c.fresh, fresh...)
}

// flush tells what waits in one wave: presence, then entries. While a wave is
// under way, or the pause after it, what comes waits for its end.
func (c *channel) flush(ctx actor.Context) {
	if !c.idle() {
		return
	}
	var news []byte
	if c.roster != nil {
		news = c.roster.news(time.Now(), c.size(), len(c.fresh) > 0)
	}
	if c.lapsed {
		c.lapsed = false
		c.tell(ctx, &Nudge{})
	}
	entries, prev := c.fresh, c.prev
	c.fresh = nil
	if len(entries)+len(news) == 0 || c.size() == 0 {
		c.measure()
		return
	}
	w := newWave(c.feed.log, prev, entries, news, c.size(), c.begin(c.chat, ctx.Self()))
	if c.roster != nil {
		w.Version, w.Before = c.roster.version, c.roster.before
	}
	c.tell(ctx, w)
}

// waveOver and restOver let the next wave go.
func (c *channel) waveOver(ctx actor.Context, m *waveOver) {
	next := c.over(c.chat, ctx.Self(), m.number, c.people())
	c.measure()
	if next {
		c.flush(ctx)
	}
}

// people is how many the log's talk is for: those who are present anywhere, or who
// listen here.
func (c *channel) people() int {
	if c.roster == nil {
		return c.size()
	}
	return max(len(c.roster.told), c.size())
}

func (c *channel) restOver(ctx actor.Context, m *restOver) {
	if c.rested(m.number) {
		c.flush(ctx)
	}
}

// enter admits a session, and opens its connection if that is what it wants.
func (c *channel) enter(ctx actor.Context, e *Enter) {
	if e.Conn.closed.Load() {
		return // its Gone may be handled already
	}
	if !e.Opening {
		c.admit(e.Conn.ID, e.Session)
		c.nudge(ctx, e.Session, e.Cursor)
		return
	}
	switch {
	case !c.feed.tail.known, c.feed.tail.unsure > 0 && e.Cursor == Newest:
		c.wait(e)
	case e.Cursor == Newest:
		entries, cursor := c.feed.tail.newest(c.history)
		c.opened(ctx, e, entries, max(cursor, c.lastOf(entries)), false)
	case c.feed.tail.covers(e.Cursor):
		entries := oldestWithin(c.feed.tail.since(e.Cursor, openLimit), openBytes)
		c.opened(ctx, e, entries, max(e.Cursor, c.lastOf(entries)), false)
	default:
		c.wait(e)
		c.readFor(ctx, e)
	}
}

func (c *channel) lastOf(entries []Entry) int64 {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].ID
}

func (c *channel) wait(e *Enter) {
	if c.opening == nil {
		c.opening = make(map[uint64]*Enter)
	}
	if e.at.IsZero() {
		e.at = time.Now()
	}
	c.opening[e.Conn.ID] = e
}

// inTurn gives the connections that wait, the oldest first.
func (c *channel) inTurn() []*Enter {
	return slices.SortedFunc(maps.Values(c.opening), func(a, b *Enter) int { return cmp.Compare(a.Conn.ID, b.Conn.ID) })
}

// forget takes out a connection that waits no more.
func (c *channel) forget(conn uint64) {
	if delete(c.opening, conn); len(c.opening) == 0 {
		c.opening = nil // an idle channel keeps no map
	}
}

// openPatient opens, without history, the connections that have waited too long
// for a log that can't be read. A new one goes on from a place that is surely before all
// that is stored from now on, for where the log's end is nobody knows.
func (c *channel) openPatient(ctx actor.Context, now time.Time) {
	for _, e := range c.inTurn() {
		if now.Sub(e.at) < openPatience {
			continue
		}
		if e.Cursor == Newest {
			e.Cursor = now.Add(-ClockSkew).UnixMicro()
		}
		c.opened(ctx, e, nil, e.Cursor, true)
	}
}

// readFor reads from the log what a connection resumes with. Many at the same
// place are one read: the bridge asks Redis once for equal questions.
func (c *channel) readFor(ctx actor.Context, e *Enter) {
	if c.feed.tail.known && e.Cursor != Newest {
		ctx.Send(c.chat.bridge, &Read{To: ctx.Self(), Log: c.feed.log, After: e.Cursor, Limit: openLimit, Reader: e.Conn.ID})
	}
}

// open answers a connection that resumes with what was read for it.
func (c *channel) open(ctx actor.Context, r *Recalled) {
	e := c.opening[r.Reader]
	if e == nil {
		return
	}
	entries := oldestWithin(r.Entries, openBytes)
	cursor := max(e.Cursor, c.lastOf(entries))
	if !r.More && len(entries) == len(r.Entries) {
		cursor = max(cursor, r.Trimmed) // before it there is nothing more
	}
	c.opened(ctx, e, entries, cursor, r.Trimmed > e.Cursor)
}

// opened answers and admits: waves go on from cursor, or the session catches up.
func (c *channel) opened(ctx actor.Context, e *Enter, entries []Entry, cursor int64, truncated bool) {
	c.forget(e.Conn.ID)
	for len(entries) > 0 && entries[0].ID <= e.Floor {
		entries = entries[1:]
	}
	c.admit(e.Conn.ID, e.Session)
	opened := &Opened{
		Log: c.feed.log, Entries: entries, Cursor: cursor, Truncated: truncated,
		Newest: max(c.feed.tail.last, cursor),
	}
	if c.roster != nil {
		opened.Members, opened.Version = c.roster.opening(), c.roster.version
	}
	ctx.Send(e.Session, opened)
}

// nowKnown opens all connections that waited for the log.
func (c *channel) nowKnown(ctx actor.Context) {
	c.openAll(ctx)
	c.tell(ctx, &Nudge{})
}

// openAll opens the connections that waited for the tail.
func (c *channel) openAll(ctx actor.Context) {
	for _, e := range c.inTurn() {
		c.enter(ctx, e)
	}
}

// restored is told when entries were put back into the log.
func (c *channel) restored(ctx actor.Context, m *Restored) {
	if c.feed.restored(m.Upto) {
		c.read(ctx)
	}
}

// nudge lets a session that entered again notice what it has missed.
func (c *channel) nudge(ctx actor.Context, session *actor.PID, cursor int64) {
	if cursor < c.feed.tail.last {
		ctx.Send(session, &Nudge{})
	}
}

// catchUp answers with what the tail holds, or has the bridge answer.
func (c *channel) catchUp(ctx actor.Context, m *CatchUp) {
	t := c.feed.tail
	if !t.known {
		return // nowKnown tells it again
	}
	if !t.covers(m.Cursor) {
		ctx.Send(c.chat.bridge, &Read{To: m.Session, Log: c.feed.log, After: m.Cursor, Limit: chunkLimit})
		return
	}
	entries := oldestWithin(t.since(m.Cursor, chunkLimit), chunkBytes)
	ctx.Send(m.Session, &Chunk{Log: c.feed.log, Entries: entries, Caught: max(m.Cursor, c.lastOf(entries)) >= t.last})
}
