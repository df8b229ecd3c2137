package actors

import (
	"maps"
	"net/url"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// logsBegan says that the parent of a kind of logs began, and knows no session: enter again.
type logsBegan struct{ Kind LogKind }

// leave takes a connection out of a room that it has entered, or was about to.
type leave struct {
	Conn *Connection
	Log  Log
}

// deserted says that the actor of a log has nothing to do for anybody here.
type deserted struct{ Log Log }

// logs is the parent of the actors of one kind of logs: rooms, of those with a name, and dms, of
// inboxes. There is one for each log that a connection here listens to.
type logs struct {
	engine.Parent[*listened]
	chat *Chat
	kind LogKind
	// child is what the actors are, and what their names begin with.
	child engine.Kind
}

// listened is what is known of one such log. Most have few connections: a map for each would be the
// largest thing that an idle one costs here.
type listened struct {
	log     Log
	spelled string // the room's name
	conns   []*Connection
}

// enter notes a connection, and with the connection that it has entered: in place of what an
// earlier parent had noted.
func (l *listened) enter(conn *Connection) {
	if !slices.Contains(l.conns, conn) {
		l.conns = append(l.conns, conn)
	}
	in := &conn.listens[l.log.Kind]
	if i := slices.IndexFunc(*in, func(other *listened) bool { return other.log == l.log }); i >= 0 {
		(*in)[i] = l
	} else {
		*in = append(*in, l)
	}
}

func newDMs(chat *Chat) *logs {
	produce := func(of *listened) actor.Actor { return newDM(chat, of.log) }
	return &logs{Parent: engine.NewParent(chat.system, produce), chat: chat, kind: InboxLog, child: KindDM}
}

func newRooms(chat *Chat) *logs {
	produce := func(of *listened) actor.Actor { return newRoom(chat, of.log, of.spelled) }
	return &logs{Parent: engine.NewParent(chat.system, produce), chat: chat, kind: RoomLog, child: KindRoom}
}

func (l *logs) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		l.start(ctx)
	case *enter:
		l.enter(ctx, m)
	case *catchUp:
		l.Send(ctx, l.name(m.Log), m)
	case *tellMembers:
		l.Send(ctx, l.name(m.Log), m)
	case *leave:
		l.leave(ctx, m.Log, &gone{Conn: m.Conn, Clean: true})
	case *gone:
		for _, of := range slices.Clone(m.Conn.listens[l.kind]) {
			l.leave(ctx, of.log, m)
		}
	case *deserted:
		l.end(ctx, m.Log)
	case *logBegan:
		if of, ok := l.Child(l.name(m.Log)); ok {
			for _, conn := range of.conns {
				ctx.Send(conn.pid, m)
			}
		}
	case *BridgeStarted, *RedisChanged:
		l.keepRooms(ctx)
		l.forward(ctx, m)
	case *actor.Terminated:
		l.Ended(ctx, m, engine.Never)
	}
}

func (l *logs) start(ctx actor.Context) {
	l.chat.system.ForgetChildren(ctx.Self())
	if l.kind == InboxLog {
		l.chat.books.keepInboxes(l.chat.names())
	} else {
		// One that is not entered again has yet to tell that those who were in it have left.
		for _, room := range l.chat.books.namedRooms() {
			l.spawn(ctx, room.log, room.spelled)
		}
		l.keepRooms(ctx)
	}
	ctx.Send(l.chat.sessions, &logsBegan{l.kind})
}

// keepRooms has the rooms of the settings be there.
func (l *logs) keepRooms(ctx actor.Context) {
	if rooms := l.chat.kept; l.kind == RoomLog && len(rooms) > 0 {
		ctx.Send(l.chat.bridge, &KeepRooms{Names: slices.Sorted(maps.Values(rooms))})
	}
}

func (l *logs) spawn(ctx actor.Context, log Log, spelled string) *listened {
	of := &listened{log: log, spelled: spelled}
	l.Spawn(ctx, l.child, l.name(log), of)
	return of
}

// enter hands a connection to its log's actor, which is spawned for the first.
func (l *logs) enter(ctx actor.Context, e *enter) {
	if e.Conn.is(closed) {
		return
	}
	of, ok := l.Child(l.name(e.Log))
	if !ok {
		of = l.spawn(ctx, e.Log, e.Spelled)
	}
	of.enter(e.Conn)
	l.Send(ctx, l.name(e.Log), e) // one that still ends drops it; the next asks its connections to enter
}

// name is the name of a log's actor: what users write is escaped, for / and $ mean
// something in actors' names.
func (l *logs) name(log Log) string { return string(l.child) + "-" + url.PathEscape(log.Name) }

// leave takes a connection out, of which the log's actor is told that it is gone.
func (l *logs) leave(ctx actor.Context, log Log, m *gone) {
	in := &m.Conn.listens[l.kind]
	*in = slices.DeleteFunc(*in, func(of *listened) bool { return of.log == log })
	if of, ok := l.Child(l.name(log)); ok { // or it had entered under the parent before this one
		of.conns = slices.DeleteFunc(of.conns, func(c *Connection) bool { return c == m.Conn })
		l.Send(ctx, l.name(log), m)
		return
	}
	l.chat.books.drop(log)
}

// end ends the actor of a log that nobody here listens to any more.
func (l *logs) end(ctx actor.Context, log Log) {
	if of, ok := l.Child(l.name(log)); ok && len(of.conns) == 0 {
		l.End(ctx, l.name(log))
		l.chat.books.drop(log)
	}
}

func (l *logs) forward(ctx actor.Context, message any) {
	for _, name := range slices.Sorted(maps.Keys(l.Children())) {
		l.Send(ctx, name, message)
	}
}
