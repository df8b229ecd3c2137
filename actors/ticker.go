package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// ticker sends an actor a *tick at an interval until it is stopped.
type ticker struct {
	done chan struct{}
}

func startTicker(chat *Chat, self *actor.PID, interval time.Duration) *ticker {
	done := make(chan struct{})
	go func() {
		every := time.NewTicker(interval)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				engine.Contain(&chat.log, "ticker", func() { chat.root.Send(self, &tick{}) })
			case <-done:
				return
			}
		}
	}()
	return &ticker{done: done}
}

// stop ends the ticks. It may be called more than once, and on nil.
func (t *ticker) stop() {
	if t == nil || t.done == nil {
		return
	}
	close(t.done)
	t.done = nil
}
