package actors

import "time"

// stopwatch follows one message at a time from when it came in to when all sessions
// were told of it: a sample that costs nothing where messages are many.
type stopwatch struct {
	id       int64 // of the message it follows; 0: none
	received time.Time
}

// time follows a message that this node took in, unless one is followed already.
func (c *channel) time(e *Appended) {
	if c.timed.id == 0 && !e.Received.IsZero() {
		c.timed = stopwatch{e.Entries[0].ID, e.Received}
	}
}

// measure notes the time of the message that is followed, once no wave is to tell it
// any more.
func (c *channel) measure() {
	if c.timed.id == 0 || c.underWay {
		return
	}
	told := c.feed.tail.last
	if len(c.fresh) > 0 {
		told = c.prev
	}
	if c.timed.id <= told {
		c.chat.metrics.Delivery.Observe(time.Since(c.timed.received).Seconds())
		c.timed = stopwatch{}
	}
}
