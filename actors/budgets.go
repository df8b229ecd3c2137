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

	// bytesBurst is how many seconds' worth of bytes come at once: after an outage a whole
	// office resumes. By default that is 1 MiB.
	bytesBurst = 16
	// joinsBurst is how many minutes' worth of joins come at once.
	joinsBurst = 1
)

// budgets are what those who talk may take from a node: names, and the addresses that
// they come from, over all connections. Nil ones have no limit.
type budgets struct {
	names         *limit.Buckets[string] // messages
	messages      *limit.Addresses
	bytes         *limit.Addresses // said, or asked to be told again
	joins         *limit.Addresses
	conversations *limit.Addresses
}

func newBudgets(s Settings) budgets {
	return budgets{
		names:         limit.New[string](s.MessageRate, burst*s.MessageRate),
		messages:      limit.NewAddresses(s.MessageRatePerIP, defaultMessagesPerIP, time.Second, burst),
		bytes:         limit.NewAddresses(s.ByteRatePerIP, defaultBytesPerIP, time.Second, bytesBurst),
		joins:         limit.NewAddresses(s.JoinRatePerIP, defaultJoinsPerIP, time.Minute, joinsBurst),
		conversations: limit.NewAddresses(s.ConversationRatePerIP, defaultConversationsPerIP, time.Minute, openBurst),
	}
}

// limited says how long somebody has to wait, if at all, and for which rate a second.
type limited struct {
	wait time.Duration
	rate float64
}

// mayTalk takes what a message of so many bytes costs the name that says it and the address
// it comes from; receiver is "" for a public one. Who has to wait pays nothing.
func (c *Chat) mayTalk(from netip.Addr, name, receiver string, size int, now time.Time) limited {
	s, b := c.settings, &c.budgets
	if wait := max(b.messages.Wait(from, 1, now), b.bytes.Wait(from, size, now), b.names.Wait(name, 1, now)); wait > 0 {
		return limited{wait, s.MessageRate}
	}
	if receiver != "" && (s.ConversationRate > 0 || b.conversations.Limits(from)) {
		pay := func() time.Duration { return b.conversations.Take(from, 1, now) }
		if wait := c.talks.take(name, receiver, s.ConversationRate, now, pay); wait > 0 {
			return limited{wait, s.ConversationRate / time.Minute.Seconds()}
		}
	}
	b.messages.Spend(from, 1, now)
	b.bytes.Spend(from, size, now)
	b.names.Spend(name, 1, now)
	return limited{}
}
