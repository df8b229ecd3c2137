package actors

import (
	"context"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
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

// TestChatThatIsStoppedBetweenTwoTopsHasEnded: the one was killed, and the other has not begun.
func TestChatThatIsStoppedBetweenTwoTopsHasEnded(t *testing.T) {
	t.Parallel()
	var chat *Chat
	gate := &turnstile{shut: make(chan struct{}), through: make(chan struct{})}
	gate.over = func() bool {
		if chat == nil {
			return false
		}
		_, lives := chat.system.ProcessRegistry.GetLocal(string(KindChat))
		return !lives
	}
	gate.mu.Lock() // no turn before there is a chat
	made, err := New(Options{
		Settings: defaults, Node: "node", Bridge: producerOf(newFakeRedis()), Log: zerolog.Nop(), Registerer: prometheus.NewRegistry(),
		Dispatch: func(name string) actor.Dispatcher {
			if name == string(KindChat) {
				return gate
			}
			return actor.NewDefaultDispatcher(throughput)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	chat = made
	gate.mu.Unlock()
	eventually(t, "it has begun", func() bool { return chat.census.find(string(KindRoom)) != nil })
	kill(t, chat, string(KindChat), "", Stop)
	<-gate.shut
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		chat.Stop(ctx)
	}()
	eventually(t, "it is told to stop", chat.stopped.Load)
	close(gate.through)
	<-ended
	if ctx.Err() != nil {
		t.Error("it has not ended")
	}
}
