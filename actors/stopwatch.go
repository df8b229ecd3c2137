package actors

import "time"

// stopwatch follows one message at a time from when it came in to when all sessions
// were told of it: a sample that costs nothing where messages are many.
type stopwatch struct {
	id       int64 // of the message it follows; 0: none
	received time.Time
}

// timeStored follows a message that this node took in, unless one is followed already. Its
// event may have come before.
func (c *channel) timeStored(id int64, received time.Time) {
	if c.timed.id == 0 {
		c.timed = stopwatch{id, received}
		c.measure()
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
