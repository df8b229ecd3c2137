package actors

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// How a session follows its logs: compare with the cursor; on a hole, or after the
// socket was clogged, read on from the cursor. Waves, catching up and the log's
// own answers are one path.

// opened sends the connection's first frame, or goes on with a join.
func (s *session) opened(ctx actor.Context, m *opened) {
	st := &s.conn.state
	switch {
	case m.log.Private():
		s.inboxOpened(ctx, m)
		return
	case m.log.Named():
		s.roomOpened(ctx, m)
		return
	}
	if st.opened {
		return
	}
	st.opened = true
	c := st.cursor(m.log)
	c.at, c.lacked, c.resuming = m.Cursor, m.Lacked, s.conn.resume.Since != Newest && m.Cursor < m.Newest
	c.version, c.stale = m.Version, false
	frame := protocol.InitFrame(m.Members, m.Entries, m.Newest, m.Lacked > 0)
	s.charge(len(frame))
	s.write(frame)
	s.behind(ctx, c, m.Newest)
}

// behind starts catching up if the log goes further than the cursor.
func (s *session) behind(ctx actor.Context, c *cursor, newest int64) {
	if c.at < newest && !c.catching {
		s.catchUp(ctx, c)
	}
}

// forward is the hot path: a wave that follows the cursor goes out as it is, in one
// write that never waits, without a copy.
func (s *session) forward(ctx actor.Context, w *wave) {
	defer w.handled()
	st := &s.conn.state
	c := st.cursor(w.Log)
	if c == nil {
		return
	}
	if !st.opened || st.clogged {
		c.stale = c.stale || len(w.Presence) > 0
		return // Drained catches up
	}
	presence, all := w.Presence, w.All
	if len(presence) > 0 && c.version < w.Before && !c.stale {
		c.stale = true
		s.askMembers(ctx, c)
	}
	if c.stale || c.version >= w.Version { // a whole list is on its way, or was told, that has the changes
		presence, all = nil, all[len(presence):]
	}
	if len(presence) > 0 {
		c.version = w.Version
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
		s.catchUp(ctx, c)
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
func (s *session) offer(c *cursor, entries []protocol.Entry, frames []byte, before int) {
	taken := s.conn.socket.Offer(frames)
	n := len(entries)
	if taken < len(frames) {
		s.conn.state.clogged = true
		if taken < before {
			c.stale = true
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
func (s *session) deliver(c *cursor, entries []protocol.Entry) {
	for len(entries) > 0 && entries[0].ID <= c.at {
		entries = entries[1:]
	}
	entries = protocol.OldestWithin(entries, chunkBytes)
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

// debtPaid says that the address of a connection that resumes owes nothing any more.
type debtPaid struct{ log Log }

// catchUp asks for what is after the cursor. Who resumes, and whose address was told more
// again than its budget holds, waits until that is paid: it gets everything, in its time.
func (s *session) catchUp(ctx actor.Context, c *cursor) {
	c.catching, c.ahead = true, 0
	if c.resuming {
		if debt := s.chat.budgets.bytes.Debt(s.conn.resume.Address, time.Now()); debt > 0 {
			self, root, log := s.conn.pid, s.chat.root, c.log
			s.chat.system.After(debt, "resume", func() { root.Send(self, &debtPaid{log: log}) })
			return
		}
	}
	ctx.Send(s.chat.of(c.log), &catchUp{Conn: s.conn, Log: c.log, Cursor: c.at})
}

// catchUpPaid goes on with catching up, unless it has ended meanwhile.
func (s *session) catchUpPaid(ctx actor.Context, log Log) {
	if c := s.conn.state.cursor(log); c != nil && c.catching && !s.conn.state.clogged {
		s.catchUp(ctx, c)
	}
}

// catchUpAll goes on with everything after the socket was clogged, or something
// was missed. While it is clogged, Drained will.
func (s *session) catchUpAll(ctx actor.Context) {
	st := &s.conn.state
	if st.clogged || !st.opened {
		return
	}
	for i := range st.cursors {
		s.askMembers(ctx, &st.cursors[i])
		s.catchUp(ctx, &st.cursors[i])
	}
}

// recalled takes a step of catching up, from a tail or from the log itself.
func (s *session) recalled(ctx actor.Context, m *Recalled) {
	c := s.conn.state.cursor(m.Log)
	if c == nil || !c.catching || s.conn.state.clogged || m.After != c.at {
		return
	}
	c.catching = false
	if c.lacked == unread {
		c.lacked = m.Trimmed
	}
	if m.Trimmed > max(c.at, c.lacked) {
		s.chat.metrics.SlowClients.Inc()
		s.conn.close(protocol.CloseTooSlow, "messages missed are no longer kept")
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
		s.catchUp(ctx, c)
		return
	}
	c.resuming = false
}

func lastID(entries []protocol.Entry) int64 {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].ID
}

// isStale notes that the client may have been told too little of who is where.
func (st *state) isStale() {
	for i := range st.cursors {
		if c := &st.cursors[i]; !c.log.Private() {
			c.stale = st.opened
		}
	}
}

// askMembers asks for a fresh list of who is present, if the client was told too little.
func (s *session) askMembers(ctx actor.Context, c *cursor) {
	if c.stale {
		ctx.Send(s.chat.of(c.log), &tellMembers{Conn: s.conn, Log: c.log})
	}
}

// membersTold sends a fresh list of who is present, if the client was told another.
func (s *session) membersTold(m *membersTold) {
	st := &s.conn.state
	c := st.cursor(m.Log)
	switch {
	case c == nil || !st.opened || !c.stale && c.version == m.Version:
	case st.clogged:
		c.stale = true // Drained asks again
	default:
		c.stale, c.version = false, m.Version
		s.write(m.Frame)
	}
}
