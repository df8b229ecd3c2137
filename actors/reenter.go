package actors

import "github.com/asynkron/protoactor-go/actor"

// How a session enters the logs again that its connection listens to: when it begins, or an actor of
// theirs does.

// enterInbox enters the dms, if the connection has a name, or is about to get one.
func (s *session) enterInbox(ctx actor.Context) {
	st := &s.conn.state
	e := &enter{Conn: s.conn, Floor: s.since()}
	switch op := st.op; {
	case op != nil && op.claimed != nil && !op.appearing:
		e.Log, e.Cursor, e.Opening = Inbox(op.command.Name), op.place, true
	case st.name != "":
		c := st.cursor(Inbox(st.name))
		c.catching = false
		e.Log, e.Cursor = c.log, c.at
	default:
		return
	}
	ctx.Send(s.chat.dms, e)
}

// reenter enters a room that the connection is in.
func (s *session) reenter(ctx actor.Context, c *cursor) {
	st := &s.conn.state
	c.catching = false
	ctx.Send(s.chat.of(c.log), &enter{
		Conn: s.conn, Log: c.log, Cursor: c.at, Opening: !st.opened, Name: st.name, Spelled: c.room, Version: c.version,
	})
	s.askMembers(ctx, c)
}

// enterLogs enters the logs of a kind whose parent has begun anew.
func (s *session) enterLogs(ctx actor.Context, kind LogKind) {
	if kind == InboxLog {
		s.enterInbox(ctx)
		return
	}
	s.reenterRooms(ctx)
	if op := s.conn.state.op; op != nil && op.room != "" {
		s.ask(ctx, op)
	}
}

// enterAgain enters a log whose actor has begun anew, and asks a room to confirm what the one
// before may not have.
func (s *session) enterAgain(ctx actor.Context, log Log) {
	st := &s.conn.state
	switch c := st.cursor(log); {
	case log.Private():
		s.enterInbox(ctx)
		return
	case c != nil:
		s.reenter(ctx, c)
	}
	if op := st.op; op != nil && (op.appearing && log == Public || op.room != "" && Room(op.room) == log) {
		s.ask(ctx, op)
	}
}

// reenterRooms enters the rooms again that the connection has entered by their names.
func (s *session) reenterRooms(ctx actor.Context) {
	st := &s.conn.state
	for i := range st.cursors {
		if c := &st.cursors[i]; c.log.Named() {
			s.reenter(ctx, c)
		}
	}
}
