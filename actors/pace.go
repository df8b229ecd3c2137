package actors

import (
	"time"

	"parley/actors/protocol"
)

// A connection is held to FRAME_RATE by two: its session counts what the client says, and
// its read loop every other frame.

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
	return c.frames.take(c.chat.settings.FrameRate, now)
}

// floods counts something that was refused for a rate a second, and says whether that
// happens so often that the connection is to end.
func (c *Connection) floods(rate float64, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flood.take(max(floodFactor*rate, floodLeast), now) > 0
}
