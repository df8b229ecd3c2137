package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// expire lets a session refuse what has waited too long.
type expire struct{}

const (
	// drainSpread is over how long the clients of a node that goes away are told to
	// spread their coming back.
	drainSpread = 2 * time.Second
	// retryAfter is what refusals suggest to wait: long enough for Redis to be back
	// after a restart, short enough for people.
	retryAfter = time.Second
)

// session is the actor of one connection: it parses what the client says, holds
// what is not confirmed, and forwards what is after its cursors. All it knows is in
// its connection, so that the next incarnation goes on where this one died.
type session struct {
	chat  *Chat
	conn  *Connection
	timer *time.Timer // for expire; nil while nothing waits
}

func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *wave:
		s.forward(ctx, m)
		return // nothing else can have changed
	case *actor.Started:
		s.start(ctx)
	case *inputReady:
	case *opened:
		s.opened(ctx, m)
	case *Recalled:
		s.recalled(ctx, m)
	case *Settled:
		s.settled(m)
	case *Claimed:
		s.claimed(ctx, m)
	case *Held:
		s.held(m)
	case *ClaimLost:
		s.lost()
	case *Page:
		s.page(m)
	case *appeared:
		s.appeared()
	case *membersTold:
		s.membersTold(m)
	case *drained:
		s.conn.state.clogged = false
		s.catchUpAll(ctx)
	case *nudge:
		s.catchUpAll(ctx)
	case *engine.Missed:
		s.conn.state.isStale()
		s.catchUpAll(ctx)
	case *logBegan:
		s.enterAgain(ctx, m.Log)
	case *logsBegan:
		s.enterLogs(ctx, m.Kind)
	case *RoomFound:
		s.roomFound(ctx, m)
	case *RoomsListed:
		s.roomsListed(m)
	case *BridgeStarted:
		s.askAgain(ctx)
	case *expire:
		s.expire(ctx)
	case *fenceOver:
		s.fenceOver()
	case *drainAll:
		if s.conn.state.opened {
			s.write(protocol.DrainFrame(engine.Jitter(drainSpread).Milliseconds()))
		}
	case *hangUpAll:
		s.conn.drop()
	case *debtPaid:
		s.catchUpPaid(ctx, m.log)
	case *gone:
	case *actor.Stopping, *actor.Restarting:
		s.stopTimer()
		return
	default:
		return
	}
	s.handleInput(ctx)
	s.flush(ctx)
	s.leaveIfDone(ctx)
}

// start goes on where the connection is: it enters what it listens to, and asks
// again for what an earlier incarnation may have asked for.
func (s *session) start(ctx actor.Context) {
	st := &s.conn.state
	for i := range st.cursors {
		st.cursors[i].catching = false
	}
	if s.chat.hangingUp.Load() {
		s.conn.drop()
	}
	st.clogged = false // the next write shows whether it is: Drained may have been lost
	if st.fence != nil {
		st.fence.armed = false
	}
	if s.behindFence() {
		s.armFence(fencePatience)
	}
	s.reenter(ctx, st.cursor(Public))
	s.enterInbox(ctx)
	s.reenterRooms(ctx)
	s.askAgain(ctx)
	s.armTimer(ctx)
}

// askAgain repeats what the bridge was asked and has not answered.
func (s *session) askAgain(ctx actor.Context) {
	st := &s.conn.state
	if messages := st.outbox.retake(); len(messages) > 0 {
		ctx.Send(s.chat.bridge, &Append{To: s.conn.pid, Messages: messages})
	}
	if st.op != nil {
		s.ask(ctx, st.op)
	}
	for i := range st.cursors {
		if c := &st.cursors[i]; c.catching {
			s.catchUp(ctx, c)
		}
	}
}

// flush gives the bridge what waits, unless something is in flight.
func (s *session) flush(ctx actor.Context) {
	if messages := s.conn.state.outbox.take(); messages != nil {
		ctx.Send(s.chat.bridge, &Append{To: s.conn.pid, Messages: messages})
	}
	s.armTimer(ctx)
}

// settled passes outcomes on to the client: an ack where it gave a reference, an
// error in any case. What waits behind a refused message is refused with it.
func (s *session) settled(m *Settled) {
	var frames []byte
	var refused protocol.Code
	for _, o := range m.Outcomes {
		p, ok := s.conn.state.outbox.settle(o.Seq)
		switch {
		case !ok:
		case o.Code != "":
			refused = o.Code
			frames = s.refusal(frames, o.Code, p.ref)
			frames = s.refuseAll(frames, o.Code, s.conn.state.outbox.refuse())
		case p.ref != "":
			frames = protocol.AckFrame(frames, p.ref, o.ID)
		}
	}
	if refused != "" {
		s.writeFenced(frames, refused, 0)
	} else {
		s.write(frames)
	}
}

func (s *session) refuseAll(frames []byte, code protocol.Code, refused []pending) []byte {
	for _, p := range refused {
		frames = s.refusal(frames, code, p.ref)
	}
	return frames
}

// expire refuses what was never handed over once the oldest of it has waited too long, and
// the pending operation likewise.
func (s *session) expire(ctx actor.Context) {
	s.timer = nil
	now := time.Now()
	s.writeFenced(s.refuseAll(nil, protocol.CodeUnavailable, s.conn.state.outbox.expire(now)), protocol.CodeUnavailable, 0)
	if op := s.conn.state.op; op != nil && !now.Before(op.until) {
		if op.appearing {
			s.appeared()
		} else {
			s.refuseOperation(protocol.CodeUnavailable)
			s.giveUp(ctx, op)
		}
	}
	s.armTimer(ctx)
}

// armTimer has expire come when the first thing that waits runs out of patience.
func (s *session) armTimer(ctx actor.Context) {
	if s.timer != nil {
		return
	}
	at, ok := s.conn.state.outbox.nextExpiry()
	if op := s.conn.state.op; op != nil && (!ok || op.until.Before(at)) {
		at, ok = op.until, true
	}
	if !ok {
		return
	}
	chat, self := s.chat, s.conn.pid // and not the session: it may end before
	s.timer = chat.system.After(max(time.Until(at), time.Millisecond), "expiry", func() { chat.root.Send(self, &expire{}) })
}

func (s *session) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// leaveIfDone ends the connection of a node that goes away, or the session of a
// connection that has ended, once all that the client said has its outcome.
func (s *session) leaveIfDone(ctx actor.Context) {
	st := &s.conn.state
	if !s.conn.is(leaving) || !st.outbox.empty() || st.op != nil {
		return
	}
	if !s.conn.is(closing) {
		s.conn.close(protocol.CloseRestart, "server restarts")
	}
	if _, more := s.conn.next(); s.conn.is(closed) && (!more || !st.opened || s.behindFence()) {
		s.visitAll(ctx)
		s.conn.enter(finished)
		ctx.Stop(ctx.Self())
	}
}

// write sends frames that answer the client. They are few: nothing more is read
// while the socket is clogged.
func (s *session) write(frames []byte) {
	if len(frames) > 0 && !s.conn.is(closed) && !s.conn.socket.Write(frames) {
		s.conn.state.clogged = true
	}
}

// refusal appends an error frame, and counts it.
func (s *session) refusal(dst []byte, code protocol.Code, ref string) []byte {
	s.chat.metrics.Refusals.WithLabelValues(string(code)).Inc()
	var retry int64
	switch code {
	case protocol.CodeUnavailable, protocol.CodeOverloaded, protocol.CodeRateLimited:
		retry = retryAfter.Milliseconds()
	}
	return protocol.ErrorFrame(dst, code, ref, retry)
}
