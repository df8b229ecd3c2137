package actors

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
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
	Since   int64  // cursor of the public log; Newest for a new client
	DMSince int64  // cursor of the inbox; Newest likewise
	Name    string // proven by a signed identity; "" where names are claimed
	Expires time.Time
	Address netip.Addr // whose budgets it draws on; not valid: nobody's
}

const (
	// inputBytes bounds the frames that were read and not yet handled; at least one
	// is taken in. Beyond, the read loop waits, so that TCP pushes back.
	inputBytes = 16 << 10
	// inputFrames likewise in number.
	inputFrames = 64
)

// Connection is what of a session outlives its actor: the socket, the cursors, and
// the outbox. The transport calls the exported methods; the rest belongs to the
// one session actor that is alive.
type Connection struct {
	ID     uint64
	chat   *Chat
	socket Socket
	resume Resume
	left   time.Time // when it ended; written before closed
	closed atomic.Bool
	hangUp atomic.Bool // its session's next end is the connection's
	joined atomic.Bool
	claim  atomic.Pointer[claim] // on its name; nil before
	// finished: its session has seen to all that the client said, and ends.
	finished atomic.Bool
	// awaited is the ping that is to show that the last refusal was read, passed the last one
	// that did; equal where there is none to wait for.
	awaited, passed atomic.Uint32
	echoes          bool // its pongs bear what the pings did (RFC 6455 §5.5.3); the read loop's

	mu      sync.Mutex
	space   sync.Cond
	input   ring[string]
	waiting int // bytes in input
	// crowded: more was said than finds room.
	crowded bool
	// interrupted: the socket is being closed, nothing more is taken in.
	interrupted bool
	frames      bucket // of all frames
	flood       bucket // of those that were refused

	pid   *actor.PID
	state state
}

// state is a session's, kept for the one that comes after it.
type state struct {
	opened       bool
	name         string // joined with; "" before
	granted      grant  // the token that proves the name, or will if the join succeeds
	since        int64  // when the claim on the name began
	refs         int64  // up to where references are a former claim's
	public       cursor
	inbox        cursor
	version      int64 // of the roster that the client was told
	membersStale bool  // it was told too little
	clogged      bool  // the socket does not take more
	leaving      bool  // the connection is to be closed when the outbox is empty
	departed     bool  // the connection has ended: the session ends when the outbox is empty
	outbox       outbox
	fence        fence
	op           *operation
}

// grant is a claimed name and the token that proves it.
type grant struct{ name, token string }

// cursor is how far a connection has followed a log.
type cursor struct {
	at       int64
	catching bool  // what is missing was asked for; waves wait
	lossy    bool  // the client was told that there is a hole here
	resuming bool  // the client asked for it, and has not caught up since: it costs its address
	ahead    int64 // the newest id of a wave that came while catching
}

// Receive takes one frame from the client. It is called by the connection's read
// loop alone, and waits while the session is behind with what was read before.
func (c *Connection) Receive(frame string) {
	c.mu.Lock()
	for (c.input.len() >= inputFrames || c.waiting+len(frame) > inputBytes) && c.input.len() > 0 && !c.interrupted {
		if !c.crowded {
			c.crowded = true
			c.chat.root.Send(c.pid, &inputReady{}) // which refuses it all behind a fence
		}
		c.space.Wait()
	}
	c.crowded = false
	if c.interrupted {
		c.mu.Unlock()
		return
	}
	first := c.input.len() == 0
	c.input.push(frame)
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
	if c.input.len() == 0 {
		return "", false
	}
	return c.input.at(0), true
}

// handled takes the oldest frame out: it took effect, or was answered.
func (c *Connection) handled() {
	c.mu.Lock()
	c.waiting -= len(c.input.pop())
	if c.input.len() == 0 {
		c.input.shrink(0) // an idle connection costs no buffer
	}
	waits := c.crowded
	c.mu.Unlock()
	if waits {
		c.chat.resume(c.ID, c.space.Signal)
	}
}

// Joined says whether the client has joined under a name.
func (c *Connection) Joined() bool { return c.joined.Load() }

// Drained tells that the socket has sent all that was written to it. The transport
// calls it once after each Write that returned false.
func (c *Connection) Drained() { c.chat.root.Send(c.pid, &drained{}) }

// TooSlow tells that the connection ends because the client does not read (4008).
func (c *Connection) TooSlow() { c.chat.metrics.SlowClients.Inc() }

// Closed tells that the connection has ended. The transport calls it exactly once,
// as the last call; clean says that the client closed it with 1000.
func (c *Connection) Closed(clean bool) {
	c.end()
	c.chat.disconnected(c, clean)
}

func (c *Connection) end() {
	c.left = time.Now()
	c.closed.Store(true)
	c.Interrupt()
}

// Interrupt lets a read loop that waits in Receive go on, to notice that its socket
// is closed. What was read and not handled is dropped, as is what comes.
func (c *Connection) Interrupt() {
	c.mu.Lock()
	c.interrupted = true
	c.mu.Unlock()
	c.space.Broadcast()
}

// close ends the connection from our side.
func (c *Connection) close(code uint16, reason string) {
	c.socket.Close(code, reason)
	c.Interrupt()
}

type (
	// inputReady says that there are frames to handle.
	inputReady struct{ quiet }
	// drained says that the socket takes more.
	drained struct{ quiet }
)
