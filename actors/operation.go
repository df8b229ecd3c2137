package actors

import (
	"errors"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

const (
	// pageSize is how many messages a page of history has at most.
	pageSize = 50
	// pageBytes likewise in bytes: what a connection that does not read may cost is
	// 64 KiB, so a page of very long messages has fewer.
	pageBytes = 40 << 10
)

// operation is a command that waits for an answer: a join, entering a room, or a page of history or rooms.
// One is under way at a time; the frames behind it wait, so that frames take
// effect in the order sent.
type operation struct {
	id      uint64
	command protocol.Command
	until   time.Time
	fresh   string   // the token the client gets if its name is free
	claimed *Claimed // a join whose name is granted, and whose inbox is being read
	place   int64    // in that inbox, from where on
	// appearing: the client is welcomed, and its presence is being told. What it says
	// waits for that, but no longer than appearLimit.
	appearing bool
	// Of entering a room: its name as it is spelled, once it is found; whether the client may make it
	// if there is none, or when it may again.
	room  string
	makes bool
	wait  time.Duration
}

// handleInput handles the frames that were read, as far as the session may take
// them: none while an operation is under way, the outbox is full, or the client
// does not read its answers, or may not have read a refusal.
func (s *session) handleInput(ctx actor.Context) {
	st := &s.conn.state
	for st.opened && st.op == nil && !s.unread() && !st.outbox.full() && !s.behindFence() && !s.conn.is(finished) {
		frame, ok := s.conn.next()
		if !ok {
			return
		}
		s.handle(ctx, frame)
		s.conn.handled()
	}
	if s.behindFence() && st.op == nil && !s.unread() && s.conn.isCrowded() {
		s.refuseInput()
	}
}

// unread says whether the client does not read its answers; once it is gone nobody is to.
func (s *session) unread() bool { return s.conn.state.clogged && !s.conn.is(closed) }

func (s *session) handle(ctx actor.Context, frame string) {
	c, err := protocol.ParseCommand(frame)
	now := time.Now()
	if wait := s.conn.countFrame(now); wait > 0 {
		s.rateLimited(c, s.chat.settings.FrameRate, wait)
		return
	}
	if err != nil {
		code := protocol.CodeBadFrame
		if errors.Is(err, protocol.ErrUnknownVerb) {
			code = protocol.CodeUnknownVerb
		}
		s.refuse(code, c.Ref)
		return
	}
	switch c.Verb {
	case protocol.VerbPing:
		s.pong(c)
	case protocol.VerbJoin:
		s.join(ctx, c)
	case protocol.VerbMsg, protocol.VerbDM, protocol.VerbRoom:
		s.say(c)
	case protocol.VerbHistory, protocol.VerbDMHistory, protocol.VerbRoomHistory:
		s.readPage(ctx, c)
	case protocol.VerbEnter:
		s.enterRoom(ctx, c)
	case protocol.VerbExit:
		s.exitRoom(ctx, c)
	case protocol.VerbRooms:
		s.listRooms(ctx, c)
	case protocol.VerbHold:
		s.hold(ctx, c)
	}
}

// freePing is how many bytes a ping may hold that costs its frame alone, as WebSocket's own
// do (RFC 6455 §5.5): a page has to know that the link lives whatever its address owes.
const freePing = 125

// pong answers a ping with what it held: more than a little is told again like any other.
func (s *session) pong(c protocol.Command) {
	if len(c.Text) > freePing {
		if wait := s.chat.budgets.bytes.Take(s.conn.resume.Address, len(c.Text), time.Now()); wait > 0 {
			s.rateLimited(c, 0, wait)
			return
		}
	}
	s.write(protocol.PongFrame(nil, c.Text))
}

func (s *session) refuse(code protocol.Code, ref string) { s.write(s.refusal(nil, code, ref)) }

// say puts a message into the outbox.
func (s *session) say(c protocol.Command) {
	st := &s.conn.state
	m, code := s.check(&c)
	if code != "" {
		s.refuse(code, c.Ref)
		return
	}
	now := time.Now()
	if wait, rate := s.chat.mayTalk(s.conn.resume.Address, st.name, m.Receiver, len(c.Text), now); wait > 0 {
		s.rateLimited(c, rate, wait)
		return
	}
	m.Sender, m.Text, m.Received = st.name, c.Text, now
	if claim := s.conn.claim.Load(); claim != nil {
		m.Since = claim.refs
	}
	m.Ref = st.name + "#" + c.Ref
	if c.Ref == "" {
		// No client can give a reference like it: ~ is not of their alphabet.
		m.Ref = st.name + "#~" + s.chat.node + "." + strconv.FormatUint(s.conn.ID, 36) + "." + strconv.FormatUint(st.outbox.seq, 36)
	}
	s.chat.metrics.MessagesIn.Inc()
	st.outbox.add(m, c.Ref)
}

// check says what is wrong with a message, if anything, and for whom or where it is.
func (s *session) check(c *protocol.Command) (m Message, code protocol.Code) {
	st := &s.conn.state
	if st.name == "" {
		return m, protocol.CodeNotJoined
	}
	if c.Name != st.name {
		if name, err := protocol.ParseName(c.Name); err != nil || name != st.name {
			return m, protocol.CodeWrongName
		}
	}
	switch c.Verb {
	case protocol.VerbDM:
		var err error
		if m.Receiver, err = protocol.ParseName(c.Peer); err != nil || s.reserved(m.Receiver) {
			return m, protocol.CodeBadName
		}
	case protocol.VerbRoom:
		in, code := s.entered(c.Room)
		if code != "" {
			return m, code
		}
		m.Log, m.Room = in.log, in.room
	}
	if !protocol.TextOK(c.Text, s.chat.settings.MaxTextBytes) {
		return m, protocol.CodeBadText
	}
	return m, ""
}

// entered gives the cursor of a room that the connection has entered.
func (s *session) entered(name string) (in *cursor, code protocol.Code) {
	room, err := protocol.ParseRoom(name)
	if err != nil {
		return nil, protocol.CodeBadRoom
	}
	if in = s.conn.state.cursor(Room(room)); in == nil {
		return nil, protocol.CodeNotEntered
	}
	return in, ""
}

// readPage asks for a page of history; Page follows. Whoever asked for more than the
// budget of its address has to wait: what a page costs is known when it is read.
func (s *session) readPage(ctx actor.Context, c protocol.Command) {
	if debt := s.chat.budgets.bytes.Debt(s.conn.resume.Address, time.Now()); debt > 0 {
		s.rateLimited(c, 0, debt)
		return
	}
	if c.Verb != protocol.VerbHistory && s.conn.state.name == "" {
		s.refuse(protocol.CodeNotJoined, c.Ref)
		return
	}
	switch c.Verb {
	case protocol.VerbDMHistory:
		peer, err := protocol.ParseName(c.Peer)
		if err != nil {
			s.refuse(protocol.CodeBadName, c.Ref)
			return
		}
		c.Peer = peer
	case protocol.VerbRoomHistory:
		in, code := s.entered(c.Room)
		if code != "" {
			s.refuse(code, c.Ref)
			return
		}
		c.Room = in.room
	}
	s.begin(ctx, &operation{command: c})
}

func (s *session) begin(ctx actor.Context, op *operation) {
	op.id = s.chat.operations.Add(1)
	op.until = time.Now().Add(Patience)
	s.conn.state.op = op
	s.ask(ctx, op)
}

// ask asks the bridge for what an operation waits for; asking twice is harmless.
func (s *session) ask(ctx actor.Context, op *operation) {
	st := &s.conn.state
	switch {
	case op.appearing:
		ctx.Send(s.chat.room, &appear{Conn: s.conn, Name: st.name})
	case op.claimed != nil: // the inbox is asked for by enterInbox
	case op.command.Verb == protocol.VerbHold:
		claim, _ := s.conn.heldClaim()
		claim.Kept = true
		ctx.Send(s.chat.bridge, &Hold{Op: op.id, Until: op.until, Claim: claim})
	case op.command.Verb == protocol.VerbJoin:
		ctx.Send(s.chat.bridge, &Claim{
			To: s.conn.pid, Op: op.id, Name: op.command.Name, Proof: op.command.Token,
			Fresh: op.fresh, Signed: s.conn.resume.Name != "",
			Address: s.conn.resume.Address, Until: op.until,
		})
	case op.command.Verb == protocol.VerbEnter && op.room == "":
		ctx.Send(s.chat.bridge, &FindRoom{To: s.conn.pid, Op: op.id, Name: op.command.Room, Make: op.makes, Until: op.until})
	case op.command.Verb == protocol.VerbEnter:
		ctx.Send(s.chat.rooms, &enter{
			Conn: s.conn, Log: Room(op.room), Cursor: op.command.Cursor, Opening: true, Name: st.name, Spelled: op.room,
		})
	case op.command.Verb == protocol.VerbRooms:
		ctx.Send(s.chat.bridge, &ListRooms{
			To: s.conn.pid, Op: op.id, After: protocol.RoomKey(op.command.Room), Grant: s.conn.resume.Rooms, Until: op.until,
		})
	default:
		ctx.Send(s.chat.bridge, &ReadPage{
			To: s.conn.pid, Op: op.id, User: st.name, Peer: op.command.Peer, Log: Room(op.command.Room),
			Before: op.command.Before, After: s.pageFloor(op), Limit: pageSize, Until: op.until,
		})
	}
}

// pageFloor hides a former holder's conversations.
func (s *session) pageFloor(op *operation) int64 {
	if op.command.Verb == protocol.VerbDMHistory {
		return s.since()
	}
	return 0
}

// page answers a page of history.
func (s *session) page(m *Page) {
	op := s.conn.state.op
	if op == nil || op.id != m.Op {
		return
	}
	if m.Code != "" {
		s.refuseOperation(m.Code)
		return
	}
	s.conn.state.op = nil
	entries := protocol.NewestWithin(m.Entries, pageBytes)
	more := m.More || len(entries) < len(m.Entries)
	frame := protocol.HistoryFrame(op.command.Ref, m.Peer, op.command.Room, entries, more)
	s.charge(len(frame))
	s.write(frame)
}

// charge has the connection's address pay for what it was told again.
func (s *session) charge(bytes int) {
	s.chat.budgets.bytes.Spend(s.conn.resume.Address, bytes, time.Now())
}

func (s *session) refuseOperation(code protocol.Code) {
	op := s.conn.state.op
	s.conn.state.op = nil
	if s.conn.state.name == "" {
		s.conn.claim.Store(nil) // a join came so far, and no further
	}
	s.refuse(code, op.command.Ref)
}
