package redisbridge

import (
	"slices"
	"sync"
	"time"
)

const (
	// formerLives is how many of this node's lives that are over it remembers until Redis is told. Of
	// what it forgets each room is cleared when somebody enters it.
	formerLives = 64
	// reapAfter is how long the rooms have to say again, in a new life, who is in them, before others
	// clear them of the one before.
	reapAfter = 5 * time.Second
	// reapPatience is how long a node may take to clear the rooms of a life that is over; then another
	// does.
	reapPatience = 3 * time.Second
)

// life is in which a node says who is in which room: what it said in one that is over counts no
// more. A new one begins with each bridge, when the lease had lapsed, and with a Redis that has
// forgotten. They ascend, for the next process of a node's name, too.
type life struct {
	mu     sync.Mutex
	number int64 // µs since the epoch, or more than the one before
	known  int64 // the last that Redis was told of
	former []int64
}

// begin begins a new one.
func (l *life) begin(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.number != 0 {
		l.former = append(l.former, l.number)
		l.former = l.former[max(0, len(l.former)-formerLives):]
	}
	l.number = max(now.UnixMicro(), l.number+1)
}

// current gives the life, and those that are over and Redis may not know of.
func (l *life) current() (number int64, former []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.number, slices.Clone(l.former)
}

// isKnown says whether Redis was told of it: before, nothing is to be said in it, for nobody would clear
// that should the node die.
func (l *life) isKnown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known == l.number
}

// told notes that Redis was told of a life, and of those that are over.
func (l *life) told(number int64, former []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = number
	l.former = slices.DeleteFunc(l.former, func(n int64) bool { return slices.Contains(former, n) })
}
