package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// How a connection enters a room by its name, and leaves it. Entering is an operation of two steps:
// the room is found, or made; then its actor admits the connection, and tells its name to all.

// enterRoom begins to enter a room.
func (s *session) enterRoom(ctx actor.Context, c protocol.Command) {
	room, code := s.mayEnter(c)
	if code != "" {
		s.refuse(code, c.Ref)
		return
	}
	now := time.Now()
	if wait := s.chat.mayEnter(s.conn.resume.Address, s.conn.state.name, now); wait > 0 {
		s.rateLimited(c, 0, wait)
		return
	}
	c.Room = room
	op := &operation{command: c}
	op.room, _ = s.chat.books.spelling(Room(room))
	if op.room == "" && s.chat.books.named() >= s.chat.settings.RoomsPerNode {
		s.refuse(protocol.CodeOverloaded, c.Ref)
		return
	}
	op.makes, op.wait = s.chat.mayMake(s.conn.resume.Address, s.conn.state.name, room, now)
	s.begin(ctx, op)
}

// mayEnter says which room a client asks for, and what is wrong with that, if anything.
func (s *session) mayEnter(c protocol.Command) (room string, code protocol.Code) {
	st := &s.conn.state
	if st.name == "" {
		return "", protocol.CodeNotJoined
	}
	room, err := protocol.ParseRoom(c.Room)
	switch {
	case err != nil:
		return "", protocol.CodeBadRoom
	case c.Cursor > time.Now().Add(ClockSkew).UnixMicro():
		return "", protocol.CodeBadFrame
	case st.cursor(Room(room)) != nil:
		return "", protocol.CodeAlreadyEntered
	case !s.conn.resume.Rooms.Has(protocol.RoomKey(room)):
		return "", protocol.CodeForbidden
	case st.rooms() >= s.chat.settings.RoomsPerConnection:
		return "", protocol.CodeTooManyRooms
	}
	return room, ""
}

// rooms is how many rooms the connection has entered by their names.
func (st *state) rooms() (n int) {
	for i := range st.cursors {
		if st.cursors[i].log.Named() {
			n++
		}
	}
	return n
}

// roomFound goes on with entering.
func (s *session) roomFound(ctx actor.Context, m *RoomFound) {
	op := s.conn.state.op
	switch {
	case op == nil || op.id != m.Op || op.room != "":
	case m.Code == protocol.CodeForbidden && op.wait > 0:
		s.conn.state.op = nil
		s.rateLimited(op.command, 0, op.wait)
	case m.Code != "":
		s.refuseOperation(m.Code)
	default:
		if m.Made {
			s.chat.made(s.conn.resume.Address, s.conn.state.name, time.Now())
		}
		op.room = m.Name
		s.ask(ctx, op)
	}
}

// roomOpened tells the client that it has entered a room.
func (s *session) roomOpened(ctx actor.Context, m *opened) {
	st := &s.conn.state
	if st.cursor(m.log) != nil {
		return // told twice
	}
	op := st.op
	if op == nil || op.room == "" || Room(op.room) != m.log {
		ctx.Send(s.chat.rooms, &leave{Conn: s.conn, Log: m.log}) // it was given up
		return
	}
	st.op = nil
	s.stopTimer() // it was armed for that
	c := st.follow(m.place, m.Cursor)
	c.lacked, c.version = m.Lacked, m.Version
	c.resuming = op.command.Cursor != protocol.NoCursor && m.Cursor < m.Newest
	frame := protocol.EnteredFrame(op.command.Ref, c.room, m.Members, m.Entries, m.Newest, m.Lacked > 0)
	s.charge(len(frame))
	s.write(frame)
	s.visit(ctx, c, false)
	s.behind(ctx, c, m.Newest)
}

// giveUp sees to it that nobody takes a client for one who has entered, where that took too long.
func (s *session) giveUp(ctx actor.Context, op *operation) {
	if op.room != "" {
		ctx.Send(s.chat.rooms, &leave{Conn: s.conn, Log: Room(op.room)})
	}
}

// exitRoom leaves a room: nothing more of it is told.
func (s *session) exitRoom(ctx actor.Context, c protocol.Command) {
	st := &s.conn.state
	in, code := s.entered(c.Room)
	if code != "" {
		s.refuse(code, c.Ref)
		return
	}
	now := time.Now()
	s.chat.exited(s.conn.resume.Address, st.name, now)
	s.chat.books.hasLeft(in.log, []Departure{{st.name, now}}, now)
	s.visit(ctx, in, true)
	ctx.Send(s.chat.rooms, &leave{Conn: s.conn, Log: in.log})
	s.write(protocol.ExitedFrame(c.Ref, in.room, protocol.Left))
	st.unfollow(in.log)
}

// visit notes where a name is in a room.
func (s *session) visit(ctx actor.Context, c *cursor, left bool) {
	ctx.Send(s.chat.bridge, &Visit{
		User: s.conn.state.name, Place: protocol.Place{Room: c.room, Cursor: c.at}, Left: left,
	})
}

// visitAll notes where a name is in its rooms when the connection is over, and that it is there no more.
func (s *session) visitAll(ctx actor.Context) {
	st := &s.conn.state
	for i := range st.cursors {
		if c := &st.cursors[i]; c.log.Named() && s.conn.claim.Load() != nil {
			s.visit(ctx, c, false)
			now := time.Now()
			s.chat.books.hasLeft(c.log, []Departure{{st.name, now}}, now)
		}
	}
}

// listRooms asks for a page of the rooms that the client may enter.
func (s *session) listRooms(ctx actor.Context, c protocol.Command) {
	if debt := s.chat.budgets.bytes.Debt(s.conn.resume.Address, time.Now()); debt > 0 {
		s.rateLimited(c, 0, debt)
		return
	}
	if s.conn.state.name == "" {
		s.refuse(protocol.CodeNotJoined, c.Ref)
		return
	}
	if c.Room != "" {
		room, err := protocol.ParseRoom(c.Room)
		if err != nil {
			s.refuse(protocol.CodeBadRoom, c.Ref)
			return
		}
		c.Room = room
	}
	s.begin(ctx, &operation{command: c})
}

// roomsListed answers rooms.
func (s *session) roomsListed(m *RoomsListed) {
	op := s.conn.state.op
	switch {
	case op == nil || op.id != m.Op:
	case m.Code != "":
		s.refuseOperation(m.Code)
	default:
		s.conn.state.op = nil
		frame := protocol.RoomsFrame(op.command.Ref, m.Rooms, m.More)
		s.charge(len(frame))
		s.write(frame)
	}
}
