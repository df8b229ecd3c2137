package load

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// maxUnsent bounds what waits for a server that does not read, per connection: some 10,000 messages. Beyond it the run is
// over, for the server does not take what it is sent.
const maxUnsent = 2 << 20

// conn is one client.
type conn struct {
	fd      int
	name    string
	passing bool  // comes or goes during the run: its deliveries can't be compared with what was sent
	timed   bool  // its deliveries are timed
	rooms   []int // the numbers of those that it is in
	silent  bool  // it has nothing to say first: connected is joined; the loop's

	loop  *loop
	carry []byte // the start of a frame that is not whole yet; the loop's

	// The pacer's, or whoever publishes.
	said  int64
	text  []byte
	batch []byte

	mu      sync.Mutex
	unsent  []byte
	gone    bool
	leaving bool // the close is ours
	flooded bool
}

// room is the number of the room that is spoken in next; they take turns.
func (c *conn) room() int { return c.rooms[int(c.said)%len(c.rooms)] }

// send writes frames, or keeps what the socket doesn't take. It never waits.
func (c *conn) send(frames []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.flooded {
		return
	}
	if len(c.unsent) > 0 {
		c.keep(frames)
		return
	}
	n := write(c.fd, frames)
	if n < len(frames) {
		c.keep(frames[n:])
		c.loop.watch(c, unix.EPOLLIN|unix.EPOLLOUT)
	}
}

func (c *conn) keep(frames []byte) {
	if len(c.unsent)+len(frames) > maxUnsent {
		c.flooded = true // a frame less would break the stream: nothing more is sent at all
		return
	}
	c.unsent = append(c.unsent, frames...)
}

// flush goes on with what send kept; called by the loop when the socket takes more.
func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	if len(c.unsent) > 0 {
		n = write(c.fd, c.unsent)
	}
	c.unsent = append(c.unsent[:0], c.unsent[n:]...)
	if len(c.unsent) == 0 {
		c.unsent = nil
		c.loop.watch(c, unix.EPOLLIN)
	}
}

// leave says goodbye as a page does that is closed on purpose; the server ends the connection.
func (c *conn) leave() {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.send(appendFrame(nil, opClose, []byte{1000 >> 8, 1000 & 0xFF}))
}

// isFlooded says whether the server left so much unread that this client gave up.
func (c *conn) isFlooded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flooded
}

// close frees the descriptor and says whether it was the server that ended it. The lock keeps a late send from writing to
// somebody else's socket of the same number.
func (c *conn) close() (unasked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	c.gone = true
	_ = unix.Close(c.fd) // nothing can be done about a failure
	return !c.leaving
}

// write returns how much of b the socket took. A broken socket takes everything: its loop learns of the end by reading.
func write(fd int, b []byte) int {
	for {
		n, err := unix.Write(fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return 0
		case err != nil:
			return len(b)
		default:
			return n
		}
	}
}
