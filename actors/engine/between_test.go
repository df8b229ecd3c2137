package engine

import (
	"context"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// turnstile runs an actor's turns one after the other, and none after the first of which over
// says so, until it is let through.
type turnstile struct {
	mu            sync.Mutex
	over          func() bool
	once          sync.Once
	shut, through chan struct{}
}

func (t *turnstile) Schedule(run func()) {
	go func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		run()
		if t.over() {
			t.once.Do(func() {
				close(t.shut)
				<-t.through
			})
		}
	}()
}

func (*turnstile) Throughput() int { return 1 }

// TestSystemThatIsStoppedBetweenTwoTopsHasEnded: the one was killed, and the other has not begun.
func TestSystemThatIsStoppedBetweenTwoTopsHasEnded(t *testing.T) {
	t.Parallel()
	var s *System
	gate := &turnstile{shut: make(chan struct{}), through: make(chan struct{})}
	gate.over = func() bool {
		_, lives := s.library.ProcessRegistry.GetLocal("top")
		return !lives
	}
	s = New(Options{Log: zerolog.Nop(), Dispatch: func(string) actor.Dispatcher { return gate }})
	began := make(chan struct{}, 2)
	s.Run("top", "top", func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if _, is := ctx.Message().(*actor.Started); is {
				began <- struct{}{}
			}
		})
	})
	<-began
	if _, err := s.Kill("top", Stop); err != nil {
		t.Fatal(err)
	}
	<-gate.shut
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Stop(ctx)
	}()
	eventually(t, "it is told to stop", s.stopped.Load)
	close(gate.through)
	<-ended
	if ctx.Err() != nil {
		t.Error("it has not ended")
	}
}
