package actors

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// pageSize is how many messages a page of history has at most.
	pageSize = 50
	// pageBytes likewise in bytes: what a connection that does not read may cost is
	// 64 KiB, so a page of very long messages has fewer.
	pageBytes = 40 << 10
	// tokenBytes is 192 bits of a token: more than the 128 that make guessing hopeless.
	tokenBytes = 24
)

// operation is a command that waits for an answer: a join, or a page of history.
// One is under way at a time; the frames behind it wait, so that frames take
// effect in the order sent.
type operation struct {
	id      uint64
	command command
	until   time.Time
	fresh   string   // the token the client gets if its name is free
	claimed *Claimed // a join whose name is granted, and whose inbox is being read
	// appearing: the client is welcomed, and its presence is being told. What it says
	// waits for that, but no longer than appearLimit.
	appearing bool
}

// appearLimit is how long a client that has joined waits for its presence to be
// told before what it says is handled all the same.
const appearLimit = time.Second

// handleInput handles the frames that were read, as far as the session may take
// them: none while an operation is under way, the outbox is full, or the client
// does not read its answers.
func (s *session) handleInput(ctx actor.Context) {
	st := &s.conn.state
	for st.opened && st.op == nil && !st.clogged && !st.leaving && !st.outbox.full() && !s.conn.finished.Load() {
		frame, ok := s.conn.next()
		if !ok {
			return
		}
		s.handle(ctx, frame)
		s.conn.handled()
	}
}

func (s *session) handle(ctx actor.Context, frame string) {
	st, now := &s.conn.state, time.Now()
	c, err := parseCommand(frame)
	if wait := st.frames.take(s.chat.settings.FrameRate, now); wait > 0 {
		s.rateLimited(c.ref, s.chat.settings.FrameRate, wait)
		return
	}
	if err != nil {
		code := CodeBadFrame
		if errors.Is(err, errUnknownVerb) {
			code = CodeUnknownVerb
		}
		s.refuse(code, c.ref)
		return
	}
	switch c.verb {
	case verbPing:
		s.write(pongFrame(nil, c.text))
	case verbJoin:
		s.join(ctx, c)
	case verbMsg, verbDM:
		s.say(c)
	case verbHistory, verbDMHistory:
		s.readPage(ctx, c)
	}
}

func (s *session) refuse(code Code, ref string) { s.write(s.refusal(nil, code, ref)) }

// say puts a message into the outbox.
func (s *session) say(c command) {
	st := &s.conn.state
	receiver, code := s.check(&c)
	if code != "" {
		s.refuse(code, c.ref)
		return
	}
	now := time.Now()
	if wait := s.chat.rates.take(st.name, s.chat.settings.MessageRate, now); wait > 0 {
		s.rateLimited(c.ref, s.chat.settings.MessageRate, wait)
		return
	}
	if receiver != "" {
		if wait := s.chat.talks.take(st.name, receiver, s.chat.settings.ConversationRate, now); wait > 0 {
			s.rateLimited(c.ref, s.chat.settings.ConversationRate/time.Minute.Seconds(), wait)
			return
		}
	}
	m := Message{Sender: st.name, Receiver: receiver, Text: c.text, Received: now, Since: st.since}
	m.Ref = st.name + "#" + c.ref
	if c.ref == "" {
		// No client can give a reference like it: ~ is not of their alphabet.
		m.Ref = st.name + "#~" + s.chat.node + "." + strconv.FormatUint(s.conn.ID, 36) + "." + strconv.FormatUint(st.outbox.seq, 36)
	}
	s.chat.metrics.MessagesIn.Inc()
	st.outbox.add(m, c.ref)
}

// check says what is wrong with a message, if anything, and whom it is for.
func (s *session) check(c *command) (receiver string, code Code) {
	st := &s.conn.state
	if st.name == "" {
		return "", CodeNotJoined
	}
	if c.name != st.name {
		if name, err := ParseName(c.name); err != nil || name != st.name {
			return "", CodeWrongName
		}
	}
	if c.verb == verbDM {
		var err error
		if receiver, err = ParseName(c.peer); err != nil || s.reserved(receiver) {
			return "", CodeBadName
		}
	}
	if !textOK(c.text, s.chat.settings.MaxTextBytes) {
		return "", CodeBadText
	}
	return receiver, ""
}

// join claims a name; Claimed follows, then the inbox is read, then the client is
// welcomed.
func (s *session) join(ctx actor.Context, c command) {
	if s.conn.state.name != "" {
		s.refuse(CodeAlreadyJoined, c.ref)
		return
	}
	name, err := ParseName(c.name)
	if err != nil {
		s.refuse(CodeBadName, c.ref)
		return
	}
	if identity := s.conn.resume.Name; identity != "" && name != identity {
		s.refuse(CodeWrongName, c.ref)
		return
	}
	if s.reserved(name) {
		s.refuse(CodeBadName, c.ref)
		return
	}
	c.name = name
	st := &s.conn.state
	if st.granted.name != name {
		// One token a name and connection: a claim that took effect though its answer
		// was late is this client's own when it tries again.
		st.granted = grant{name, newToken()}
	}
	s.begin(ctx, &operation{command: c, fresh: st.granted.token})
}

func newToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// readPage asks for a page of history; Page follows.
func (s *session) readPage(ctx actor.Context, c command) {
	if c.verb == verbDMHistory {
		if s.conn.state.name == "" {
			s.refuse(CodeNotJoined, c.ref)
			return
		}
		peer, err := ParseName(c.peer)
		if err != nil {
			s.refuse(CodeBadName, c.ref)
			return
		}
		c.peer = peer
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
		ctx.Send(s.chat.room, &Appear{Conn: s.conn, Name: st.name})
	case op.claimed != nil: // the inbox is asked for by enterInbox
	case op.command.verb == verbJoin:
		ctx.Send(s.chat.bridge, &Claim{
			To: s.conn.pid, Op: op.id, Name: op.command.name, Proof: op.command.token,
			Fresh: op.fresh, Trusted: s.conn.resume.Name != "", Until: op.until,
		})
	default:
		ctx.Send(s.chat.bridge, &ReadPage{
			To: s.conn.pid, Op: op.id, User: st.name, Peer: op.command.peer,
			Before: op.command.before, After: s.pageFloor(op), Limit: pageSize, Until: op.until,
		})
	}
}

// pageFloor hides a former holder's conversations.
func (s *session) pageFloor(op *operation) int64 {
	if op.command.verb == verbDMHistory {
		return s.conn.state.since
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
	entries := newestWithin(m.Entries, pageBytes)
	more := m.More || len(entries) < len(m.Entries)
	s.write(historyFrame(op.command.ref, m.Peer, entries, more))
}

// claimed goes on with a join whose name was granted.
func (s *session) claimed(ctx actor.Context, m *Claimed) {
	st := &s.conn.state
	if st.op == nil || st.op.id != m.Op || st.op.claimed != nil {
		return
	}
	if m.Code != "" {
		s.refuseOperation(m.Code)
		return
	}
	st.op.claimed = m
	st.since = m.Since
	st.inbox = cursor{at: Newest}
	if since := s.conn.resume.DMSince; since != Newest {
		st.inbox.at = max(since, m.Since)
	}
	s.enterInbox(ctx)
}

// inboxOpened welcomes the client: Welcome, joined, and then everybody is told.
func (s *session) inboxOpened(ctx actor.Context, m *Opened) {
	st := &s.conn.state
	op := st.op
	if op == nil || op.claimed == nil || op.appearing || op.command.name != string(m.Log) {
		return
	}
	op.appearing, op.until = true, time.Now().Add(appearLimit)
	st.granted.token = op.claimed.Token // should Redis forget it
	st.name = op.command.name
	st.inbox = cursor{at: m.Cursor, lossy: m.Truncated}
	s.conn.joined.Store(true)
	s.chat.metrics.Joins.Inc()
	frames := welcomeFrame(st.name)
	frames = append(frames, joinedFrame(st.name, op.claimed.Token, m.Entries, m.Newest, op.claimed.Conversations, m.Truncated)...)
	if op.command.ref != "" {
		frames = ackFrame(frames, op.command.ref, 0)
	}
	s.write(frames)
	s.ask(ctx, op)
	s.stopTimer() // it was armed for the join
	s.behind(ctx, &st.inbox, m.Log, m.Newest)
}

// appeared ends a join: what the client says is handled from now on.
func (s *session) appeared() {
	if op := s.conn.state.op; op != nil && op.appearing {
		s.conn.state.op = nil
	}
}

func (s *session) refuseOperation(code Code) {
	op := s.conn.state.op
	s.conn.state.op = nil
	s.refuse(code, op.command.ref)
}
