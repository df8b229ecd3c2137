package actors

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
	"parley/actors/limit"
	"parley/actors/protocol"
)

// Socket is the edge of a connection, as the transport implements it.
type Socket interface {
	// Write takes whole frames and never waits. It keeps a copy of what the
	// operating system does not take at once, and sends it as the client reads; it
	// reports whether nothing is kept. After false the session writes no more than
	// answers to what it has already read, until Connection.Drained is called.
	Write(frames []byte) (drained bool)
	// Offer is Write for what can be read again from a log: it takes only as many of
	// the frames as the operating system does, and reports how many bytes those are,
	// which is all of them or Drained follows. At most the rest of one frame is kept.
	Offer(frames []byte) (taken int)
	// Close ends the connection with a close code of the protocol. It never waits,
	// and may be called more than once. Connection.Closed follows.
	Close(code uint16, reason string)
}

// Resume is where a connection goes on, and who it is.
type Resume struct {
	Since   int64          // cursor of the public log; Newest for a new client
	DMSince int64          // cursor of the inbox; Newest likewise
	Name    string         // proven by a signed identity; "" where names are claimed
	Address netip.Addr     // whose budgets it draws on; not valid: nobody's
	Rooms   protocol.Grant // which it may enter, by a signed identity
}

const (
	// cursorShare: the room for one cursor more is kept for each so many that there are.
	cursorShare = 4
	// inputBytes bounds the frames that were read and not yet handled; at least one
	// is taken in. Beyond, the read loop waits, so that TCP pushes back.
	inputBytes = 16 << 10
	// inputFrames likewise in number.
	inputFrames = 64
)

// phase is where a connection is in its life, which only goes forward: doc.go has a drawing.
type phase = int32

const (
	open     phase = iota
	leaving        // nothing more is taken in, and it is closed once all that was said has its outcome
	closing        // the socket is being closed, by whomever
	closed         // the socket has ended: nobody hears answers any more
	finished       // all that was said has its outcome: its session ends, and no other follows
)

// Connection is what of a session outlives its actor: the socket, the cursors, and
// the outbox. The transport calls the exported methods; the rest belongs to the
// one session actor that is alive.
type Connection struct {
	ID     uint64
	chat   *Chat
	socket Socket
	resume Resume
	phase  atomic.Int32
	left   int64 // when it was closed, unix nanoseconds; written before phase says so
	// listens are the logs that it has entered under their parents, by their kind: each the parent's own.
	listens [2][]*listened
	claim   atomic.Pointer[claim] // on its name; nil before
	// awaited is the ping that is to show that the last refusal was read, passed the last one
	// that did; equal where there is none to wait for.
	awaited, passed atomic.Uint32
	echoes          bool // its pongs bear what the pings did (RFC 6455 §5.5.3); the read loop's

	mu      sync.Mutex
	space   chan struct{} // closed when a read loop that waits may go on; nil while none does
	input   engine.Ring[string]
	waiting int // bytes in input
	// crowded: more was said than finds room.
	crowded bool
	frames  limit.Bucket // of all frames
	flood   limit.Bucket // of those that were refused

	pid   *actor.PID
	state state
}

// state is a session's, kept for the one that comes after it.
type state struct {
	opened  bool
	name    string // joined with; "" before
	granted *grant // nil once it has joined
	cursors []cursor
	clogged bool // the socket does not take more
	outbox  outbox
	fence   *fence
	op      *operation
}

// grant is a name that is asked for, and the token that will prove it.
type grant struct{ name, token string }

// place is a log that connections follow: all of a node share the same, for each may follow many.
type place struct {
	log  Log
	room string // as its name is spelled; "" for others
}

// everyone is the place where all connections are.
var everyone = &place{log: Public}

// cursor is how far a connection has followed a log, and who is in it.
type cursor struct {
	*place
	at       int64
	catching bool  // what is missing was asked for; waves wait
	resuming bool  // the client asked for it, and has not caught up since: it costs its address
	stale    bool  // it was told too little of who is there
	lacked   int64 // up to where the client was told that some are missing; unread: up to where the log says
	ahead    int64 // the newest id of a wave that came while catching
	version  int64 // of the roster that the client was told
}

// follow has a connection follow a log from a place in it on. Who follows two follows them for long, and
// who enters rooms, many: neither pays for more.
func (st *state) follow(log *place, at int64) *cursor {
	if n := len(st.cursors); n == cap(st.cursors) {
		st.cursors = append(make([]cursor, 0, n+1+n/cursorShare), st.cursors...)
	}
	st.cursors = append(st.cursors, cursor{place: log, at: at})
	return &st.cursors[len(st.cursors)-1]
}

// unfollow has it follow a log no more.
func (st *state) unfollow(log Log) {
	st.cursors = slices.DeleteFunc(st.cursors, func(c cursor) bool { return c.log == log })
}

// cursor gives the cursor of a log that the connection follows, or nil. It is good until the next
// follow.
func (st *state) cursor(log Log) *cursor {
	for i := range st.cursors {
		if st.cursors[i].log == log {
			return &st.cursors[i]
		}
	}
	return nil
}

// is says whether a connection has come so far in its life.
func (c *Connection) is(p phase) bool { return c.phase.Load() >= p }

// enter has it come so far, and lets a read loop go on that waits in Receive.
func (c *Connection) enter(p phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase.Store(max(c.phase.Load(), p))
	c.hasSpace()
}

// hasSpace lets a read loop that waits in Receive go on; c.mu is locked.
func (c *Connection) hasSpace() {
	if c.space != nil {
		close(c.space)
		c.space = nil
	}
}

// Receive takes one frame from the client. It is called by the connection's read
// loop alone, and waits while the session is behind with what was read before.
func (c *Connection) Receive(frame string) {
	c.mu.Lock()
	for (c.input.Len() >= inputFrames || c.waiting+len(frame) > inputBytes) && c.input.Len() > 0 && !c.is(leaving) {
		if !c.crowded {
			c.crowded = true
			c.chat.root.Send(c.pid, &inputReady{}) // which refuses it all behind a fence
		}
		space := make(chan struct{})
		c.space = space
		c.mu.Unlock()
		<-space
		c.mu.Lock()
	}
	c.crowded = false
	if c.is(leaving) {
		c.mu.Unlock()
		return
	}
	first := c.input.Len() == 0
	c.input.Push(frame)
	c.waiting += len(frame)
	c.mu.Unlock()
	if first {
		c.chat.root.Send(c.pid, &inputReady{})
	}
}

// next gives the oldest frame that was read, without taking it out.
func (c *Connection) next() (frame string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.input.Len() == 0 {
		return "", false
	}
	return c.input.At(0), true
}

// handled takes the oldest frame out: it took effect, or was answered.
func (c *Connection) handled() {
	c.mu.Lock()
	if c.input.Len() > 0 { // or it was dropped meanwhile
		c.waiting -= len(c.input.Pop())
	}
	if c.input.Len() == 0 {
		c.input.Shrink(0) // an idle connection costs no buffer
	}
	waits := c.crowded
	c.mu.Unlock()
	if waits {
		c.chat.resume(c.ID, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.hasSpace()
		})
	}
}

// Joined says whether the client has joined under a name, or is about to.
func (c *Connection) Joined() bool { return c.claim.Load() != nil }

// Drained tells that the socket has sent all that was written to it. The transport
// calls it once after each Write that returned false.
func (c *Connection) Drained() { c.chat.root.Send(c.pid, &drained{}) }

// TooSlow tells that the connection ends because the client does not read (4008).
func (c *Connection) TooSlow() { c.chat.metrics.SlowClients.Inc() }

// Closed tells that the connection has ended. The transport calls it exactly once,
// as the last call; clean says that the client closed it with 1000.
func (c *Connection) Closed(clean bool) {
	c.left = time.Now().UnixNano()
	c.enter(closed)
	c.chat.ended(c, clean)
}

// Interrupt says that the socket is being closed: nothing more is taken in, and a read loop that
// waits in Receive goes on.
func (c *Connection) Interrupt() { c.enter(closing) }

// hangUp ends the connection from our side; what was read and not handled is dropped.
func (c *Connection) hangUp(code uint16, reason string) {
	c.drop()
	c.close(code, reason)
}

// drop takes nothing more in, and forgets what was read and not handled.
func (c *Connection) drop() {
	c.enter(leaving)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.input, c.waiting = engine.Ring[string]{}, 0
}

// close ends the connection from our side.
func (c *Connection) close(code uint16, reason string) {
	c.socket.Close(code, reason)
	c.enter(closing)
}

type (
	// inputReady says that there are frames to handle.
	inputReady struct{}
	// drained says that the socket takes more.
	drained struct{}
)
