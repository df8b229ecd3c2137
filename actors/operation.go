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
	c, err := parseCommand(frame)
	now := time.Now()
	if wait := s.conn.countFrame(now); wait > 0 {
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
		s.pong(c)
	case verbJoin:
		s.join(ctx, c)
	case verbMsg, verbDM:
		s.say(c)
	case verbHistory, verbDMHistory:
		s.readPage(ctx, c)
	case verbHold:
		s.hold(ctx, c)
	}
}

// freePing is how many bytes a ping may hold that costs its frame alone, as WebSocket's own
// do (RFC 6455 §5.5): a page has to know that the link lives whatever its address owes.
const freePing = 125

// pong answers a ping with what it held: more than a little is told again like any other.
func (s *session) pong(c command) {
	if len(c.text) > freePing {
		if wait := s.chat.budgets.bytes.Take(s.conn.resume.Address, len(c.text), time.Now()); wait > 0 {
			s.rateLimited(c.ref, 0, wait)
			return
		}
	}
	s.write(pongFrame(nil, c.text))
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
	if limited := s.chat.mayTalk(s.conn.resume.Address, st.name, receiver, len(c.text), now); limited.wait > 0 {
		s.rateLimited(c.ref, limited.rate, limited.wait)
		return
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
	if wait := s.chat.budgets.joins.Take(s.conn.resume.Address, 1, time.Now()); wait > 0 {
		s.rateLimited(c.ref, 0, wait)
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

// readPage asks for a page of history; Page follows. Whoever asked for more than the
// budget of its address has to wait: what a page costs is known when it is read.
func (s *session) readPage(ctx actor.Context, c command) {
	if debt := s.chat.budgets.bytes.Debt(s.conn.resume.Address, time.Now()); debt > 0 {
		s.rateLimited(c.ref, 0, debt)
		return
	}
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
	case op.command.verb == verbHold:
		claim := *s.conn.claim.Load()
		claim.Kept = true
		ctx.Send(s.chat.bridge, &Hold{Op: op.id, Until: op.until, Claim: claim})
	case op.command.verb == verbJoin:
		ctx.Send(s.chat.bridge, &Claim{
			To: s.conn.pid, Op: op.id, Name: op.command.name, Proof: op.command.token,
			Fresh: op.fresh, Signed: s.conn.resume.Name != "",
			Address: s.conn.resume.Address, Until: op.until,
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
	frame := historyFrame(op.command.ref, m.Peer, entries, more)
	s.charge(len(frame))
	s.write(frame)
}

// charge has the connection's address pay for what it was told again.
func (s *session) charge(bytes int) {
	s.chat.budgets.bytes.Spend(s.conn.resume.Address, bytes, time.Now())
}

// hold holds the name for a time after its last connection, for the client keeps the
// token; Held follows.
func (s *session) hold(ctx actor.Context, c command) {
	switch claim := s.conn.claim.Load(); {
	case s.conn.state.name == "" || claim == nil:
		s.refuse(CodeNotJoined, c.ref)
	case claim.Kept || claim.Signed:
		s.acknowledge(c.ref)
	default:
		s.begin(ctx, &operation{command: c})
	}
}

// held answers a hold.
func (s *session) held(m *Held) {
	op := s.conn.state.op
	if op == nil || op.id != m.Op {
		return
	}
	s.conn.state.op = nil
	switch m.Code {
	case "":
		claim := *s.conn.claim.Load()
		claim.Kept = true
		s.conn.claim.Store(&claim)
		s.acknowledge(op.command.ref)
	case CodeRateLimited:
		s.rateLimited(op.command.ref, 0, m.Retry)
	default:
		s.refuse(m.Code, op.command.ref)
	}
}

// acknowledge says that a frame without a message took effect, if it had a reference.
func (s *session) acknowledge(ref string) {
	if ref != "" {
		s.write(ackFrame(nil, ref, 0))
	}
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
	s.conn.claim.Store(&HeldClaim{
		Session: s.conn.pid, Name: st.op.command.name, Token: m.Token, Signed: s.conn.resume.Name != "",
		Since: m.Since, Kept: m.Kept, Address: s.conn.resume.Address,
	})
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
	s.charge(len(frames))
	st.inbox.resuming = s.conn.resume.DMSince != Newest && m.Cursor < m.Newest
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
	if s.conn.state.name == "" {
		s.conn.claim.Store(nil) // a join came so far, and no further
	}
	s.refuse(code, op.command.ref)
}
