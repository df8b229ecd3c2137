package actors

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	// journalLimit is how many entries of inboxes, stored through this node, can be
	// given back to a Redis that forgot: those of users who are not here have nobody
	// else to remember them.
	journalLimit = 4096
	// journalAge is how long: what Redis may forget is its last seconds.
	journalAge = 10 * time.Minute
)

// LogEntry is an entry and where it belongs.
type LogEntry struct {
	Log   Log
	Prev  int64 // the log's newest id before
	Entry Entry
}

// journal is what was put into inboxes through this node of late. What others put there in
// between it does not know; but of each entry which one was before. Sessions write it, the dms
// hand it back, and it outlives them all.
type journal struct {
	limit  int   // entries
	handed int64 // up to which of the chat's changes it was handed back; the dms' own

	mu      sync.Mutex
	entries ring[journaled]
}

type journaled struct {
	LogEntry
	at time.Time
}

func (j *journal) note(entries []LogEntry, now time.Time) {
	if len(entries) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range entries {
		if j.entries.len() >= j.limit {
			j.entries.pop()
		}
		j.entries.push(journaled{e, now})
	}
	for j.entries.len() > 0 && now.Sub(j.entries.at(0).at) > journalAge {
		j.entries.pop()
	}
}

// chains gives what is noted.
func (j *journal) chains() []*Restore {
	j.mu.Lock()
	noted := make([]LogEntry, j.entries.len())
	for i := range noted {
		noted[i] = j.entries.at(i).LogEntry
	}
	j.mu.Unlock()
	slices.SortFunc(noted, func(a, b LogEntry) int {
		return cmp.Or(cmp.Compare(a.Log, b.Log), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	return chainsOf(noted)
}
