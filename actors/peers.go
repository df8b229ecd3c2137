package actors

import (
	"slices"
	"sync"
	"time"

	"parley/actors/limit"
	"parley/actors/protocol"
)

const (
	// recentPeers is how many of those a name has talked with of late are remembered:
	// a message to them opens no conversation. About 4 KiB for a name that has so many.
	recentPeers = 64
	// idlePeers is after how long a name's peers are forgotten: its budget is full by
	// then.
	idlePeers = 2 * openBurst
)

// peers remember whom the names on this node talk with.
type peers struct {
	mu sync.Mutex
	of limit.Map[string, peersOf]
}

// peersOf is a name that has sent direct messages of late.
type peersOf struct {
	peers []string // comparison forms, the one longest not written to first
	last  time.Time
}

// Idle says whether it can be forgotten.
func (t peersOf) Idle(now time.Time) bool { return now.Sub(t.last) >= idlePeers }

// goesOn says whether name has talked with peer of late, which it does now.
func (t *peers) goesOn(name, peer string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	who, peer := t.of.Use(name, now), protocol.Fold(peer)
	i := slices.Index(who.peers, peer)
	if i < 0 {
		return false
	}
	who.last, who.peers = now, append(slices.Delete(who.peers, i, i+1), peer)
	return true
}

// opens notes that name talks with peer, which was new.
func (t *peers) opens(name, peer string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.of.Use(name, now)
	if len(who.peers) == recentPeers {
		who.peers = slices.Delete(who.peers, 0, 1)
	}
	who.last, who.peers = now, append(who.peers, protocol.Fold(peer))
}
