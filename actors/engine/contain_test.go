package engine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
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

// inescapable is an invoker whose first panic can't be told to its supervisor.
type inescapable struct {
	listening
	told bool
}

func (i *inescapable) EscalateFailure(any, any) {
	if !i.told {
		i.told = true
		panic("nobody can be told")
	}
}

// TestWorkerOutlivesAPanicOutsideOfItsActors, and the actor that was the cause is
// restarted, and goes on with what waits for it.
func TestWorkerOutlivesAPanicOutsideOfItsActors(t *testing.T) {
	t.Parallel()
	entries, log := newLogged()
	w := newWorkers(1, log)
	defer w.stop()
	m, i := emptyMailbox(w), &inescapable{}
	m.RegisterHandlers(i, w)
	m.PostUserMessage("panic")
	m.PostUserMessage("next")
	m.Start()
	heard := func() []string {
		i.mu.Lock()
		defer i.mu.Unlock()
		return slices.Clone(i.heard)
	}
	want := []string{"*actor.Restart", "string"}
	eventually(t, "what is behind it is handled", func() bool { return len(heard()) >= len(want) })
	if got := heard(); !slices.Equal(got, want) {
		t.Errorf("heard %v, not %v", got, want)
	}
	if all := entries.all(); len(all) != 1 || all[0]["reason"] != "nobody can be told" || !strings.Contains(all[0]["stack"], "EscalateFailure") {
		t.Errorf("logged %v", all)
	}
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

// parentOf is the supervisor of a deaf child.
type parentOf struct {
	actor.Supervisor
	child *deaf
}

func (p parentOf) RestartChildren(pids ...*actor.PID) {
	p.child.SendSystemMessage(pids[0], &actor.Restart{})
}

func (d *deaf) hears(t *testing.T, n int) {
	t.Helper()
	eventually(t, "it hears", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.heard) >= n
	})
}

// TestRestartThatPanicsCostsNothingButTime.
func TestRestartThatPanicsCostsNothingButTime(t *testing.T) {
	t.Parallel()
	entries, log := newLogged()
	s := New(Options{Log: *log})
	d := &deaf{}
	pid, _ := s.library.ProcessRegistry.Add(d, "deaf")
	p := NewParent[any](s, nil)
	for range promptRestarts {
		p.failures.note("deaf", time.Now())
	}
	p.ChildFailed(parentOf{child: d}, pid)
	d.hears(t, 1)
	if all := entries.all(); len(all) != 1 || all[0]["reason"] != "deaf" {
		t.Errorf("logged %v", all)
	}
}

// choking is a spawner that panics.
type choking struct{ spawner }

func (choking) SpawnNamed(*actor.Props, string) (*actor.PID, error) { panic("choked") }

// TestSpawnThatPanicsHoldsNoOtherUp.
func TestSpawnThatPanicsHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	_, log := newLogged()
	s := New(Options{Log: *log})
	if Contain(log, "spawn", func() { _, _ = s.spawn(choking{s.Root}, "", "child", "x", nil) }) {
		t.Error("it did not panic")
	}
	heard := make(chan struct{})
	pid, err := s.spawn(s.Root, "parent", "child", "y", func() actor.Actor {
		return actor.ReceiveFunc(func(actor.Context) { close(heard) })
	})
	if err != nil {
		t.Fatal(err)
	}
	<-heard
	s.Root.Stop(pid)
}
