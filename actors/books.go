package actors

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// publicTail is how many messages of the public room a node holds: at least the last 1,000 must
	// survive a Redis that forgets.
	publicTail = 2000
	// roomTail is how many of a room with a name, of which there may be many.
	roomTail = 1000
	// inboxTail is how many direct messages of one user: all that an inbox keeps.
	inboxTail = 1000
)

// Memory is how much a node remembers of the logs, in entries: what it can give back to a
// Redis that forgot. What is 0 is the usual.
type Memory struct {
	Public int // of the public room; publicTail
	Room   int // of each other room that somebody here is in; roomTail
	Inbox  int // of each inbox that is open here; inboxTail
}

func (m Memory) orUsual() Memory {
	return Memory{cmp.Or(m.Public, publicTail), cmp.Or(m.Room, roomTail), cmp.Or(m.Inbox, inboxTail)}
}

func (m Memory) of(log Log) int {
	switch {
	case log.Private():
		return m.Inbox
	case log.Named():
		return m.Room
	}
	return m.Public
}

// book is what a node knows of a log, for the actors that come after one that died.
type book struct {
	place *place
	tail  *tail
	// Of a room: who is in it as far as is told, and whose last connection here has ended within
	// the grace.
	roster  *roster
	leaving departures
	// Of a room with a name: who has left it here of late, by its sessions' account; under the books'
	// mutex.
	left departures
}

// hasLeft notes that names are in a room no more: whoever was to tell that may have died.
func (b *books) hasLeft(room Log, gone []Departure, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := b.by[room]
	if of == nil {
		return
	}
	if of.left == nil {
		of.left = departures{}
	}
	maps.DeleteFunc(of.left, func(_ string, at time.Time) bool { return now.Sub(at) >= departuresKept })
	for _, d := range gone {
		of.left[strings.Clone(d.Name)] = d.At
	}
}

// isThere notes that a name is in a room all the same, or has come back.
func (b *books) isThere(room Log, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if of := b.by[room]; of != nil {
		delete(of.left, name)
	}
}

// leftOfLate gives those who have left a room and not come back.
func (b *books) leftOfLate(room Log, now time.Time) (gone []Departure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := b.by[room]
	if of == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(of.left)) {
		if at := of.left[name]; now.Sub(at) < departuresKept {
			gone = append(gone, Departure{name, at})
		}
	}
	return gone
}

// books are those of the logs that are listened to on this node.
type books struct {
	memory Memory
	mu     sync.Mutex
	by     map[Log]*book
	rooms  int // of by, with a name
}

// of gives the log's book, made if there is none. A room with a name is told by it as it is spelled.
func (b *books) of(log Log, spelled string) *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = make(map[Log]*book)
	}
	of := b.by[log]
	if of == nil {
		of = &book{place: &place{log: log, room: spelled}, tail: newTail(b.memory.of(log))}
		if !log.Private() {
			of.roster, of.leaving = &roster{room: spelled}, departures{}
		}
		if log.Named() {
			b.rooms++
		}
		b.by[log] = of
	}
	return of
}

// spelling is how the name of a room is spelled that somebody here is in.
func (b *books) spelling(room Log) (spelled string, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if of := b.by[room]; of != nil {
		return of.roster.room, true
	}
	return "", false
}

// named is how many rooms with a name somebody here is in.
func (b *books) named() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rooms
}

// namedRooms gives these rooms, in order, with their names as they are spelled.
func (b *books) namedRooms() []listened {
	b.mu.Lock()
	defer b.mu.Unlock()
	rooms := make([]listened, 0, b.rooms)
	for log, of := range b.by {
		if log.Named() {
			rooms = append(rooms, listened{log: log, spelled: of.roster.room})
		}
	}
	slices.SortFunc(rooms, func(a, b listened) int { return a.log.Compare(b.log) })
	return rooms
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
	if b.by[log] != nil && log.Named() {
		b.rooms--
	}
	delete(b.by, log)
}
