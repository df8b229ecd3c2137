package sim

import (
	"errors"
	"hash/fnv"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// connEnd is one end of a connection between a node and the Redis. It never waits to write; what
// is written lies in out until the world sends it on, and arrives when the world says so.
type connEnd struct {
	world    *world
	link     *link
	peer     *connEnd
	toRedis  bool // what is written here is for the Redis
	id       int  // 0 before its connection was first written to
	arrived  sync.Cond
	in       []byte
	inErr    error // how reading ends, once in is read
	out      []byte
	fin      bool // nothing more will be written
	closed   bool
	isFresh  bool
	deadline time.Time
	salt     time.Duration

	// The world's alone: what is on its way from here.
	chunks   []chunk
	last     time.Time // when the last of them arrives
	stuck    bool      // one was due while it could not arrive
	lossy    bool      // bytes were lost: the connection can't go on
	isPubSub bool
	iced     bool // it was there when the link's subscriptions froze
}

// chunk is bytes that arrive together, or the end of the connection.
type chunk struct {
	bytes []byte
	fin   bool
}

// newConn makes both ends.
func newConn(w *world, l *link) (near, far *connEnd) {
	near, far = &connEnd{world: w, link: l, toRedis: true}, &connEnd{world: w, link: l}
	near.peer, far.peer = far, near
	near.arrived.L, far.arrived.L = &w.mu, &w.mu
	return near, far
}

// Read waits for what arrives. All that waits for Redis has a deadline, and two deadlines of
// one instant would be decided by the runtime: so each is put off by some nanoseconds, which
// depend on what was asked.
func (e *connEnd) Read(p []byte) (int, error) {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case len(e.in) > 0:
			n := copy(p, e.in)
			if e.in = e.in[n:]; len(e.in) == 0 {
				e.in = nil
			}
			return n, nil
		case e.inErr != nil:
			return 0, e.inErr
		}
		if e.deadline.IsZero() {
			e.arrived.Wait()
			continue
		}
		left := time.Until(e.deadline.Add(e.salt))
		if left <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		timer := time.AfterFunc(left, func() {
			e.world.mu.Lock()
			defer e.world.mu.Unlock()
			e.arrived.Broadcast()
		})
		e.arrived.Wait()
		timer.Stop()
	}
}

const saltRange = 100_000 // ns, below any time-out that matters

func (e *connEnd) Write(p []byte) (int, error) {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	switch {
	case e.closed:
		return 0, net.ErrClosed
	case e.inErr != nil && !errors.Is(e.inErr, io.EOF):
		return 0, e.inErr
	case !e.deadline.IsZero() && !time.Now().Before(e.deadline):
		return 0, os.ErrDeadlineExceeded
	}
	h := fnv.New32a()
	_, _ = h.Write(p)
	e.salt = time.Duration(h.Sum32() % saltRange)
	e.out = append(e.out, p...)
	e.freshLocked()
	return len(p), nil
}

func (e *connEnd) freshLocked() {
	if !e.isFresh {
		e.isFresh = true
		e.world.fresh = append(e.world.fresh, e)
		e.world.signal()
	}
}

func (e *connEnd) Close() error {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.closed, e.fin = true, true
	e.freshLocked()
	e.arrived.Broadcast()
	return nil
}

// reset ends the connection at once, on this end, whatever is on its way.
func (e *connEnd) reset() {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	e.endLocked(syscall.ECONNRESET)
}

func (e *connEnd) endLocked(err error) {
	if e.inErr == nil {
		e.inErr = err
		e.arrived.Broadcast()
	}
}

// arrive is the arrival of a chunk here.
func (e *connEnd) arrive(c chunk) {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	if e.inErr != nil || e.closed {
		return
	}
	e.in = append(e.in, c.bytes...)
	if c.fin {
		e.endLocked(io.EOF)
	}
	e.arrived.Broadcast()
}

func (e *connEnd) SetDeadline(t time.Time) error {
	e.world.mu.Lock()
	defer e.world.mu.Unlock()
	e.deadline = t
	e.arrived.Broadcast()
	return nil
}

// SetReadDeadline sets the one deadline: writing never waits.
func (e *connEnd) SetReadDeadline(t time.Time) error { return e.SetDeadline(t) }

// SetWriteDeadline has nothing to do, likewise.
func (e *connEnd) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr and RemoteAddr make it a net.Conn.
func (e *connEnd) LocalAddr() net.Addr  { return address{} }
func (e *connEnd) RemoteAddr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "sim" }
func (address) String() string  { return "redis:6379" }
