package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// dm is one user's inbox on this node: to the inbox's log what the room is to the
// public one.
type dm struct {
	channel
}

func newDM(chat *Chat, log Log) *dm { return &dm{newChannel(chat, log)} }

func (d *dm) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		d.subscribe(ctx)
		d.handBackDue(ctx)
		ctx.Send(ctx.Parent(), &logBegan{Log: d.feed.log})
	case *enter:
		d.enter(ctx, m)
	case *catchUp:
		d.catchUp(ctx, m)
	case *gone:
		d.gone(m.Conn.ID)
	case *Appended:
		d.advance(ctx, m)
	case *Recalled:
		d.recalled(ctx, m)
	case *Restored:
		d.restored(ctx, m)
	case *Linked, *engine.Missed:
		d.missed(ctx)
	case *BridgeStarted:
		d.bridgeStarted(ctx)
	case *RedisChanged:
		d.handBack(ctx)
	case *waveOver:
		d.waveOver(ctx, m)
	case *restOver:
		d.restOver(ctx, m)
	case *actor.Stopping:
		ctx.Send(d.chat.bridge, &Unsubscribe{Log: d.feed.log, To: ctx.Self()})
	}
	d.flush(ctx)
}
