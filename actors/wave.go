package actors

import (
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

const (
	// waveTimeout is when a wave counts as done though some session did not say so:
	// it died with the wave in its mailbox, and reads on from its cursor anyway.
	waveTimeout = 100 * time.Millisecond
	// Waves begin at an interval: what comes meanwhile goes out in one write a session
	// instead of many, and a write is most of what a delivery costs (6 µs of 8.5 measured;
	// ten messages in it cost little more than one). Up to smallChat people it is
	// WaveInterval, and the bridge's commits come a little slower, so
	// that waves and events keep step. From there on each person adds waveShare, up to
	// longestInterval, where nobody sees it yet: so a large chat costs less for each
	// delivery instead of more. People are counted, and not this node's sessions, so that
	// the same work costs the same on any number of nodes. A message that finds no wave
	// under way leaves at once; so do all where a wave takes no longer than promptWave,
	// which is a few sessions.
	WaveInterval    = 7 * time.Millisecond
	longestInterval = 40 * time.Millisecond
	smallChat       = 500 // people
	waveShare       = 50 * time.Microsecond
	promptWave      = 300 * time.Microsecond
)

// wave is what a session is told in one go: changes of presence, then entries. It
// is shared by all sessions and never changed. It can be shed: a session that
// misses one reads on from its cursor.
type wave struct {
	Log      Log
	Prev     int64 // the log's newest id before Entries
	Entries  []protocol.Entry
	Presence []byte // frames, whole
	Version  int64  // of the roster, with Presence told
	Before   int64  // likewise of the Presence before: who was told less has missed that
	All      []byte // Presence and all Entries' frames, ready for one write

	remaining atomic.Int32
	done      func()
}

// handled notes that one session is through with the wave.
func (w *wave) handled() {
	if w.remaining.Add(-1) == 0 {
		w.done()
	}
}

// Shed implements engine.Sheddable.
func (w *wave) Shed() { w.handled() }

// newWave gathers what sessions are told. done is called once, when all of them
// have handled it.
func newWave(log Log, prev int64, entries []protocol.Entry, presence []byte, sessions int, done func()) *wave {
	w := &wave{Log: log, Prev: prev, Entries: entries, Presence: presence, done: done}
	if len(entries) == 0 {
		w.All = presence
	} else {
		w.All = make([]byte, 0, len(presence)+protocol.SizeOf(entries))
		w.All = append(w.All, presence...)
		for _, e := range entries {
			w.All = append(w.All, e.Frame...)
		}
	}
	w.remaining.Store(int32(sessions))
	return w
}

// waveOver tells the actor that told a wave that it may tell the next.
type waveOver struct {
	number uint64
}

// restOver tells it that the pause after a wave is over.
type restOver struct {
	number uint64
}

// surf keeps at most one wave under way. What comes meanwhile waits for the next.
type surf struct {
	number   uint64
	underWay bool
	resting  bool
	began    time.Time
}

// idle says whether a wave may start now.
func (s *surf) idle() bool { return !s.underWay && !s.resting }

// begin starts the next wave's clock; self hears waveOver in any case.
func (s *surf) begin(chat *Chat, self *actor.PID) (done func()) {
	s.number++
	s.underWay = true
	s.began = time.Now()
	over := &waveOver{number: s.number}
	tell := func() { chat.root.Send(self, over) }
	timer := chat.system.After(waveTimeout, "wave", tell)
	return func() {
		timer.Stop()
		tell()
	}
}

// over ends wave number, which was to an audience in a chat of so many people, and
// says whether the next may start at once; otherwise restOver comes when it may.
func (s *surf) over(chat *Chat, self *actor.PID, number uint64, people int) bool {
	if number != s.number || !s.underWay {
		return false
	}
	s.underWay = false
	took := time.Since(s.began)
	interval := intervalFor(people)
	if took < promptWave || took >= interval {
		return true
	}
	s.resting = true
	chat.system.After(interval-took, "rest", func() { chat.root.Send(self, &restOver{number: number}) })
	return false
}

// intervalFor is from one wave's beginning to the next's in a chat of so many people.
func intervalFor(people int) time.Duration {
	return min(WaveInterval+time.Duration(max(0, people-smallChat))*waveShare, longestInterval)
}

// rested ends the pause after wave number.
func (s *surf) rested(number uint64) bool {
	if number != s.number || !s.resting {
		return false
	}
	s.resting = false
	return true
}
