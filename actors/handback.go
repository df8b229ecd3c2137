package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// What a node holds of the logs that are listened to here it hands back to a Redis that has
// lost some of it. (What was stored through it the bridge knows itself.)

// handBackDue hands back what the incarnation before did not live to: it was told once.
func (c *channel) handBackDue(ctx actor.Context) {
	if c.feed.tail.handed < c.chat.changes.Load() {
		c.handBack(ctx)
	}
}

// handBack gives a Redis that has begun anew what it may lack.
func (c *channel) handBack(ctx actor.Context) {
	t := c.feed.tail
	t.handed = c.chat.changes.Load()
	if entries := t.since(t.after, t.entries.Len()); len(entries) > 0 || t.after > 0 {
		ctx.Send(c.chat.bridge, &Restore{Log: c.feed.log, Past: slices.Clone(t.past), After: t.after, Entries: entries})
	}
}
