package actors

import (
	"net/netip"
	"time"

	"parley/actors/limit"
)

const (
	// What an address may do by default, over all its connections and names on a node:
	// enough for a household or a small office, and nothing that others would notice.
	defaultMessagesPerIP      = 5        // a second
	defaultBytesPerIP         = 64 << 10 // a second
	defaultJoinsPerIP         = 30       // a minute
	defaultConversationsPerIP = 15       // a minute

	// How much of a rate comes at once: what comes back meanwhile.
	burst      = 10 * time.Second
	bytesBurst = 16 * time.Second // after an outage a whole office resumes; by default 1 MiB
	joinsBurst = time.Minute
	openBurst  = 10 * time.Minute
)

// budgets are what those who talk may take from a node, over all connections.
type budgets struct {
	// Of a name.
	said, opened *limit.Buckets[string] // messages, and conversations
	// Of an address.
	messages      *limit.Addresses
	bytes         *limit.Addresses // said, or asked to be told again
	joins         *limit.Addresses
	conversations *limit.Addresses
}

func newBudgets(s Settings) budgets {
	return budgets{
		said:          limit.NewBuckets[string](limit.Rate{PerSecond: s.MessageRate, Burst: burst}),
		opened:        limit.NewBuckets[string](limit.Rate{PerSecond: s.ConversationRate / time.Minute.Seconds(), Burst: openBurst}),
		messages:      limit.NewAddresses(s.MessageRatePerIP, defaultMessagesPerIP, time.Second, burst),
		bytes:         limit.NewAddresses(s.ByteRatePerIP, defaultBytesPerIP, time.Second, bytesBurst),
		joins:         limit.NewAddresses(s.JoinRatePerIP, defaultJoinsPerIP, time.Minute, joinsBurst),
		conversations: limit.NewAddresses(s.ConversationRatePerIP, defaultConversationsPerIP, time.Minute, openBurst),
	}
}

// mayTalk takes what a message of so many bytes costs the name that says it and the address
// it comes from; receiver is "" for a public one. Who has to wait, for a rate a second, pays
// nothing. What its other connections do meanwhile is at most a little debt.
func (c *Chat) mayTalk(from netip.Addr, name, receiver string, size int, now time.Time) (wait time.Duration, rate float64) {
	s, b := c.settings, &c.budgets
	if wait = max(b.messages.Wait(from, 1, now), b.bytes.Wait(from, size, now), b.said.Wait(name, 1, now)); wait > 0 {
		return wait, s.MessageRate
	}
	opensCost := s.ConversationRate > 0 || b.conversations.Limits(from)
	if receiver != "" && opensCost && !c.peers.goesOn(name, receiver, now) {
		if wait = max(b.conversations.Wait(from, 1, now), b.opened.Wait(name, 1, now)); wait > 0 {
			return wait, s.ConversationRate / time.Minute.Seconds()
		}
		b.conversations.Spend(from, 1, now)
		b.opened.Spend(name, 1, now)
		c.peers.opens(name, receiver, now)
	}
	b.messages.Spend(from, 1, now)
	b.bytes.Spend(from, size, now)
	b.said.Spend(name, 1, now)
	return 0, 0
}
