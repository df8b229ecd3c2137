package transport

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
)

// lotEvents is how many sockets one look at the kernel tells of.
const lotEvents = 128

// lot watches the sockets of parked connections by an epoll instance of its own, which
// the runtime's poller watches in turn: so it costs one goroutine and no thread.
type lot struct {
	epoll int
	file  *os.File // of epoll

	mu    sync.Mutex
	wires []*wire // by descriptor: an index costs less than a map
}

func newLot(log zerolog.Logger) (*lot, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make epoll instance: %w", err)
	}
	if err := syscall.SetNonblock(epoll, true); err != nil { // or the runtime would give it a thread
		_ = syscall.Close(epoll)
		return nil, fmt.Errorf("make epoll instance non-blocking: %w", err)
	}
	l := &lot{epoll: epoll, file: os.NewFile(uintptr(epoll), "epoll")}
	raw, err := l.file.SyscallConn()
	if err != nil {
		_ = l.file.Close()
		return nil, fmt.Errorf("open epoll instance: %w", err)
	}
	go lasting(log, "lot", func() { l.run(raw) })
	return l, nil
}

// close ends the watching.
func (l *lot) close() { _ = l.file.Close() }

// watch tells w, once, when it is readable; false if it can't. The caller holds w.mu, so
// that w is neither resumed nor closed meanwhile.
func (l *lot) watch(w *wire) (watched bool) {
	_ = w.raw.Control(func(fd uintptr) {
		l.put(w, int(fd))
		event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT, Fd: int32(fd)}
		err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_MOD, int(fd), &event)
		if err == syscall.ENOENT { // it was never parked before
			err = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, int(fd), &event)
		}
		watched = err == nil
	})
	return watched
}

func (l *lot) put(w *wire, fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.wires) <= fd {
		l.wires = append(l.wires, nil)
	}
	l.wires[fd] = w
}

// forget drops w, whose connection is about to be closed.
func (l *lot) forget(w *wire) {
	_ = w.raw.Control(func(fd uintptr) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if int(fd) < len(l.wires) && l.wires[fd] == w {
			l.wires[fd] = nil
		}
	})
}

// run tells those that are readable, until the lot is closed.
func (l *lot) run(raw syscall.RawConn) {
	var events [lotEvents]syscall.EpollEvent
	n := 0
	look := func(fd uintptr) (seen bool) {
		var err error
		n, err = syscall.EpollWait(int(fd), events[:], 0)
		return n > 0 || err != nil && err != syscall.EINTR
	}
	for raw.Read(look) == nil {
		for i := range n {
			if w := l.of(events[i].Fd); w != nil {
				w.readable()
			}
		}
	}
}

// of gives the wire of a descriptor; nil if it is gone.
func (l *lot) of(fd int32) *wire {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wires[fd]
}
