package actors

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"parley/actors/engine"
)

// logged keeps the log's entries that have a stack.
type logged struct {
	mu      sync.Mutex
	entries []map[string]string
}

func (l *logged) Write(line []byte) (int, error) {
	var entry map[string]string
	if bytes.Contains(line, []byte(`"stack"`)) && json.Unmarshal(line, &entry) == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.entries = append(l.entries, entry)
	}
	return len(line), nil
}

func (l *logged) all() []map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

func newLogged() (*logged, *zerolog.Logger) {
	l := &logged{}
	log := zerolog.New(l)
	return l, &log
}

// deaf is a process that panics in its senders before it hears, as the library's do
// while they are being spawned.
type deaf struct {
	mu    sync.Mutex
	tries int
	heard []any
}

func (d *deaf) SendUserMessage(_ *actor.PID, message any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tries++; d.tries == 1 {
		panic("deaf")
	}
	d.heard = append(d.heard, message)
}
func (d *deaf) SendSystemMessage(pid *actor.PID, message any) { d.SendUserMessage(pid, message) }
func (d *deaf) Stop(*actor.PID)                               {}

func (d *deaf) hears(t *testing.T, n int) {
	t.Helper()
	eventually(t, "it hears", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.heard) >= n
	})
}

// TestTimerThatPanicsCostsNothingButTime.
func TestTimerThatPanicsCostsNothingButTime(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, chat *Chat, pid *actor.PID){
		"wave": func(_ *testing.T, chat *Chat, pid *actor.PID) { (&surf{}).begin(chat, pid) },
		"rest": func(t *testing.T, chat *Chat, pid *actor.PID) {
			t.Helper()
			s := &surf{}
			eventually(t, "a wave is followed by a rest", func() bool {
				s.number, s.underWay, s.began = 1, true, time.Now().Add(-promptWave)
				return !s.over(chat, pid, 1, 1000)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, log := newLogged()
			chat := startChatWith(t, producerOf(newFakeRedis()), defaults, *log)
			d := &deaf{}
			pid, _ := chat.root.ActorSystem().ProcessRegistry.Add(d, "deaf")
			start(t, chat, pid)
			d.hears(t, 1)
			if all := entries.all(); len(all) != 1 || all[0]["reason"] != "deaf" {
				t.Errorf("logged %v", all)
			}
		})
	}
}

// TestPanicIsLoggedWithItsReasonAndTheStackOfWhereItHappened.
func TestPanicIsLoggedWithItsReasonAndTheStackOfWhereItHappened(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason        any
		logged, stack string
	}{
		"a text":                     {"brittle", "brittle", "Receive"},
		"an error":                   {errors.New("no way"), "no way", "Receive"},
		"one of another goroutine's": {&engine.Stray{Reason: "far away", Stack: []byte("over there")}, "far away", "over there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, log := newLogged()
			redis, panicked := newFakeRedis(), false
			chat := startChatWith(t, func() actor.Actor {
				return &brittle{fakeBridge{redis}, func(m any) bool {
					if isAppend(m) && !panicked {
						panicked = true
						panic(c.reason)
					}
					return false
				}}
			}, defaults, *log)
			alice := join(t, chat, "alice")
			alice.talk("alice", "a", 1)
			alice.isAcked("a", 1)
			eventually(t, "the panic is logged", func() bool { return len(entries.all()) > 0 })
			if all := entries.all(); len(all) != 1 || all[0]["reason"] != c.logged || !strings.Contains(all[0]["stack"], c.stack) {
				t.Errorf("logged %v", all)
			}
		})
	}
}
