package actors

import (
	"strings"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// tail is the newest part of a log, as far as a node holds it in memory: from it
// clients that are a little behind are served, and a Redis that forgot is given
// back what it lacks. It holds every entry of the log in (after, last], in order.
// A tail outlives the actor that keeps it: it is a plain value with no opinion of
// who dies.
type tail struct {
	entries engine.Ring[protocol.Entry]
	after   int64 // the id before the first held; 0 if there was none
	last    int64 // the newest id seen
	known   bool  // the log was read at least once
	limit   int   // entries held at most
	// past are entries from before, without frames: the log keeps less than the tail may hold, but
	// what it has trimmed may yet be said again. They count as entries.
	past []protocol.Entry
	// unsure is the id up to which the log may have entries by now that are not held; 0: none.
	unsure int64
	handed int64 // up to which of the chat's changes it was handed back
}

func newTail(limit int) *tail { return &tail{limit: limit} }

// begin sets the tail to what a first read of the log's end gave, oldest first.
// trimmed is the id up to which the log may lack some; whole says that entries are all
// the log has. What was before the first of them is not known otherwise: so it is that
// which is before.
func (t *tail) begin(entries []protocol.Entry, newest, trimmed int64, whole bool) {
	held := t.entries
	t.entries = engine.Ring[protocol.Entry]{}
	t.known, t.unsure = true, 0
	t.last = max(newest, trimmed)
	switch {
	case whole:
		t.after = trimmed
	case len(entries) > 0:
		t.after = max(entries[0].ID, trimmed)
		entries = entries[1:]
	default:
		t.after = t.last
	}
	t.bury(held)
	t.put(entries)
}

// bury keeps the references of what was held, as far as the log does not keep it any more.
func (t *tail) bury(held engine.Ring[protocol.Entry]) {
	for i := range held.Len() {
		if e := held.At(i); e.ID <= t.after && e.Ref != "" {
			t.past = append(t.past, protocol.Entry{ID: e.ID, Ref: strings.Clone(e.Ref)})
		}
	}
}

// extend appends what follows last and gives it back: entries that the tail has
// already are left out. The caller has made sure that there is no hole before them.
func (t *tail) extend(entries []protocol.Entry) []protocol.Entry {
	i := 0
	for i < len(entries) && entries[i].ID <= t.last {
		i++
	}
	fresh := entries[i:]
	t.put(fresh)
	return fresh
}

// skip makes a hole that nobody can fill any more the tail's beginning.
func (t *tail) skip(trimmed int64) {
	held := t.entries
	t.entries = engine.Ring[protocol.Entry]{}
	t.after, t.last = trimmed, trimmed
	t.bury(held)
}

func (t *tail) put(entries []protocol.Entry) {
	for _, e := range entries {
		if t.entries.Len() == t.limit {
			t.after = max(t.after, t.entries.Pop().ID)
		}
		t.entries.Push(e)
		t.last = max(t.last, e.ID)
	}
	if n := len(t.past) + t.entries.Len() - t.limit; n > 0 {
		if t.past = t.past[min(n, len(t.past)):]; len(t.past) == 0 {
			t.past = nil
		}
	}
}

// covers says whether every entry after cursor is held.
func (t *tail) covers(cursor int64) bool { return t.known && cursor >= max(t.after, t.unsure) }

// since gives the oldest entries after cursor, at most limit; nil if there are none.
func (t *tail) since(cursor int64, limit int) []protocol.Entry {
	from := t.find(cursor)
	n := min(limit, t.entries.Len()-from)
	if n <= 0 {
		return nil
	}
	entries := make([]protocol.Entry, n)
	for i := range entries {
		entries[i] = t.entries.At(from + i)
	}
	return entries
}

// newest gives the newest n entries, oldest first, and the cursor before them.
func (t *tail) newest(n int) ([]protocol.Entry, int64) {
	from := max(0, t.entries.Len()-n)
	before := t.after
	if from > 0 {
		before = t.entries.At(from - 1).ID
	}
	return t.since(before, n), before
}

// find gives the index of the first entry after cursor.
func (t *tail) find(cursor int64) int {
	low, high := 0, t.entries.Len()
	for low < high {
		mid := (low + high) / 2
		if t.entries.At(mid).ID <= cursor {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
