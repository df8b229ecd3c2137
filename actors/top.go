package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// top is the chat's top supervisor. Each of its children can die without the
// others: whoever comes back asks for what it needs.
type top struct {
	chat     *Chat
	failures failures
	stopping bool
}

func newTop(chat *Chat) *top { return &top{chat: chat, failures: failures{}} }

func (t *top) Receive(ctx actor.Context) {
	if _, ended := ctx.Message().(*actor.Stopped); ended {
		t.chat.ended()
	}
	if t.stopping {
		return // whoever comes next asks again; a child spawned now would be waited for in vain
	}
	switch m := ctx.Message().(type) {
	case *actor.Started:
		// The bridge first: whoever starts after it finds somebody to ask.
		for _, kind := range []Kind{KindBridge, KindSessions, KindRoom, KindDMs} {
			t.start(ctx, kind)
		}
	case *BridgeStarted:
		ctx.Send(t.chat.room, m)
		ctx.Send(t.chat.dms, m)
		ctx.Send(t.chat.sessions, m)
	case *RedisChanged:
		t.chat.changes.Add(1) // before anybody is told: see handBackDue
		ctx.Send(t.chat.room, m)
		ctx.Send(t.chat.dms, m)
	case *ReadClaims:
		ctx.Send(t.chat.bridge, &Claims{Doubt: m.Doubt, Held: t.chat.claims(time.Now())})
	case *DMsStored:
		ctx.Send(t.chat.dms, m)
	case *actor.Terminated:
		kind := Kind(m.Who.Id[len(ctx.Self().Id)+1:])
		t.chat.metrics.restarted(kind)
		t.start(ctx, kind)
	case *actor.Stopping, *actor.Restarting:
		t.stopping = true
	}
}

func (t *top) start(ctx actor.Context, kind Kind) {
	produce := map[Kind]func() actor.Actor{
		KindBridge:   t.chat.produceBridge,
		KindRoom:     func() actor.Actor { return newRoom(t.chat) },
		KindDMs:      func() actor.Actor { return newDMs(t.chat) },
		KindSessions: func() actor.Actor { return newSessions(t.chat) },
	}[kind]
	t.chat.spawn(ctx, kind, string(kind), produce)
}

func (t *top) childFailed(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID) {
	t.chat.metrics.restarted(Kind(child.Id[len(string(KindChat))+1:]))
	t.failures.restart(t.chat, supervisor, child)
}
