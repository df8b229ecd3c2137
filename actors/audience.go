package actors

import (
	"math"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// enter makes a connection a listener of a log: of a room's, or through the dms of
// its user's inbox. Its session enters again whenever the actor it listens to has
// begun anew, with the cursor that the connection has reached.
type enter struct {
	Conn *Connection
	Log  Log
	// Cursor is the last id the connection has; Newest if it is new and wants the
	// end of the log.
	Cursor int64
	// Opening asks for an opened: the connection's first frame is not sent yet.
	Opening bool
	Name    string // under which it has joined, "" before
	Spelled string // of a room with a name
	Version int64  // of the roster that the connection was told
	Floor   int64  // entries up to here were a former claim's, and are not shown

	at time.Time // when it began to wait for the log
}

// opened answers an enter that asks for it: what the first frame is made of.
type opened struct {
	*place
	Entries []protocol.Entry
	Cursor  int64  // of the last of Entries, or where reading goes on
	Newest  int64  // the log's
	Lacked  int64  // up to here some after the asked cursor are no longer kept; 0: none, unread: nobody knows
	Members []byte // as AppendMembers gives them; only from the room
	Version int64  // of the roster, likewise
}

// unread as opened.Lacked: the log could not be read.
const unread = math.MaxInt64

// catchUp asks for what is after Cursor; answered by Recalled, by the bridge where it is older than
// the tail.
type catchUp struct {
	Conn   *Connection
	Log    Log
	Cursor int64
}

// nudge tells a session that the log has gone on without it: compare, and catch up.
type nudge struct{}

// logBegan says that the actor of a log began, and knows no session: enter again.
type logBegan struct{ Log Log }

// gone says that a connection has ended; Clean, that the client said goodbye. Its session first sees
// to what the client said before.
type gone struct {
	Conn  *Connection
	Clean bool
}

const (
	// openLimit is how many messages a first frame holds at most; the rest follow
	// as ordinary frames.
	openLimit = 1000
	// openBytes likewise in bytes, where a client resumes: what a connection that
	// does not read may cost is 64 KiB.
	openBytes = 32 << 10
	// chunkLimit and chunkBytes are how much one step of catching up brings.
	chunkLimit = 500
	chunkBytes = 32 << 10
)

// listener is a session that is told a log's waves.
type listener struct {
	conn    uint64
	session *actor.PID
}

// indexFrom is how many listeners an audience has before it keeps an index of them:
// fewer are found as fast by looking, and a map each is what ten thousand idle users
// must not cost.
const indexFrom = 16

// audience are the listeners of one log. Telling 10,000 of them walks a slice.
type audience struct {
	listeners []listener
	place     map[uint64]int // nil for few
}

// admit adds a connection's session, in place of the one it had.
func (a *audience) admit(conn uint64, session *actor.PID) {
	if i := a.find(conn); i >= 0 {
		a.listeners[i].session = session
		return
	}
	a.listeners = append(a.listeners, listener{conn, session})
	if n := len(a.listeners); a.place != nil {
		a.place[conn] = n - 1
	} else if n >= indexFrom {
		a.place = make(map[uint64]int, 2*n)
		for i, l := range a.listeners {
			a.place[l.conn] = i
		}
	}
}

// dismiss removes a connection.
func (a *audience) dismiss(conn uint64) {
	i := a.find(conn)
	if i < 0 {
		return
	}
	last := len(a.listeners) - 1
	a.listeners[i] = a.listeners[last]
	a.listeners[last] = listener{}
	a.listeners = a.listeners[:last]
	if a.place != nil {
		delete(a.place, conn)
		if i < last {
			a.place[a.listeners[i].conn] = i
		}
	}
}

// find gives the place of a connection, -1 if it does not listen.
func (a *audience) find(conn uint64) int {
	if a.place == nil {
		return slices.IndexFunc(a.listeners, func(l listener) bool { return l.conn == conn })
	}
	if i, ok := a.place[conn]; ok {
		return i
	}
	return -1
}

func (a *audience) size() int { return len(a.listeners) }

// tell sends a message to every listener.
func (a *audience) tell(ctx actor.Context, message any) {
	for i := range a.listeners {
		ctx.Send(a.listeners[i].session, message)
	}
}
