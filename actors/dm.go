package actors

import "github.com/asynkron/protoactor-go/actor"

// dm is one user's inbox on this node: to the inbox's log what the room is to the
// public one.
type dm struct {
	channel
}

func newDM(chat *Chat, log Log) *dm { return &dm{newChannel(chat, log, "")} }

func (d *dm) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		d.subscribe(ctx)
		d.handBackDue(ctx)
		ctx.Send(ctx.Parent(), &logBegan{Log: d.feed.log})
	case *actor.Stopping:
		ctx.Send(d.chat.bridge, &Unsubscribe{Log: d.feed.log, To: ctx.Self()})
	default:
		d.receive(ctx)
	}
	d.flush(ctx)
	if d.listensNobody() {
		ctx.Send(ctx.Parent(), &deserted{Log: d.feed.log})
	}
}
