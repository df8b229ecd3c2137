package actors

import (
	"cmp"
	"slices"
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
// between it does not know; but of each entry which one was before. It outlives the dms.
type journal struct {
	limit   int // entries
	entries ring[journaled]
	handed  int64 // up to which of the chat's changes it was handed back
}

type journaled struct {
	LogEntry
	at time.Time
}

func (j *journal) note(entries []LogEntry, now time.Time) {
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
	noted := make([]LogEntry, j.entries.len())
	for i := range noted {
		noted[i] = j.entries.at(i).LogEntry
	}
	slices.SortFunc(noted, func(a, b LogEntry) int {
		return cmp.Or(cmp.Compare(a.Log, b.Log), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	return chainsOf(noted)
}
