package redisbridge

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	// journalLimit is how many entries of inboxes, stored through this node, can be
	// written back to a Redis that forgot: those of users who are not here have nobody
	// else to remember them. journalAge is how long: what Redis may forget is its last
	// seconds.
	journalLimit = 4096
	journalAge   = 10 * time.Minute
	// Of the public log every node remembers more, once the events have come: after
	// unheardAge a link over which they don't has been made anew, and all was read. That
	// many are 10 s of 3,000 messages a second.
	unheardAge   = 3 * time.Second
	unheardLimit = 32768
	// roomsLimit is how many entries of rooms with a name are written back, for journalAge: whoever is
	// in them when they are lost.
	roomsLimit = 16384
)

// logEntry is an entry and where it belongs.
type logEntry struct {
	log   actors.Log
	prev  int64 // the log's newest id before
	entry protocol.Entry
	again bool // it was stored before
}

// journal is what was stored through this node of late. It is noted as soon as Redis has
// answered, before anything else can happen to it: until others hear of it, only this node
// could write it back. What others stored in between it does not know; but of each entry which
// one was before. It belongs to no actor.
type journal struct {
	mu      sync.Mutex
	inboxes chronicle
	rooms   chronicle // with a name
	public  chronicle
	told    int64 // the newest id of the public log whose event has come
}

// chronicle keeps so many entries for so long.
type chronicle struct {
	limit   int
	age     time.Duration
	entries []chronicled
}

type chronicled struct {
	logEntry
	at time.Time
}

func newJournal(limit int) *journal {
	return &journal{
		inboxes: chronicle{limit: cmp.Or(limit, journalLimit), age: journalAge},
		rooms:   chronicle{limit: cmp.Or(limit, roomsLimit), age: journalAge},
		public:  chronicle{limit: unheardLimit, age: unheardAge},
	}
}

// note takes in what is stored.
func (j *journal) note(entries []logEntry, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range entries {
		c := &j.public
		switch {
		case e.log.Private():
			c = &j.inboxes
		case e.log.Named():
			c = &j.rooms
		}
		c.add(e, now)
	}
	always := func(chronicled) bool { return true }
	j.inboxes.forget(now, always)
	j.rooms.forget(now, always)
	j.public.forget(now, func(c chronicled) bool { return c.entry.ID <= j.told })
}

// heard notes that the event of what has an id in the public log has come.
func (j *journal) heard(id int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told = max(j.told, id)
}

// add notes an entry as the newest. One that is asked for again and again takes no place of
// others, and what is known to be before it stays so.
func (c *chronicle) add(e logEntry, now time.Time) {
	if e.again {
		i := slices.IndexFunc(c.entries, func(n chronicled) bool { return n.log == e.log && n.entry.ID == e.entry.ID })
		if i >= 0 {
			e = c.entries[i].logEntry
			c.entries = slices.Delete(c.entries, i, i+1)
		}
	}
	c.entries = append(c.entries, chronicled{e, now})
}

// forget drops the oldest that are too many, and those that are too old and may go.
func (c *chronicle) forget(now time.Time, may func(chronicled) bool) {
	n := max(0, len(c.entries)-c.limit)
	for n < len(c.entries) && now.Sub(c.entries[n].at) > c.age && may(c.entries[n]) {
		n++
	}
	if c.entries = c.entries[n:]; len(c.entries) == 0 {
		c.entries = nil
	}
}

// chains gives what is noted as what is to be written back: in each log, runs of those that
// came right after each other. One that is there twice, for it was asked for again, is in one
// of them.
func (j *journal) chains() (chains []*actors.Restore) {
	j.mu.Lock()
	noted := make([]logEntry, 0, len(j.public.entries)+len(j.rooms.entries)+len(j.inboxes.entries))
	for _, c := range slices.Concat(j.public.entries, j.rooms.entries, j.inboxes.entries) {
		noted = append(noted, c.logEntry)
	}
	j.mu.Unlock()
	slices.SortFunc(noted, func(a, b logEntry) int {
		return cmp.Or(a.log.Compare(b.log), cmp.Compare(a.entry.ID, b.entry.ID))
	})
	var chain *actors.Restore
	var last int64
	for _, e := range noted {
		switch {
		case chain != nil && chain.Log == e.log && last == e.entry.ID:
			continue
		case chain == nil || chain.Log != e.log || last != e.prev:
			chain = &actors.Restore{Log: e.log, After: e.prev}
			chains = append(chains, chain)
		}
		chain.Entries = append(chain.Entries, e.entry)
		last = e.entry.ID
	}
	return chains
}

// changed tells that Redis may lack what it had, and begins with what was stored through
// this node.
func (b *bridge) changed() {
	for _, chain := range b.store.journal.chains() {
		b.restores.ask(chain)
	}
	b.send(b.parent, &actors.RedisChanged{})
}
