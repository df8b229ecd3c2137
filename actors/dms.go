package actors

import (
	"maps"
	"net/url"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// dmsBegan says that the dms began and know no session: enter again.
type dmsBegan struct{}

// dms is the parent of the dm actors: one for each user with a connection here.
type dms struct {
	engine.Parent[*inbox]
	chat *Chat
}

// inbox is what the dms know of one user. Most have one connection: a map for each
// would be the largest thing that an idle user costs here.
type inbox struct {
	log   Log
	conns []*Connection
}

// enter notes a connection.
func (b *inbox) enter(conn *Connection) {
	if !slices.Contains(b.conns, conn) {
		b.conns = append(b.conns, conn)
	}
}

func (b *inbox) leave(conn *Connection) {
	b.conns = slices.DeleteFunc(b.conns, func(c *Connection) bool { return c == conn })
}

func newDMs(chat *Chat) *dms {
	produce := func(box *inbox) actor.Actor { return newDM(chat, box.log) }
	return &dms{Parent: engine.NewParent(chat.system, produce), chat: chat}
}

func (d *dms) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		d.chat.system.Forget(KindDM)
		d.chat.books.keepInboxes(d.chat.names())
		ctx.Send(d.chat.sessions, &dmsBegan{})
	case *enter:
		d.enter(ctx, m)
	case *catchUp:
		d.Send(ctx, dmName(m.Log), m)
	case *gone:
		d.leave(ctx, m)
	case *logBegan:
		if box, ok := d.Child(dmName(m.Log)); ok {
			for _, conn := range box.conns {
				ctx.Send(conn.pid, m)
			}
		}
	case *BridgeStarted, *RedisChanged:
		d.forward(ctx, m)
	case *actor.Terminated:
		d.Ended(ctx, m, engine.Never)
	}
}

// enter hands a connection to its user's dm actor, which is spawned for the first.
func (d *dms) enter(ctx actor.Context, e *enter) {
	if e.Conn.is(closed) {
		return
	}
	name := dmName(e.Log)
	box, ok := d.Child(name)
	if !ok {
		box = &inbox{log: e.Log}
		d.Spawn(ctx, KindDM, name, box)
	}
	box.enter(e.Conn)
	e.Conn.inbox = box
	d.Send(ctx, name, e) // one that still ends drops it; the next asks its connections to enter
}

// dmName is the dm actor's name: what users write is escaped, for / and $ mean
// something in actors' names.
func dmName(inbox Log) string { return "dm-" + url.PathEscape(inbox.Name) }

// leave takes a connection out; after a user's last one the dm actor ends.
func (d *dms) leave(ctx actor.Context, m *gone) {
	if m.Conn.inbox == nil {
		return
	}
	log := m.Conn.inbox.log
	name := dmName(log)
	box, ok := d.Child(name)
	if ok { // or it had entered the dms before these
		if box.leave(m.Conn); len(box.conns) > 0 {
			d.Send(ctx, name, m)
			return
		}
		d.End(ctx, name)
	}
	d.chat.books.drop(log)
}

func (d *dms) forward(ctx actor.Context, message any) {
	for _, name := range slices.Sorted(maps.Keys(d.Children())) {
		d.Send(ctx, name, message)
	}
}
