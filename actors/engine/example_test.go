package engine_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"parley/actors/engine"
)

// keeper is the parent of a counter.
type keeper struct{ engine.Parent[*int] }

func (k *keeper) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		k.Spawn(ctx, "counter", "counter", new(int))
	case *actor.Terminated:
		k.Ended(ctx, m, engine.Never) // again, for it is still needed
	}
}

// counter counts in what outlives it, and says how far it is.
type counter struct {
	count *int
	says  chan<- string
}

func (c *counter) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		c.says <- fmt.Sprint("begins at ", *c.count)
	case string:
		*c.count++
		c.says <- fmt.Sprint(*c.count)
	}
}

// An actor panics with a message in hand, and the next incarnation goes on where it was.
func Example() {
	says := make(chan string, 8)
	system := engine.New(engine.Options{Log: zerolog.Nop()})
	system.Run("keeper", "top", func() actor.Actor {
		return &keeper{engine.NewParent(system, func(count *int) actor.Actor {
			return &counter{count, says}
		})}
	})
	fmt.Println(<-says)
	for range 3 {
		system.Root.Send(system.PID("top", "counter"), "tick")
		fmt.Println(<-says)
	}
	_, _ = system.Kill("counter", engine.PanicAfter) // its next message is its last
	system.Root.Send(system.PID("top", "counter"), "tick")
	fmt.Println(<-says)
	fmt.Println(<-says)
	_, _ = system.Kill("counter", engine.Stop) // and its parent has it live again
	fmt.Println(<-says)
	system.Stop(context.Background())
	// Output:
	// begins at 0
	// 1
	// 2
	// 3
	// 4
	// begins at 4
	// begins at 4
}
