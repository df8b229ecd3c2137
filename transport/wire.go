package transport

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"

	"parley/actors/protocol"
)

const (
	// sendBuffer is the kernel's for each connection, in bytes before the kernel
	// doubles it: it bounds what a client that does not read costs there, and leaves
	// room up to lastBuffer for the close frame that tells it so.
	sendBuffer = 128 << 10
	lastBuffer = 208 << 10
	// slowPatience is how long a client may read nothing while something waits for it.
	slowPatience = 30 * time.Second
	// closePatience is how long the other side may take to answer a close frame, or
	// to read what was sent before it.
	closePatience = 2 * time.Second
	// keptWhileDrained is how much may be kept where the socket can't be asked
	// (TLS), and still count as drained.
	keptWhileDrained = 16 << 10
	// controlLimit is how much may be kept before pongs are dropped: a client that
	// floods pings and reads nothing costs no more.
	controlLimit = 48 << 10
)

// wire is a connection's way out: it writes what the kernel takes at once, keeps the
// rest, and never waits. gws reads through it, and writes its control frames.
type wire struct {
	net.Conn
	raw   syscall.RawConn       // nil under TLS, where each write needs a goroutine
	conn  connection            // told what is read, and what becomes of what was kept
	owner *socket               // whose way out it is
	left  []byte                // read from the kernel, or with the handshake, and not by gws
	try   func(fd uintptr) bool // w.tryOnce, bound once: writing must not allocate
	pull  func(fd uintptr) bool // w.pullOnce, likewise
	// intake is what left is part of, nil where that came with the handshake; pullErr
	// is how reading ended. Both are the read loop's.
	intake  *[intakeSize]byte
	pullErr error
	// patience is how long the client may read nothing while something waits for it.
	patience time.Duration
	// lot, in and loop are for parking: see park.go.
	lot  *lot
	in   *bufio.Reader // that gws reads from
	loop func()        // the read loop, and what follows its end
	// framing is of what gws has read, and refused the close code for what it may not
	// read. between says that no part of a frame has been read. All are the read loop's.
	framing framing
	refused uint16
	between bool

	resting  bool // the read loop is asked to end between two frames
	parked   bool // it has
	flushing bool
	owed     bool       // a write was answered with false
	hungUp   bool       // it was we who ended it
	closing  bool       // the close frame is written or kept: nothing more goes out
	shutting bool       // no bytes follow what is kept: whoever has sent it says so
	dead     bool       // the connection is broken: nothing goes out
	failed   bool       // something of it panicked, which was logged
	mu       sync.Mutex // guards all from resting on
	kept     []byte

	// out, n and err are tryOnce's argument and results, guarded by mu.
	out []byte
	n   int
	err error
}

// connection is the chat's side of it, an actors.Connection.
type connection interface {
	Receive(frame string)               // takes a message, and waits while the session is behind
	Frame() (ok bool)                   // counts a frame that is none; false: there are too many
	Pong(payload []byte) (awaited bool) // the client has read the ping with that; false: nobody wanted to know
	Joined() bool                       // the client has joined
	Drained()                           // nothing is kept any more
	Interrupt()                         // the read loop is not to wait: the connection ends
	TooSlow()                           // it ends because the client did not read
	Closed(clean bool)                  // it has ended; the last call
}

// nobody is the connection until there is one.
type nobody struct{}

func (nobody) Receive(string)   {}
func (nobody) Frame() bool      { return true }
func (nobody) Pong([]byte) bool { return true }
func (nobody) Joined() bool     { return false }
func (nobody) Drained()         {}
func (nobody) Interrupt()       {}
func (nobody) TooSlow()         {}
func (nobody) Closed(bool)      {}

func newWire(c net.Conn, left []byte) *wire {
	w := &wire{Conn: c, left: left, conn: nobody{}, patience: slowPatience, between: true}
	if tcp, ok := underTLS(c).(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // without it more is kept by the kernel, no less sent
	}
	if tcp, ok := c.(syscall.Conn); ok { // which a connection of TLS is not
		if raw, err := tcp.SyscallConn(); err == nil {
			w.raw = raw
		}
	}
	w.try, w.pull = w.tryOnce, w.pullOnce
	return w
}

// underTLS is the connection that c's bytes go through.
func underTLS(c net.Conn) net.Conn {
	if secure, ok := c.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return c
}

// serve makes conn the one that is told. The read loop, which begins afterwards, reads it
// without a lock.
func (w *wire) serve(conn connection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = conn
}

// connection is who is told; for all but the read loop.
func (w *wire) connection() connection {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn
}

// Write is gws's way out: the handshake, pongs, and the close frame of an error.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closing && len(w.kept) < controlLimit {
		w.sendLocked(p)
	}
	return len(p), nil
}

// Close is called by gws after its close frame: the connection stays until the
// frame is read (linger).
func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing = true
	return nil
}

// send takes whole frames; see actors.Socket.
func (w *wire) send(frames []byte) (drained bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.dead {
		return true
	}
	drained = w.sendLocked(frames)
	w.owed = w.owed || !drained
	return drained
}

// offer takes as many whole frames as the kernel takes at once; see actors.Socket.
func (w *wire) offer(frames []byte) (taken int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.dead {
		return len(frames)
	}
	if w.raw == nil { // the kernel can't be asked: the size of what is kept has to do
		if room := keptWhileDrained - len(w.kept); room > 0 {
			taken = wholeFrames(frames, room)
			w.keepLocked(frames[:taken])
		}
	} else if len(w.kept) == 0 {
		n := w.writeLocked(frames)
		if w.dead || n == len(frames) {
			return len(frames)
		}
		// One frame is kept though none be cut: only by writing it can be waited for
		// the kernel to take more.
		taken = wholeFrames(frames, n+1)
		w.keepLocked(frames[n:taken])
	}
	w.owed = w.owed || taken < len(frames)
	return taken
}

// wholeFrames is how many bytes the first frames have that hold byte n-1, and all
// before it.
func wholeFrames(frames []byte, n int) int {
	end := 0
	for end < min(n, len(frames)) {
		end += protocol.FrameLen(frames[end:])
	}
	return end
}

// sendLocked takes all of p.
func (w *wire) sendLocked(p []byte) (drained bool) {
	if w.dead {
		return true
	}
	if len(w.kept) == 0 && w.raw != nil {
		p = p[w.writeLocked(p):]
		if w.dead || len(p) == 0 {
			return true
		}
	}
	w.keepLocked(p)
	return w.raw == nil && len(w.kept) <= keptWhileDrained
}

// writeLocked gives p to the kernel as far as it goes.
func (w *wire) writeLocked(p []byte) (n int) {
	w.out = p
	if err := w.raw.Write(w.try); err != nil || w.err != nil {
		w.breakLocked()
		return 0
	}
	return w.n
}

// keepLocked keeps a copy of p, and has it sent as the client reads.
func (w *wire) keepLocked(p []byte) {
	w.kept = append(w.kept, p...)
	if !w.flushing {
		w.flushing = true
		go w.flush()
	}
}

// tryOnce writes w.out as far as the kernel takes it.
func (w *wire) tryOnce(fd uintptr) bool {
	w.n, w.err = 0, nil
	for {
		n, err := syscall.Write(int(fd), w.out)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
		case err != nil:
			w.err = err
		default:
			w.n = n
		}
		w.out = nil
		return true
	}
}

// breakLocked gives the connection up; its read loop notices, and ends it, as does
// who waits to write.
func (w *wire) breakLocked() {
	defer w.resumeLocked() // even if the deadline panics: only the read loop gives the place back
	w.dead, w.kept = true, nil
	_ = w.SetDeadline(time.Unix(1, 0))
}
