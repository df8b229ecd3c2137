package actors

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// How a session follows its logs: compare with the cursor; on a hole, or after the
// socket was clogged, read on from the cursor. Waves, catching up and the log's
// own answers are one path.

// opened sends the connection's first frame, or goes on with a join.
func (s *session) opened(ctx actor.Context, m *Opened) {
	st := &s.conn.state
	if m.Log != Public {
		s.inboxOpened(ctx, m)
		return
	}
	if st.opened {
		return
	}
	st.opened = true
	st.public = cursor{at: m.Cursor, lossy: m.Truncated, resuming: s.conn.resume.Since != Newest && m.Cursor < m.Newest}
	st.version, st.membersStale = m.Version, false
	frame := initFrame(m.Members, m.Entries, m.Newest, m.Truncated)
	s.charge(len(frame))
	s.write(frame)
	s.behind(ctx, &st.public, Public, m.Newest)
}

// behind starts catching up if the log goes further than the cursor, or may: who was told of a
// hole was told of those up to where it has caught up, and of none that comes later.
func (s *session) behind(ctx actor.Context, c *cursor, log Log, newest int64) {
	if (c.at < newest || c.lossy) && !c.catching {
		s.catchUp(ctx, log)
	}
}

// forward is the hot path: a wave that follows the cursor goes out as it is, in one
// write that never waits, without a copy.
func (s *session) forward(ctx actor.Context, w *Wave) {
	defer w.handled()
	st := &s.conn.state
	if !st.opened || st.clogged {
		st.membersStale = st.membersStale || len(w.Presence) > 0
		return // Drained catches up
	}
	presence, all := w.Presence, w.All
	if len(presence) > 0 && st.version < w.Before && !st.membersStale {
		st.membersStale = true
		s.askMembers(ctx)
	}
	if st.membersStale { // a whole list is on its way, and changes are to it
		presence, all = nil, all[len(presence):]
	}
	if len(presence) > 0 {
		st.version = w.Version
	}
	c := s.cursorOf(w.Log)
	if c == nil {
		return
	}
	n := len(w.Entries)
	if n > 0 && c.at == w.Prev && !c.catching {
		s.offer(c, w.Entries, all, len(presence))
		return
	}
	s.write(presence)
	if n == 0 || st.clogged {
		return
	}
	last := w.Entries[n-1].ID
	switch {
	case c.catching:
		c.ahead = last
	case w.Prev > c.at:
		s.catchUp(ctx, w.Log)
	case last > c.at:
		from, skipped := 0, len(w.Presence)
		for w.Entries[from].ID <= c.at {
			skipped += len(w.Entries[from].Frame)
			from++
		}
		s.offer(c, w.Entries[from:], w.All[skipped:], 0)
	}
}

// offer writes entries, whose frames follow other frames of so many bytes, and moves
// the cursor to the last that the socket took.
func (s *session) offer(c *cursor, entries []Entry, frames []byte, before int) {
	taken := s.conn.socket.Offer(frames)
	n := len(entries)
	if taken < len(frames) {
		s.conn.state.clogged = true
		if taken < before {
			s.conn.state.membersStale = true
		}
		end := before
		for n = 0; n < len(entries); n++ {
			if end += len(entries[n].Frame); end > taken {
				break
			}
		}
	}
	if n > 0 {
		c.at = entries[n-1].ID
		s.chat.metrics.delivered(n)
	}
}

// scraps are buffers for frames that are not in one piece.
var scraps = sync.Pool{New: func() any { b := make([]byte, 0, chunkBytes); return &b }}

// deliver writes the entries after the cursor.
func (s *session) deliver(c *cursor, entries []Entry) {
	for len(entries) > 0 && entries[0].ID <= c.at {
		entries = entries[1:]
	}
	entries = oldestWithin(entries, chunkBytes)
	if len(entries) == 0 {
		return
	}
	scrap := scraps.Get().(*[]byte)
	frames := (*scrap)[:0]
	for _, e := range entries {
		frames = append(frames, e.Frame...)
	}
	if c.resuming {
		s.charge(len(frames))
	}
	s.offer(c, entries, frames, 0)
	*scrap = frames
	scraps.Put(scrap)
}

// cursorOf gives the cursor of a log that the connection follows, or nil.
func (s *session) cursorOf(log Log) *cursor {
	st := &s.conn.state
	switch {
	case log == Public:
		return &st.public
	case st.name == string(log):
		return &st.inbox
	default:
		return nil
	}
}

// debtPaid says that the address of a connection that resumes owes nothing any more.
type debtPaid struct {
	quiet
	log Log
}

// catchUp asks for what is after the cursor. Who resumes, and whose address was told more
// again than its budget holds, waits until that is paid: it gets everything, in its time.
func (s *session) catchUp(ctx actor.Context, log Log) {
	c := s.cursorOf(log)
	c.catching, c.ahead = true, 0
	if c.resuming {
		if debt := s.chat.budgets.bytes.Debt(s.conn.resume.Address, time.Now()); debt > 0 {
			self, root := s.conn.pid, ctx.ActorSystem().Root
			s.chat.after(debt, "resume", func() { root.Send(self, &debtPaid{log: log}) })
			return
		}
	}
	s.askFor(ctx, log, c)
}

// catchUpPaid goes on with catching up, unless it has ended meanwhile.
func (s *session) catchUpPaid(ctx actor.Context, log Log) {
	if c := s.cursorOf(log); c != nil && c.catching && !s.conn.state.clogged {
		s.catchUp(ctx, log)
	}
}

func (s *session) askFor(ctx actor.Context, log Log, c *cursor) {
	to := s.chat.room
	if log != Public {
		to = s.chat.dms
	}
	ctx.Send(to, &CatchUp{Session: s.conn.pid, Log: log, Cursor: c.at})
}

// catchUpAll goes on with everything after the socket was clogged, or something
// was missed. While it is clogged, Drained will.
func (s *session) catchUpAll(ctx actor.Context) {
	st := &s.conn.state
	if st.clogged || !st.opened {
		return
	}
	s.askMembers(ctx)
	s.catchUp(ctx, Public)
	if st.name != "" {
		s.catchUp(ctx, Log(st.name))
	}
}

// caughtUp takes a step of catching up from a tail.
func (s *session) caughtUp(ctx actor.Context, m *Chunk) {
	c := s.cursorOf(m.Log)
	if c == nil || !c.catching || s.conn.state.clogged {
		return
	}
	c.catching = false
	s.deliver(c, m.Entries)
	if s.conn.state.clogged {
		return
	}
	c.lossy, c.resuming = c.lossy && !m.Caught, c.resuming && !m.Caught
	if !m.Caught || c.at < lastID(m.Entries) {
		s.catchUp(ctx, m.Log)
	}
}

// recalled takes a step of catching up from the log itself.
func (s *session) recalled(ctx actor.Context, m *Recalled) {
	c := s.cursorOf(m.Log)
	if c == nil || !c.catching || s.conn.state.clogged || m.After != c.at {
		return
	}
	c.catching = false
	if m.Trimmed > c.at && !c.lossy { // lossy: the client was told
		s.chat.metrics.SlowClients.Inc()
		s.conn.close(CloseTooSlow, "messages missed are no longer kept")
		return
	}
	ahead := c.ahead
	s.deliver(c, m.Entries)
	if s.conn.state.clogged {
		return
	}
	if !m.More && c.at >= lastID(m.Entries) {
		c.at = max(c.at, m.Trimmed) // before it there is nothing more
	}
	if m.More || c.at < lastID(m.Entries) || c.at < ahead {
		s.catchUp(ctx, m.Log)
		return
	}
	c.lossy, c.resuming = false, false
}

func lastID(entries []Entry) int64 {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].ID
}

// askMembers asks for a fresh list of who is present, if the client was told too little.
func (s *session) askMembers(ctx actor.Context) {
	if s.conn.state.membersStale {
		ctx.Send(s.chat.room, &TellMembers{Session: s.conn.pid})
	}
}

// membersTold sends a fresh list of who is present, if the client was told another.
func (s *session) membersTold(m *MembersTold) {
	st := &s.conn.state
	switch {
	case !st.opened || !st.membersStale && st.version == m.Version:
	case st.clogged:
		st.membersStale = true // Drained asks again
	default:
		st.membersStale, st.version = false, m.Version
		s.write(m.Frame)
	}
}
