package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// errInjected is the reason of a panic that was asked for from outside.
var errInjected = errors.New("killed on request")

// injection is a panic that waits for an actor's next message.
type injection = int32

const (
	noInjection injection = iota
	injectBefore
	injectAfter
)

// vitals are what is known of a live actor from outside. They outlast a restart.
type vitals struct {
	name, parent string
	kind         Kind
	produce      func() actor.Actor
	mailbox      mailbox
	pid          atomic.Pointer[actor.PID]
	born         atomic.Int64 // unix nanoseconds of this incarnation
	restarts     atomic.Int32
	injection    atomic.Int32
}

// guard stands around every actor: it counts incarnations, logs a panic once with
// its stack, injects the panics that chaos asks for, and keeps Stopping, Stopped
// and Restarting from panicking (in the library the first brings the actor back
// to life and the second hangs its parent for ever). An actor that is to end, or to begin
// anew, hears nothing more but that: a child that it spawned then would be waited for in vain,
// and whoever comes next asks again.
type guard struct {
	actor   actor.Actor // made when the first message, Started, has come
	vitals  *vitals
	system  *System
	leaving bool // Stopping or Restarting has come
	ended   bool
}

func (g *guard) Receive(ctx actor.Context) {
	if g.ended {
		return
	}
	if g.actor == nil {
		g.vitals = g.system.of(ctx.Self().Id)
		g.actor = g.vitals.produce()
	}
	message := ctx.Message()
	if _, last := message.(*actor.Stopped); g.leaving && !last {
		return
	}
	switch message.(type) {
	case *actor.Started:
		g.vitals.born.Store(time.Now().UnixNano())
		defer g.logPanic(true)
		g.actor.Receive(ctx)
	case *actor.Restarting:
		g.leaving = true
		g.vitals.restarts.Add(1)
		defer g.logPanic(false)
		g.actor.Receive(ctx)
	case *actor.Stopped:
		system, v := g.system, g.vitals
		v.mailbox.close(func() *mailbox { return system.successor(v) })
		if v.parent == "" {
			defer system.topEnded(v)
		}
		defer g.end()
		defer g.logPanic(false)
		g.actor.Receive(ctx)
	case *actor.Stopping:
		g.leaving = true
		defer g.logPanic(false)
		g.actor.Receive(ctx)
	case *actor.Terminated:
		defer g.logPanic(true)
		g.actor.Receive(ctx)
	default:
		defer g.logPanic(true)
		injection := g.vitals.injection.Load()
		if injection == injectBefore {
			g.die()
		}
		g.actor.Receive(ctx)
		if injection == injectAfter {
			g.die()
		}
	}
}

// end lets go of what the actor held: the library remembers the PIDs of children that
// have ended, in slots that it has not used again, and by them their mailboxes and this
// guard. Ten thousand connections that came and went kept 25 MB of live heap, and keep
// 17 with this.
func (g *guard) end() { g.actor, g.vitals.produce, g.ended = nil, nil, true }

func (g *guard) die() {
	g.vitals.injection.Store(noInjection)
	panic(errInjected)
}

// logPanic logs the panic under way, if there is one, and lets it go on to the
// supervisor if onwards.
func (g *guard) logPanic(onwards bool) {
	reason := recover()
	if reason == nil {
		return
	}
	event := g.system.log.Error().Str("actor", g.vitals.name)
	err, _ := reason.(error)
	if errors.Is(err, errInjected) {
		event.Msg("actor killed on request")
	} else {
		stack := debug.Stack()
		if stray, ok := errors.AsType[*Stray](err); ok {
			stack = stray.Stack
		}
		event.Str("reason", fmt.Sprint(reason)).Bytes("stack", stack).Msg("actor panicked")
	}
	if onwards {
		panic(reason)
	}
}

// HandleFailure lets the library find the supervisor that the guarded actor is.
func (g *guard) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, _, _ any,
) {
	if s, ok := g.actor.(supervising); ok {
		s.ChildFailed(supervisor, child)
		return
	}
	supervisor.RestartChildren(child) // unreachable: only parents have children
}

// supervising is an actor that decides what happens to its children: a Parent does.
type supervising interface {
	ChildFailed(supervisor actor.Supervisor, child *actor.PID)
}
