package actors

import (
	"maps"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// openDMs is how many direct messages a join shows without a cursor.
	openDMs = 20
	// firstDMs is how many are read when a user comes: those, and some for clients
	// that resume a little further back.
	firstDMs = 50
)

// dm is one user's inbox on this node: to the inbox's log what the room is to the
// public one.
type dm struct {
	channel
}

func newDM(chat *Chat, user string) *dm {
	return &dm{channel{
		chat:    chat,
		feed:    feed{log: Log(user), tail: chat.inboxes.tail(user), first: firstDMs},
		history: openDMs,
	}}
}

func (d *dm) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		d.subscribe(ctx)
		d.handBackDue(ctx)
		ctx.Send(ctx.Parent(), &dmStarted{user: string(d.feed.log)})
	case *Enter:
		d.enter(ctx, m)
	case *CatchUp:
		d.catchUp(ctx, m)
	case *Gone:
		d.dismiss(m.Conn)
		d.forget(m.Conn)
	case *Appended:
		d.advance(ctx, m)
	case *Recalled:
		d.recalled(ctx, m)
	case *Linked, *Missed:
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

// inboxes keeps the tails of the inboxes that are open on this node, for the dm
// actors that come after one that died.
type inboxes struct {
	limit int // entries of each
	mu    sync.Mutex
	tails map[string]*tail
}

// tail gives the user's, made if there is none.
func (i *inboxes) tail(user string) *tail {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tails == nil {
		i.tails = make(map[string]*tail)
	}
	t := i.tails[user]
	if t == nil {
		t = newTail(i.limit)
		i.tails[user] = t
	}
	return t
}

// keep drops the tails of all but those users: nobody lived to see that the others left.
func (i *inboxes) keep(users map[string]bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	maps.DeleteFunc(i.tails, func(user string, _ *tail) bool { return !users[user] })
}

// drop forgets a tail nobody here reads any more.
func (i *inboxes) drop(user string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.tails, user)
}
