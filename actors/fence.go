package actors

import (
	"encoding/binary"
	"time"

	"parley/actors/protocol"
)

// A client says again, after it has come back, what was not answered, in order. A refusal
// that it never read is no answer to it: what it said behind the refused message must not be
// stored, or the two would swap. What waits for the same append is refused with it. What comes
// later is not looked at before the client has shown that it has read the refusal, by the pong
// to a ping that was sent behind it.

const (
	// fencePatience is how long a client may take to read a refusal: as long as it may take to
	// read anything.
	fencePatience = 30 * time.Second

	finPing  = 0x89 // RFC 6455 §5.2
	fenceLen = 4    // bytes of a ping's payload
)

// fence is the last refusal that the client is to have read; most clients are never refused.
type fence struct {
	sent  time.Time     // when its ping was
	armed bool          // fenceOver is on its way
	code  protocol.Code // what was refused with
	rate  float64       // a second, that was gone beyond, if that was why
}

// refuseInput refuses all that waits behind a refusal, like what is in the outbox: there is
// more of it than is held for that, and the pong may be behind it. Who goes on beyond a rate is
// cut off here as elsewhere.
func (s *session) refuseInput() {
	f := s.conn.state.fence
	var frames []byte
	for {
		frame, ok := s.conn.next()
		if !ok {
			break
		}
		now := time.Now()
		if s.conn.countFrame(now) > 0 {
			f.code, f.rate = protocol.CodeRateLimited, s.chat.settings.FrameRate
		}
		if f.code == protocol.CodeRateLimited && s.conn.floods(f.rate, now) {
			s.writeFenced(frames, f.code, f.rate)
			s.conn.close(protocol.CloseNotAllowed, "too many frames")
			return
		}
		c, _ := protocol.ParseCommand(frame) // whatever is wrong with it besides
		frames = s.refusal(frames, f.code, c.Ref)
		s.conn.handled()
	}
	s.writeFenced(frames, f.code, f.rate)
}

// fenceOver lets a session look whether its client reads.
type fenceOver struct{}

// writeFenced sends refusals with a code, and behind them what shows that they were read. rate
// is what was gone beyond, if that is why.
func (s *session) writeFenced(refusals []byte, code protocol.Code, rate float64) {
	if len(refusals) == 0 {
		return
	}
	st := &s.conn.state
	if st.fence == nil {
		st.fence = &fence{}
	}
	st.fence.sent, st.fence.code, st.fence.rate = time.Now(), code, rate
	number := s.conn.awaited.Add(1)
	s.armFence(fencePatience)
	s.write(binary.BigEndian.AppendUint32(append(refusals, finPing, fenceLen), number))
}

// behindFence says whether the client may not have read a refusal.
func (s *session) behindFence() bool { return s.conn.awaited.Load() != s.conn.passed.Load() }

func (s *session) armFence(wait time.Duration) {
	f := s.conn.state.fence
	if f.armed {
		return
	}
	f.armed = true
	chat, self := s.chat, s.conn.pid
	s.chat.system.After(wait, "fence", func() { chat.root.Send(self, &fenceOver{}) })
}

// fenceOver ends the connection of a client that has not read its last refusal for too long.
func (s *session) fenceOver() {
	f := s.conn.state.fence
	f.armed = false
	if !s.behindFence() || s.conn.is(closed) {
		return
	}
	if left := fencePatience - time.Since(f.sent); left > 0 {
		s.armFence(left)
		return
	}
	s.chat.metrics.SlowClients.Inc()
	s.conn.close(protocol.CloseTooSlow, "refusals are not read")
}

// Pong tells of a pong and what it bears. It is called by the read loop alone, and never
// waits. awaited says that it passes a fence: it was asked for, and is not the client's doing.
// Some libraries answer with nothing instead of what the ping bore (gws does, unless told
// otherwise): that counts until the connection has shown that it does better, for others send
// empty pongs of their own accord.
func (c *Connection) Pong(payload []byte) (awaited bool) {
	number := c.awaited.Load()
	switch {
	case len(payload) == 0 && !c.echoes:
	case len(payload) == fenceLen && binary.BigEndian.Uint32(payload) == number: // only the last one counts
		c.echoes = true
	default:
		return false
	}
	if c.passed.Swap(number) == number {
		return false // once
	}
	c.chat.root.Send(c.pid, &inputReady{})
	return true
}

// isCrowded says whether more was said than finds room.
func (c *Connection) isCrowded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.crowded
}
