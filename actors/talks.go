package actors

import (
	"slices"
	"sync"
	"time"

	"parley/actors/protocol"
)

const (
	// recentPeers is how many of those a name has talked with of late are remembered:
	// a message to them opens no conversation. About 4 KiB for a name that has so many.
	recentPeers = 64
	// openBurst is how much of the rate may come at once: so many minutes' worth.
	openBurst = 10
	// idleTalks is after how long a name's talks are forgotten: its bucket is full by
	// then.
	idleTalks = 2 * openBurst * time.Minute
)

// talks bound how many conversations the names on this node open.
type talks struct {
	mu    sync.Mutex
	of    map[string]*talker
	swept time.Time
}

// talker is a name that has sent direct messages of late.
type talker struct {
	peers  []string // comparison forms, the one longest not written to first
	opened bucket
	last   time.Time
}

// take takes a token if a direct message from name to peer opens a conversation, at so
// many a minute (0: no limit), and says how long to wait if there is none. What a
// conversation costs besides is paid last, by pay; nothing is taken if that has one wait.
func (t *talks) take(name, peer string, perMinute float64, now time.Time, pay func() time.Duration) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = make(map[string]*talker)
	}
	t.sweep(now)
	who := t.of[name]
	if who == nil {
		who = &talker{}
		t.of[name] = who
	}
	who.last = now
	return who.talk(protocol.Fold(peer), perMinute, now, pay)
}

func (t *talker) talk(peer string, perMinute float64, now time.Time, pay func() time.Duration) (wait time.Duration) {
	if i := slices.Index(t.peers, peer); i >= 0 {
		t.peers = append(slices.Delete(t.peers, i, i+1), peer)
		return 0
	}
	opened := t.opened
	if wait := opened.takeOf(openBurst*perMinute, perMinute/time.Minute.Seconds(), now); wait > 0 {
		return wait
	}
	if wait := pay(); wait > 0 {
		return wait
	}
	t.opened = opened
	if len(t.peers) == recentPeers {
		t.peers = slices.Delete(t.peers, 0, 1)
	}
	t.peers = append(t.peers, peer)
	return 0
}

func (t *talks) sweep(now time.Time) {
	if now.Sub(t.swept) < idleTalks {
		return
	}
	t.swept = now
	for name, who := range t.of {
		if now.Sub(who.last) >= idleTalks {
			delete(t.of, name)
		}
	}
}
