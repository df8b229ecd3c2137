package sim

import (
	"container/heap"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// stepTime is how long a step takes of virtual time: long enough that no two share an
// instant, so short that a burst of hundreds is still a moment.
const stepTime = time.Microsecond

// task is something that can happen next.
type task struct {
	key string // names it, the same in each run of a seed; equal ones are interchangeable
	due time.Time
	seq uint64
	// held says that it can't happen now; whoever ends that makes it happen. nil: never.
	held func(task) bool
	do   func()
}

// world is where a run happens. Its loop runs in one goroutine, and so do the people, the
// faults, the handling of every message, and the arrival of all bytes. Other goroutines only
// post.
type world struct {
	rand  *rand.Rand
	trace trace
	ready []task // due; any of them may be next
	later agenda
	seq   uint64
	steps int

	mu     sync.Mutex
	posted []task     // by any goroutine, in no order
	fresh  []*connEnd // connections that were written to, or closed
	wake   chan struct{}
}

func newWorld(seed uint64, out io.Writer) *world {
	return &world{
		rand:  rand.New(rand.NewPCG(seed, 0x5ca1ab1e)),
		trace: trace{sum: fnv.New64a(), out: out},
		wake:  make(chan struct{}, 1),
	}
}

// post makes something happen as soon as the world likes; for any goroutine.
func (w *world) post(t task) {
	w.mu.Lock()
	w.posted = append(w.posted, t)
	w.mu.Unlock()
	w.signal()
}

// signal wakes the world if it waits.
func (w *world) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// after makes something happen in a while; for the world's goroutine.
func (w *world) after(d time.Duration, key string, do func()) {
	w.put(task{key: key, due: time.Now().Add(d), do: do})
}

func (w *world) put(t task) {
	w.seq++
	t.seq = w.seq
	heap.Push(&w.later, t)
}

// run lets time pass until done says so, or until the end; it says whether done did.
func (w *world) run(end time.Time, done func() bool) bool {
	for {
		synctest.Wait()
		w.collect()
		now := time.Now()
		w.promote(now)
		if done() {
			return true
		}
		if !now.Before(end) {
			return false
		}
		if len(w.ready) == 0 {
			w.idle(end)
			continue
		}
		w.step()
		time.Sleep(stepTime)
	}
}

// step does one thing of those that are due.
func (w *world) step() {
	i := w.rand.IntN(len(w.ready))
	t := w.ready[i]
	last := len(w.ready) - 1
	w.ready[i] = w.ready[last]
	w.ready[last] = task{}
	w.ready = w.ready[:last]
	if t.held != nil && t.held(t) {
		return
	}
	w.steps++
	w.trace.note("%s", t.key)
	t.do()
}

// collect takes in what was posted since, in an order that does not depend on who was first.
func (w *world) collect() {
	w.mu.Lock()
	posted, fresh := w.posted, w.fresh
	w.posted, w.fresh = nil, nil
	w.mu.Unlock()
	slices.SortStableFunc(posted, func(a, b task) int { return strings.Compare(a.key, b.key) })
	now := time.Now()
	for _, t := range posted {
		t.due = now
		if w.rand.IntN(lateOdds) == 0 {
			t.due = now.Add(time.Duration(w.rand.Int64N(int64(longestLate))))
		}
		w.put(t)
	}
	w.send(fresh)
}

const (
	// lateOdds and longestLate: one in so many messages finds its actor's node busy with
	// something else for up to so long.
	lateOdds    = 64
	longestLate = 30 * time.Millisecond
)

func (w *world) promote(now time.Time) {
	for len(w.later) > 0 && !w.later[0].due.After(now) {
		w.ready = append(w.ready, heap.Pop(&w.later).(task))
	}
}

// idle waits for the next that is due, or is posted.
func (w *world) idle(end time.Time) {
	next := end
	if len(w.later) > 0 && w.later[0].due.Before(end) {
		next = w.later[0].due
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	}
}

// agenda is what happens later, the first on top.
type agenda []task

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].due.Equal(a[j].due) {
		return a[i].due.Before(a[j].due)
	}
	return a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(t any)   { *a = append(*a, t.(task)) }
func (a *agenda) Pop() any {
	old := *a
	t := old[len(old)-1]
	old[len(old)-1] = task{}
	*a = old[:len(old)-1]
	return t
}

// trace is what happened, line by line, as a sum, and in full where somebody wants it.
type trace struct {
	sum hash.Hash64
	out io.Writer // nil: the sum alone
}

func (t *trace) note(format string, args ...any) {
	line := format
	if len(args) > 0 {
		line = fmt.Sprintf(format, args...)
	}
	_, _ = fmt.Fprintf(t.sum, "%d %s\n", time.Now().UnixNano(), line) // a hash takes all
	if t.out != nil {
		_, _ = fmt.Fprintf(t.out, "%s %s\n", time.Now().UTC().Format("15:04:05.000000000"), line)
	}
}
