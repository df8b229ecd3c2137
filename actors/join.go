package actors

import (
	"crypto/rand"
	"encoding/base64"
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// tokenBytes is 192 bits of a token: more than the 128 that make guessing hopeless.
const tokenBytes = 24

// appearLimit is how long a client that has joined waits for its presence to be
// told before what it says is handled all the same.
const appearLimit = time.Second

// join claims a name; Claimed follows, then the inbox is read, then the client is
// welcomed.
func (s *session) join(ctx actor.Context, c protocol.Command) {
	if s.conn.state.name != "" {
		s.refuse(protocol.CodeAlreadyJoined, c.Ref)
		return
	}
	name, err := protocol.ParseName(c.Name)
	if err != nil {
		s.refuse(protocol.CodeBadName, c.Ref)
		return
	}
	if identity := s.conn.resume.Name; identity != "" && name != identity {
		s.refuse(protocol.CodeWrongName, c.Ref)
		return
	}
	if s.reserved(name) {
		s.refuse(protocol.CodeBadName, c.Ref)
		return
	}
	if wait := s.chat.budgets.joins.Take(s.conn.resume.Address, 1, time.Now()); wait > 0 {
		s.rateLimited(c, 0, wait)
		return
	}
	c.Name = name
	st := &s.conn.state
	if st.granted == nil || st.granted.name != name {
		// One token a name and connection: a claim that took effect though its answer
		// was late is this client's own when it tries again.
		st.granted = &grant{name, newToken()}
	}
	s.begin(ctx, &operation{command: c, fresh: st.granted.token})
}

// reserved reports whether name is one that nobody can join under, or write to. Who comes with a
// signed identity has the name that its issuer gave, and may write to others who do.
func (s *session) reserved(name string) bool {
	return s.conn.resume.Name == "" && s.chat.reserved.Have(name)
}

func newToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
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
	s.conn.claim.Store(&claim{name: st.op.command.Name, token: m.Token, since: m.Since, refs: m.Refs, kept: m.Kept})
	st.op.place = Newest
	if since := s.conn.resume.DMSince; since != Newest {
		st.op.place = max(since, m.Since)
	}
	s.enterInbox(ctx)
}

// inboxOpened welcomes the client: Welcome, joined, and then everybody is told.
func (s *session) inboxOpened(ctx actor.Context, m *opened) {
	st := &s.conn.state
	op := st.op
	if op == nil || op.claimed == nil || op.appearing || m.log != Inbox(op.command.Name) {
		return
	}
	op.appearing, op.until = true, time.Now().Add(appearLimit)
	st.granted = nil
	st.name = op.command.Name
	c := st.follow(m.place, s.ownPlace(m.Cursor))
	c.lacked, c.resuming = m.Lacked, s.conn.resume.DMSince != Newest && m.Cursor < m.Newest
	s.chat.metrics.Joins.Inc()
	frames := protocol.WelcomeFrame(st.name)
	truncated := m.Lacked > 0 || s.missesBefore(op.claimed)
	frames = append(frames, protocol.JoinedFrame(st.name, op.claimed.Token, m.Entries, m.Newest, op.claimed.Conversations, op.claimed.Rooms, truncated)...)
	if op.command.Ref != "" {
		frames = protocol.AckFrame(frames, op.command.Ref, 0)
	}
	s.charge(len(frames))
	s.write(frames)
	s.ask(ctx, op)
	s.stopTimer() // it was armed for the join
	s.behind(ctx, c, m.Newest)
}

// missesBefore says whether the client resumes from before a claim that follows one which was lost: what its inbox had in
// between is not shown, or not yet. A signed identity's first claim looks the same, but who has a place in an inbox has had
// another.
func (s *session) missesBefore(c *Claimed) bool {
	at := s.conn.resume.DMSince
	return at != Newest && at < c.Since && c.Refs < c.Since && (at > 0 || s.conn.resume.Name == "")
}

// ownPlace is a place in the inbox that is not before the claim: what a former holder was
// sent may be written back there yet, by a node that was cut off when Redis lost it.
func (s *session) ownPlace(at int64) int64 {
	return max(at, s.since())
}

// since is when the claim on the name began: what is older was a former holder's. Who has lost it
// sees nothing.
func (s *session) since() int64 {
	if claim := s.conn.claim.Load(); claim != nil {
		return claim.since
	}
	return math.MaxInt64
}

// appeared ends a join: what the client says is handled from now on.
func (s *session) appeared() {
	if op := s.conn.state.op; op != nil && op.appearing {
		s.conn.state.op = nil
	}
}

// hold holds the name for a time after its last connection, for the client keeps the
// token; Held follows.
func (s *session) hold(ctx actor.Context, c protocol.Command) {
	switch claim, has := s.conn.heldClaim(); {
	case s.conn.state.name == "" || !has:
		s.refuse(protocol.CodeNotJoined, c.Ref)
	case claim.Kept || claim.Signed:
		s.acknowledge(c.Ref)
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
		claimed := *s.conn.claim.Load()
		claimed.kept = true
		s.conn.claim.Store(&claimed)
		s.acknowledge(op.command.Ref)
	case protocol.CodeRateLimited:
		s.rateLimited(op.command, 0, m.Retry)
	default:
		s.refuse(m.Code, op.command.Ref)
	}
}

// acknowledge says that a frame without a message took effect, if it had a reference.
func (s *session) acknowledge(ref string) {
	if ref != "" {
		s.write(protocol.AckFrame(nil, ref, 0))
	}
}
