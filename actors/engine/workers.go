package engine

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

const (
	// workersPerCore: actors never block, so few workers keep the cores busy; two a
	// core cover one that the kernel has descheduled in a system call.
	workersPerCore = 2
	// unhurried is how many mailboxes may wait for each worker that is awake before
	// another is woken. Where little goes on, a message passes through all its actors
	// on one worker: waking another for each hop costs more, in time too, than the
	// hop (measured: 9 wake-ups a message are 0.8 ms of CPU on an idle machine).
	unhurried = 4
)

// workers is the actors' dispatcher: a few goroutines that take the mailboxes in
// turn. A wave of fan-out to 10,000 sessions costs about half the CPU that it costs
// with a goroutine for each burst. What runs here must never wait for anything.
type workers struct {
	mu      sync.Mutex
	waiting Ring[func()] // bounded by the number of actors: each is in it once
	parked  sync.Cond
	idle    int
	awake   int
	stopped bool
	log     *zerolog.Logger
}

// newWorkers starts n workers.
func newWorkers(n int, log *zerolog.Logger) *workers {
	w := &workers{awake: n, log: log}
	w.parked.L = &w.mu
	for range n {
		go w.work()
	}
	return w
}

func (w *workers) work() {
	for {
		run, ok := w.next()
		if !ok {
			return
		}
		if !Contain(w.log, "worker", run) {
			w.Schedule(run) // the mailbox goes on with what is behind it
		}
	}
}

func (w *workers) next() (run func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.waiting.Len() == 0 {
		if w.stopped {
			return nil, false
		}
		w.awake--
		w.idle++
		w.parked.Wait()
	}
	return w.waiting.Pop(), true
}

// Schedule hands a mailbox to the workers.
func (w *workers) Schedule(run func()) {
	w.mu.Lock()
	w.waiting.Push(run)
	wake := w.idle > 0 && w.waiting.Len() > w.awake*unhurried
	if wake {
		w.idle--
		w.awake++
	}
	w.mu.Unlock()
	if wake {
		w.parked.Signal()
	}
}

// stop lets the workers end once nothing waits.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.awake, w.idle = w.awake+w.idle, 0
	w.mu.Unlock()
	w.parked.Broadcast()
}

// Throughput is how many messages a mailbox handles in one turn.
func (w *workers) Throughput() int { return throughput }

var _ actor.Dispatcher = (*workers)(nil)
