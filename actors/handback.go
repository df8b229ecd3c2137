package actors

import "github.com/asynkron/protoactor-go/actor"

// What a node holds of the logs it hands back to a Redis that has lost some of it: the tails
// of what is listened to here, and the journal of what was stored through it.

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
	for _, chain := range t.chains() {
		chain.Log = c.feed.log
		ctx.Send(c.chat.bridge, chain)
	}
}

// chainsOf makes of sorted entries what a Redis that forgot is given: runs of those that
// came right after each other. One that is there twice, for it was asked for again, is in
// one of them.
func chainsOf(entries []LogEntry) (chains []*Restore) {
	var chain *Restore
	var last int64
	for _, e := range entries {
		switch {
		case chain != nil && chain.Log == e.Log && last == e.Entry.ID:
			continue
		case chain == nil || chain.Log != e.Log || last != e.Prev:
			chain = &Restore{Log: e.Log, After: e.Prev}
			chains = append(chains, chain)
		}
		chain.Entries = append(chain.Entries, e.Entry)
		last = e.Entry.ID
	}
	return chains
}
