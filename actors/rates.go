package actors

import (
	"time"

	"parley/actors/protocol"
)

const (
	// burst is how much of a rate may come at once: so many seconds' worth.
	burst = 10
	// floodFactor: a client that goes on at so many times its rate, though it is
	// told to wait, is closed.
	floodFactor = 10
	// floodLeast is the least that counts as such, in frames a second: a rate may be far
	// below what a person causes by trying again.
	floodLeast = 10
)

// bucket is a token bucket. The zero bucket is full.
type bucket struct {
	spent float64   // tokens taken and not yet back
	last  time.Time // of the last take
}

// take takes a token at the given rate a second (0: no limit), and says how long
// to wait if there is none.
func (b *bucket) take(rate float64, now time.Time) (wait time.Duration) {
	return b.takeOf(burst*rate, rate, now)
}

// takeOf likewise of a bucket that holds size tokens.
func (b *bucket) takeOf(size, rate float64, now time.Time) (wait time.Duration) {
	if rate <= 0 {
		return 0
	}
	if !b.last.IsZero() {
		b.spent = max(0, b.spent-now.Sub(b.last).Seconds()*rate)
	}
	b.last = now
	if over := b.spent + 1 - size; over > 0 {
		return time.Duration(over / rate * float64(time.Second))
	}
	b.spent++
	return 0
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
	if c.Verb == protocol.VerbMsg || c.Verb == protocol.VerbDM {
		s.writeFenced(frame, protocol.CodeRateLimited, rate)
	} else {
		s.write(frame)
	}
}
