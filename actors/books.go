package actors

import (
	"cmp"
	"maps"
	"sync"
)

const (
	// roomTail is how many messages of a room a node holds: at least the last 1,000 public ones
	// must survive a Redis that forgets.
	roomTail = 2000
	// inboxTail is how many direct messages of one user: all that an inbox keeps.
	inboxTail = 1000
)

// Memory is how much a node remembers of the logs, in entries: what it can give back to a
// Redis that forgot. What is 0 is the usual.
type Memory struct {
	Room  int // of each room; roomTail
	Inbox int // of each inbox that is open here; inboxTail
}

func (m Memory) orUsual() Memory {
	return Memory{cmp.Or(m.Room, roomTail), cmp.Or(m.Inbox, inboxTail)}
}

func (m Memory) of(log Log) int {
	if log.Private() {
		return m.Inbox
	}
	return m.Room
}

// book is what a node knows of a log, for the actors that come after one that died.
type book struct {
	tail *tail
	// Of a room: who is in it as far as is told, and whose last connection here has ended within
	// the grace.
	roster  *roster
	leaving departures
}

// books are those of the logs that are listened to on this node.
type books struct {
	memory Memory
	mu     sync.Mutex
	by     map[Log]*book
}

// of gives the log's book, made if there is none.
func (b *books) of(log Log) *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = make(map[Log]*book)
	}
	of := b.by[log]
	if of == nil {
		of = &book{tail: newTail(b.memory.of(log))}
		if !log.Private() {
			of.roster, of.leaving = &roster{}, departures{}
		}
		b.by[log] = of
	}
	return of
}

// keepInboxes drops the inboxes of all but those users: nobody lived to see that the others left.
func (b *books) keepInboxes(users map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.by, func(log Log, _ *book) bool { return log.Private() && !users[log.Name] })
}

// drop forgets a log nobody here listens to any more.
func (b *books) drop(log Log) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.by, log)
}
