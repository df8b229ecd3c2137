package actors

import (
	"time"

	"parley/actors/limit"
	"parley/actors/protocol"
)

// A connection is held to FRAME_RATE by two: its session counts what the client says, and
// its read loop every other frame.

const (
	// floodFactor: a client that goes on at so many times its rate, though it is
	// told to wait, is closed.
	floodFactor = 10
	// floodLeast is the least that counts as such, in frames a second: a rate may be far
	// below what a person causes by trying again.
	floodLeast = 10
)

// Frame counts a frame that is no message: a ping, a pong, or a part of a message that is
// not its last. It is called by the read loop alone, and never waits. ok says that it is
// within FRAME_RATE; where it is not, it deserves no answer, and a client that goes on at
// ten times the rate is closed.
func (c *Connection) Frame() (ok bool) {
	now := time.Now()
	if c.countFrame(now) == 0 {
		return true
	}
	if c.floods(c.chat.settings.FrameRate, now) {
		c.close(protocol.CloseNotAllowed, "too many frames")
	}
	return false
}

// countFrame counts a frame, and says how long to wait if there are too many.
func (c *Connection) countFrame(now time.Time) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames.Take(limit.Rate{PerSecond: c.chat.settings.FrameRate, Burst: burst}, 1, now)
}

// floods counts something that was refused for a rate a second, and says whether that
// happens so often that the connection is to end.
func (c *Connection) floods(rate float64, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flood.Take(limit.Rate{PerSecond: max(floodFactor*rate, floodLeast), Burst: burst}, 1, now) > 0
}

// rateLimited refuses a frame that came too soon for a rate; who does not stop is cut
// off. Only messages have an order that what comes behind must not break.
func (s *session) rateLimited(c protocol.Command, rate float64, wait time.Duration) {
	s.chat.metrics.Refusals.WithLabelValues(string(protocol.CodeRateLimited)).Inc()
	if s.conn.floods(rate, time.Now()) {
		s.conn.close(protocol.CloseNotAllowed, "too many frames")
		return
	}
	frame := protocol.ErrorFrame(nil, protocol.CodeRateLimited, c.Ref, max(1, wait.Milliseconds()))
	if c.IsMessage() {
		s.writeFenced(frame, protocol.CodeRateLimited, rate)
	} else {
		s.write(frame)
	}
}
