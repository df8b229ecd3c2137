package actors

import (
	"math"
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

// audience are the sessions that are told a log's waves.
type audience struct{ seats[*actor.PID] }

// admit adds a connection's session, in place of the one it had.
func (a *audience) admit(conn uint64, session *actor.PID) {
	if i := a.find(conn); i >= 0 {
		a.taken[i].of = session
		return
	}
	a.add(conn, session)
}

// dismiss removes a connection.
func (a *audience) dismiss(conn uint64) {
	if i := a.find(conn); i >= 0 {
		a.remove(i)
	}
}

func (a *audience) size() int { return len(a.taken) }

// tell sends a message to every listener.
func (a *audience) tell(ctx actor.Context, message any) {
	for i := range a.taken {
		ctx.Send(a.taken[i].of, message)
	}
}
