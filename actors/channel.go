package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// gatherLimit is how many entries wait for the next wave at most; beyond, the
// sessions notice the hole and read them from the tail, in their own time.
const gatherLimit = 4096

// channel is what the room and the dm actors have in common: a log that is kept in
// step, and the sessions that are told of it. Its methods run inside the actor
// that has it.
type channel struct {
	chat  *Chat
	place *place
	feed  feed
	audience
	surf
	fresh []protocol.Entry // what the next wave tells
	prev  int64            // the log's newest id before fresh
	// opening are the entered connections whose first frame waits for the log.
	opening map[uint64]*enter
	// roster is who is present; only in the room.
	roster *roster
	lapsed bool // more came than the next wave may hold
	timed  stopwatch
}

// newChannel is of a log of that chat; a room's name is spelled so.
func newChannel(chat *Chat, log Log, spelled string) channel {
	book := chat.books.of(log, spelled)
	return channel{
		chat: chat, place: book.place, roster: book.roster,
		feed: feed{log: log, tail: book.tail, first: log.first(book.tail.limit)},
	}
}

// receive does what every log's actor does with its messages.
func (c *channel) receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *enter:
		c.enter(ctx, m)
	case *catchUp:
		c.catchUp(ctx, m)
	case *gone:
		c.dismiss(m.Conn.ID)
		c.forget(m.Conn.ID)
	case *Appended:
		c.advance(ctx, m)
	case *Recalled:
		c.recalled(ctx, m)
	case *Restored:
		c.restored(ctx, m)
	case *Linked, *engine.Missed:
		c.missed(ctx)
	case *BridgeStarted:
		c.bridgeStarted(ctx)
	case *RedisChanged:
		c.handBack(ctx)
	case *waveOver:
		c.waveOver(ctx, m)
	case *restOver:
		c.restOver(ctx, m)
	}
}

// subscribe asks the bridge for the log's events; Linked follows.
func (c *channel) subscribe(ctx actor.Context) {
	ctx.Send(c.chat.bridge, &Subscribe{Log: c.feed.log, To: ctx.Self()})
}

// bridgeStarted asks a bridge that knows nothing for all that was asked before.
func (c *channel) bridgeStarted(ctx actor.Context) {
	c.feed.hole.reading = false
	c.subscribe(ctx)
	for _, e := range c.inTurn() {
		c.readFor(ctx, e)
	}
}

// missed is told when events were shed, and when they flow anew: what came between
// is a hole like any other.
func (c *channel) missed(ctx actor.Context) {
	if c.feed.hole.open() {
		c.read(ctx)
	}
}

func (c *channel) read(ctx actor.Context) {
	after, limit := c.feed.nextRead()
	ctx.Send(c.chat.bridge, &Read{To: ctx.Self(), Log: c.feed.log, After: after, Limit: limit})
}

// advance takes an event; in order: a hole before it is read first.
func (c *channel) advance(ctx actor.Context, e *Appended) {
	c.time(e)
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
	if !c.feed.hole.reading {
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
func (c *channel) gather(prev int64, fresh []protocol.Entry) {
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
		c.openTold(ctx)
	}
	if c.lapsed {
		c.lapsed = false
		c.tell(ctx, &nudge{})
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

// listensNobody says that nobody listens, nor waits to.
func (c *channel) listensNobody() bool { return c.size() == 0 && c.opening == nil }

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

// restored is told when entries were put back into the log.
func (c *channel) restored(ctx actor.Context, m *Restored) {
	if c.feed.restored(m.Upto) {
		c.read(ctx)
	}
}

// nudge lets a session that entered again notice what it has missed.
func (c *channel) nudge(ctx actor.Context, session *actor.PID, cursor int64) {
	if cursor < c.feed.tail.last {
		ctx.Send(session, &nudge{})
	}
}

// catchUp answers with what the tail holds, or has the bridge answer.
func (c *channel) catchUp(ctx actor.Context, m *catchUp) {
	t := c.feed.tail
	if !t.known {
		return // nowKnown tells it again
	}
	if !t.covers(m.Cursor) {
		ctx.Send(c.chat.bridge, &Read{To: m.Conn.pid, Log: c.feed.log, After: m.Cursor, Limit: chunkLimit})
		return
	}
	entries := protocol.OldestWithin(t.since(m.Cursor, chunkLimit), chunkBytes)
	ctx.Send(m.Conn.pid, &Recalled{
		Read:    Read{Log: c.feed.log, After: m.Cursor},
		Entries: entries, Newest: t.last, More: max(m.Cursor, lastID(entries)) < t.last,
	})
}
