package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// top is the chat's top supervisor. Each of its children can die without the
// others: whoever comes back asks for what it needs.
type top struct {
	engine.Parent[engine.Kind]
	chat *Chat
}

func newTop(chat *Chat) *top {
	produce := map[engine.Kind]func() actor.Actor{
		KindBridge:   chat.produceBridge,
		KindRoom:     func() actor.Actor { return newRoom(chat, Public, "") },
		KindRooms:    func() actor.Actor { return newRooms(chat) },
		KindDMs:      func() actor.Actor { return newDMs(chat) },
		KindSessions: func() actor.Actor { return newSessions(chat) },
	}
	of := func(kind engine.Kind) actor.Actor { return produce[kind]() }
	return &top{Parent: engine.NewParent(chat.system, of), chat: chat}
}

func (t *top) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		// The bridge first: whoever starts after it finds somebody to ask.
		for _, kind := range []engine.Kind{KindBridge, KindSessions, KindRoom, KindRooms, KindDMs} {
			t.Spawn(ctx, kind, string(kind), kind)
		}
	case *BridgeStarted:
		ctx.Send(t.chat.room, m)
		ctx.Send(t.chat.rooms, m)
		ctx.Send(t.chat.dms, m)
		ctx.Send(t.chat.sessions, m)
	case *RedisChanged:
		t.chat.changes.Add(1) // before anybody is told: see handBackDue
		ctx.Send(t.chat.room, m)
		ctx.Send(t.chat.rooms, m)
		ctx.Send(t.chat.dms, m)
	case *ReadClaims:
		ctx.Send(t.chat.bridge, &Claims{Doubt: m.Doubt, Held: t.chat.claims(time.Now())})
	case *actor.Terminated:
		t.Ended(ctx, m, engine.Never)
	}
}
