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
	defaultEntersPerIP        = 600      // a minute
	defaultRoomsPerIP         = 20       // an hour

	// How much of a rate comes at once: what comes back meanwhile.
	burst      = 10 * time.Second
	bytesBurst = 16 * time.Second // after an outage a whole office resumes; by default 1 MiB
	joinsBurst = time.Minute
	openBurst  = 10 * time.Minute
	enterBurst = time.Minute // who comes back enters all its rooms
	roomsBurst = time.Hour
)

// budgets are what those who talk may take from a node, over all connections.
type budgets struct {
	// Of a name.
	said, opened *limit.Buckets[string] // messages, and conversations
	entered      *limit.Buckets[string] // rooms, entered or left
	made         *limit.Buckets[string] // rooms
	// Of an address.
	messages      *limit.Addresses
	bytes         *limit.Addresses // said, or asked to be told again
	joins         *limit.Addresses
	conversations *limit.Addresses
	enters        *limit.Addresses
	rooms         *limit.Addresses
}

func newBudgets(s Settings) budgets {
	return budgets{
		said:          limit.NewBuckets[string](limit.Rate{PerSecond: s.MessageRate, Burst: burst}),
		opened:        limit.NewBuckets[string](limit.Rate{PerSecond: s.ConversationRate / time.Minute.Seconds(), Burst: openBurst}),
		entered:       limit.NewBuckets[string](limit.Rate{PerSecond: s.EnterRate / time.Minute.Seconds(), Burst: enterBurst}),
		made:          limit.NewBuckets[string](limit.Rate{PerSecond: s.RoomRate / time.Hour.Seconds(), Burst: roomsBurst}),
		messages:      limit.NewAddresses(s.MessageRatePerIP, defaultMessagesPerIP, time.Second, burst),
		bytes:         limit.NewAddresses(s.ByteRatePerIP, defaultBytesPerIP, time.Second, bytesBurst),
		joins:         limit.NewAddresses(s.JoinRatePerIP, defaultJoinsPerIP, time.Minute, joinsBurst),
		conversations: limit.NewAddresses(s.ConversationRatePerIP, defaultConversationsPerIP, time.Minute, openBurst),
		enters:        limit.NewAddresses(s.EnterRatePerIP, defaultEntersPerIP, time.Minute, enterBurst),
		rooms:         limit.NewAddresses(s.RoomRatePerIP, defaultRoomsPerIP, time.Hour, roomsBurst),
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

// mayEnter takes what entering a room costs the name and its address, or says how long to wait.
func (c *Chat) mayEnter(from netip.Addr, name string, now time.Time) (wait time.Duration) {
	b := &c.budgets
	if wait = max(b.enters.Wait(from, 1, now), b.entered.Wait(name, 1, now)); wait == 0 {
		c.exited(from, name, now)
	}
	return wait
}

// exited takes what leaving a room costs. It is never refused, but puts off what is entered next.
func (c *Chat) exited(from netip.Addr, name string, now time.Time) {
	c.budgets.enters.Spend(from, 1, now)
	c.budgets.entered.Spend(name, 1, now)
}

// mayMake says whether a name may make a room, or how long it has to wait for that; made takes what it
// costs, once it was. The rooms of the settings are there for all.
func (c *Chat) mayMake(from netip.Addr, name, room string, now time.Time) (may bool, wait time.Duration) {
	if _, kept := c.kept[Room(room)]; kept {
		return true, 0
	}
	if c.settings.RoomCreate == nobodyMakesRooms {
		return false, 0
	}
	b := &c.budgets
	wait = max(b.rooms.Wait(from, 1, now), b.made.Wait(name, 1, now))
	return wait == 0, wait
}

func (c *Chat) made(from netip.Addr, name string, now time.Time) {
	c.budgets.rooms.Spend(from, 1, now)
	c.budgets.made.Spend(name, 1, now)
}
