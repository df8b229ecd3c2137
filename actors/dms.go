package actors

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// dmStarted says that the dm actor of a user began and knows no session.
type dmStarted struct {
	quiet
	user string
}

// DMsStarted says that the dms began and know no session: enter again.
type DMsStarted struct{ quiet }

// Reenter asks a session to enter its inbox again: the dm actor has begun anew.
type Reenter struct{ quiet }

// dms is the parent of the dm actors: one for each user with a connection here.
type dms struct {
	chat     *Chat
	users    map[string]*inbox
	names    map[uint64]string // the user of each connection that has entered
	ending   map[string]bool   // users whose dm actor was told to stop, and has not yet
	failures failures
	stopping bool
}

// inbox is what the dms know of one user. Most have one connection: a map for each
// would be the largest thing that an idle user costs here.
type inbox struct {
	dm       *actor.PID // nil while the one before it still ends
	sessions []listener
}

// enter notes a connection's session, in place of the one it had.
func (b *inbox) enter(l listener) {
	b.leave(l.conn)
	b.sessions = append(b.sessions, l)
}

func (b *inbox) leave(conn uint64) {
	b.sessions = slices.DeleteFunc(b.sessions, func(l listener) bool { return l.conn == conn })
}

func newDMs(chat *Chat) *dms {
	return &dms{chat: chat, users: map[string]*inbox{}, names: map[uint64]string{}, ending: map[string]bool{}, failures: failures{}}
}

func (d *dms) Receive(ctx actor.Context) {
	if d.stopping {
		return // whoever comes next asks again; a child spawned now would be waited for in vain
	}
	switch m := ctx.Message().(type) {
	case *actor.Started:
		d.chat.census.prune(KindDM)
		d.chat.inboxes.keep(d.chat.names())
		if d.chat.journal.handed < d.chat.changes.Load() {
			d.handBack(ctx) // the dms before did not live to
		}
		ctx.Send(d.chat.sessions, &DMsStarted{})
	case *Enter:
		d.enter(ctx, m)
	case *CatchUp:
		if box := d.users[string(m.Log)]; box != nil && box.dm != nil {
			ctx.Send(box.dm, m)
		}
	case *Gone:
		d.leave(ctx, m)
	case *dmStarted:
		if box := d.users[m.user]; box != nil {
			for _, l := range box.sessions {
				ctx.Send(l.session, &Reenter{})
			}
		}
	case *DMsStored:
		d.chat.journal.note(m.Entries, time.Now())
	case *BridgeStarted:
		d.forward(ctx, m)
	case *RedisChanged:
		d.handBack(ctx)
		d.forward(ctx, m)
	case *actor.Terminated:
		d.ended(ctx, m.Who)
	case *actor.Stopping, *actor.Restarting:
		d.stopping = true
	}
}

// enter hands a session to its user's dm actor, which is spawned for the first.
func (d *dms) enter(ctx actor.Context, e *Enter) {
	if e.Conn.closed.Load() {
		return
	}
	user := string(e.Log)
	box := d.users[user]
	if box == nil {
		box = &inbox{}
		d.users[user] = box
	}
	box.enter(listener{e.Conn.ID, e.Session})
	d.names[e.Conn.ID] = user
	if d.ending[user] {
		return // ended spawns the next, which asks the sessions to enter
	}
	if box.dm == nil {
		d.spawn(ctx, user, box)
	}
	ctx.Send(box.dm, e)
}

// spawn must not be called before the Terminated of the one before: the library
// would take the new one for it.
func (d *dms) spawn(ctx actor.Context, user string, box *inbox) {
	box.dm = d.chat.spawn(ctx, KindDM, dmName(user), func() actor.Actor { return newDM(d.chat, user) })
}

// dmName is the dm actor's name: what users write is escaped, for / and $ mean
// something in actors' names.
func dmName(user string) string { return "dm-" + url.PathEscape(user) }

// leave takes a connection out; after a user's last one the dm actor ends.
func (d *dms) leave(ctx actor.Context, m *Gone) {
	user, ok := d.names[m.Conn]
	if !ok {
		if d.users[m.Name] == nil && !d.ending[m.Name] {
			d.chat.inboxes.drop(m.Name) // it had entered the dms before these
		}
		return
	}
	delete(d.names, m.Conn)
	box := d.users[user]
	box.leave(m.Conn)
	if len(box.sessions) > 0 {
		if box.dm != nil {
			ctx.Send(box.dm, m)
		}
		return
	}
	delete(d.users, user)
	if box.dm != nil {
		d.ending[user] = true
		ctx.Stop(box.dm)
	}
}

// ended follows a dm actor's end. Where sessions still listen it was killed: it is
// spawned again, and asks them to enter.
func (d *dms) ended(ctx actor.Context, who *actor.PID) {
	name := who.Id[len(ctx.Self().Id)+1:]
	user, err := url.PathUnescape(name[len("dm-"):])
	d.failures.forget(who.Id)
	delete(d.ending, user)
	box := d.users[user]
	switch {
	case err != nil || box == nil:
		d.chat.census.gone(name)
		d.chat.inboxes.drop(user)
	default:
		d.chat.metrics.restarted(KindDM)
		d.spawn(ctx, user, box)
	}
}

func (d *dms) forward(ctx actor.Context, message any) {
	for _, user := range slices.Sorted(maps.Keys(d.users)) {
		if box := d.users[user]; box.dm != nil {
			ctx.Send(box.dm, message)
		}
	}
}

// handBack gives back what was stored for users, here or not.
func (d *dms) handBack(ctx actor.Context) {
	d.chat.journal.handed = d.chat.changes.Load()
	for _, chain := range d.chat.journal.chains() {
		ctx.Send(d.chat.bridge, chain)
	}
}

func (d *dms) childFailed(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID) {
	d.chat.metrics.restarted(KindDM)
	d.failures.restart(d.chat, supervisor, child)
}
