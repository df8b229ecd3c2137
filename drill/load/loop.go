package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// maxDescriptor bounds the table of connections; this project's processes may open 20,000 files.
	maxDescriptor = 1 << 16

	// eventsAtOnce is how many sockets one wait reports: enough that a wave to 10,000 costs few waits.
	eventsAtOnce = 512

	// stopCheck, in ms, is how long a quiet loop waits before it looks whether it is to end.
	stopCheck = 50

	// readSize is what one read takes at most: several waves for one connection.
	readSize = 256 << 10

	// leastRead is the room that a read has at least beside an unfinished frame.
	leastRead = 64 << 10

	// keptCarry is how much buffer a connection keeps for its next unfinished frame; larger ones are given back.
	keptCarry = 4 << 10
)

// loop reads many connections in one goroutine.
type loop struct {
	epoll   int
	dialect dialect
	conns   []atomic.Pointer[conn] // by descriptor
	ear     *ear
	buf     []byte
	stop    atomic.Bool
	done    chan struct{}

	mu      sync.Mutex
	heard   tally // the ear's, as of the last batch of events
	ending  string
	refusal string
}

func newLoop(d dialect, e *ear) (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("failed to make an epoll: %w", err)
	}
	l := &loop{
		epoll: fd, dialect: d, conns: make([]atomic.Pointer[conn], maxDescriptor), ear: e,
		buf: make([]byte, readSize), done: make(chan struct{}),
	}
	go l.run()
	return l, nil
}

// enter takes a connected client in. The first event, that its socket can be written, comes at once: it sends what the
// client is to say first and hears what came with the handshake.
func (l *loop) enter(c *conn) error {
	if c.fd >= maxDescriptor {
		return fmt.Errorf("failed to take in a connection: descriptor %d", c.fd)
	}
	c.loop = l
	l.conns[c.fd].Store(c)
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: int32(c.fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, c.fd, &event); err != nil {
		return fmt.Errorf("failed to watch a connection: %w", err)
	}
	return nil
}

// watch says which events of c are to be told. Called with c's lock held, so c is not closed meanwhile.
func (l *loop) watch(c *conn, events uint32) {
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd)})
}

// counts is what was heard so far.
func (l *loop) counts() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard
}

// lastWords is why the server first ended a connection.
func (l *loop) lastWords() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending
}

// firstFailure is the first refusal that a client heard.
func (l *loop) firstFailure() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refusal
}

// close ends the loop and its connections; then its ear is the caller's.
func (l *loop) close() {
	l.stop.Store(true)
	<-l.done
	for i := range l.conns {
		if c := l.conns[i].Load(); c != nil {
			c.close()
		}
	}
	_ = unix.Close(l.epoll)
}

func (l *loop) run() {
	defer close(l.done)
	runtime.LockOSThread() // it waits in the kernel most of the time, so it has a thread anyway
	defer runtime.UnlockOSThread()
	events := make([]unix.EpollEvent, eventsAtOnce)
	for !l.stop.Load() {
		n, err := unix.EpollWait(l.epoll, events, stopCheck)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		for i := range max(n, 0) {
			c := l.conns[events[i].Fd].Load()
			if c == nil {
				continue
			}
			if events[i].Events&unix.EPOLLOUT != 0 {
				l.begin(c)
			}
			if events[i].Events&^unix.EPOLLOUT != 0 && l.conns[c.fd].Load() == c {
				l.read(c)
			}
		}
		l.mu.Lock()
		l.heard, l.refusal = l.ear.tally, l.ear.firstFailure
		l.mu.Unlock()
	}
}

// begin goes on with what c has to say, and hears what the handshake's read brought along.
func (l *loop) begin(c *conn) {
	c.flush()
	if c.silent {
		c.silent = false
		l.ear.Told++
		l.ear.Joined++
	}
	if len(c.carry) == 0 {
		return
	}
	got := append([]byte(nil), c.carry...)
	l.hear(c, got)
}

func (l *loop) read(c *conn) {
	if need := len(c.carry) + leastRead; need > len(l.buf) {
		l.buf = make([]byte, 2*need)
	}
	kept := copy(l.buf, c.carry)
	n, err := unix.Read(c.fd, l.buf[kept:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
	case err != nil:
		l.drop(c, err.Error())
	case n == 0:
		l.drop(c, "the connection ended without a close frame")
	default:
		l.ear.Bytes += int64(n)
		l.ear.now = now()
		l.hear(c, l.buf[:kept+n])
	}
}

// hear takes all whole frames of b and keeps the rest.
func (l *loop) hear(c *conn, b []byte) {
	for len(b) > 0 {
		f, size, err := nextFrame(b)
		if err != nil {
			l.drop(c, err.Error())
			return
		}
		if size == 0 {
			break
		}
		b = b[size:]
		l.ear.Frames++
		switch f.opcode {
		case opText:
			l.dialect.hear(c, f.payload, l.ear)
		case opPing:
			c.send(appendFrame(nil, opPong, f.payload))
		case opClose:
			l.drop(c, closeReason(f.payload))
			return
		}
	}
	if len(b) == 0 && cap(c.carry) > keptCarry {
		c.carry = nil
	}
	c.carry = append(c.carry[:0], b...)
}

// drop ends c.
func (l *loop) drop(c *conn, reason string) {
	l.conns[c.fd].Store(nil)
	if !c.close() {
		return
	}
	l.ear.Closed++
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending == "" {
		l.ending = reason
	}
}

func closeReason(payload []byte) string {
	if len(payload) < 2 {
		return "closed without a code"
	}
	return fmt.Sprintf("closed with %d %s", binary.BigEndian.Uint16(payload), payload[2:])
}
