package redisbridge

import (
	"fmt"
	"runtime/debug"

	"parley/actors/engine"
)

// panicked brings home what a goroutine or a timer of the bridge panicked with.
type panicked struct {
	by    *bridge // whose goroutine it was
	stray *engine.Stray
}

// guarded gives work to be done off the actor, where nobody supervises it and a panic
// would end the process: what it panics with goes home.
func (b *bridge) guarded(work func()) func() {
	return func() {
		defer func() {
			if reason := recover(); reason != nil {
				b.goHome(&engine.Stray{Reason: reason, Stack: debug.Stack()})
			}
		}()
		work()
	}
}

// goHome tells the bridge, unless this incarnation has ended, or can't be told.
func (b *bridge) goHome(stray *engine.Stray) {
	defer func() {
		if recover() != nil {
			b.store.logStray(stray)
		}
	}()
	if b.ctx.Err() != nil {
		b.store.logStray(stray)
		return
	}
	b.send(b.self, &panicked{by: b, stray: stray})
}

// panicked makes it this actor's panic, for the supervisor: all that was asked is
// forgotten, and asked again. An earlier incarnation's has cost a restart already, or
// would have: it is only logged.
func (b *bridge) panicked(m *panicked) {
	if m.by == b {
		panic(m.stray)
	}
	b.store.logStray(m.stray)
}

func (s *Store) logStray(stray *engine.Stray) {
	s.log.Error().Str("reason", fmt.Sprint(stray.Reason)).Bytes("stack", stray.Stack).Msg("a bridge that has ended panicked")
}
