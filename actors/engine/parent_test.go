package engine

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// household is a parent that does what it is sent.
type household struct{ Parent[string] }

func (h *household) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case func(actor.Context, *household):
		m(ctx, h)
	case *actor.Terminated:
		h.Ended(ctx, m, Never)
	}
}

// TestChildThatIsNeededAgainWhileItEndsBeginsOnceTheOneBeforeHasEnded, and is then a child like any
// other.
func TestChildThatIsNeededAgainWhileItEndsBeginsOnceTheOneBeforeHasEnded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var lived []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		lived = append(lived, what)
	}
	s := New(Options{Log: zerolog.Nop()})
	child := func(name string) actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case *actor.Started:
				note(name + " begins")
			case *actor.Stopped:
				note(name + " ends")
			}
		})
	}
	s.Run("household", "household", func() actor.Actor { return &household{NewParent(s, child)} })
	do := func(do func(actor.Context, *household)) { s.Root.Send(s.PID("household"), do) }
	have := func(want ...string) {
		t.Helper()
		eventually(t, want[len(want)-1], func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Equal(lived, want)
		})
	}

	do(func(ctx actor.Context, h *household) { h.Spawn(ctx, "child", "child", "the first") })
	have("the first begins")
	do(func(ctx actor.Context, h *household) {
		h.End(ctx, "child")
		h.Spawn(ctx, "child", "child", "the second")
	})
	have("the first begins", "the first ends", "the second begins")
	eventually(t, "it is killed", func() bool { // its name is known a little before it can be
		_, err := s.Kill("child", Stop)
		return err == nil
	})
	have("the first begins", "the first ends", "the second begins", "the second ends", "the second begins")
	do(func(ctx actor.Context, h *household) { h.End(ctx, "child") })
	eventually(t, "it is forgotten", func() bool { return s.find("child") == nil })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if s.Stop(ctx); ctx.Err() != nil {
		t.Error("it has not ended")
	}
}
