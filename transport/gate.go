package transport

import (
	"container/list"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors/limit"
)

const (
	// acceptPause is how long accepting rests when there are no descriptors: one has to be closed
	// before it can succeed.
	acceptPause = 100 * time.Millisecond

	// starvedFor is how long there have to be descriptors until that is said.
	starvedFor = 10 * time.Second
)

// gate is the listener of the chat's address: it counts TCP connections, and closes at once those
// that are too many. The rule stands at the head of limits.go.
//
// When all places are taken, a connection that waits for a request, its first or its next, gives its
// place to a newcomer, the one that waits longest first. So whoever keeps many of them open, through a
// proxy or from many addresses, shuts nobody out.
type gate struct {
	net.Listener
	settings LimitSettings
	most     int // connections in all; 0: no limit
	refused  *prometheus.CounterVec
	log      zerolog.Logger
	now      func() time.Time

	// starved is when descriptors last ran out, zero while there are enough; Accept's alone.
	starved time.Time

	mu      sync.Mutex
	open    limit.Open
	waiting *list.List // of *admitted, the longest first
}

// admitted is a connection that has a place, until it is closed.
type admitted struct {
	*net.TCPConn
	gate *gate
	addr netip.Addr // the peer's

	// Guarded by gate.mu.
	waits *list.Element // its place among those that wait for a request; nil: it does not
	left  bool
}

func newGate(l net.Listener, s LimitSettings, most int, refused *prometheus.CounterVec, log zerolog.Logger) *gate {
	return &gate{Listener: l, settings: s, most: most, refused: refused, log: log, now: time.Now, waiting: list.New()}
}

// Accept waits for the next connection that gets a place. Where the process or the system has no
// descriptors left it goes on after a pause. One goroutine calls it.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		switch {
		case err == nil:
			g.recovered()
		case starves(err):
			g.starve(err)
			continue
		default:
			return nil, err
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			return conn, nil // unreachable: the listener is of TCP
		}
		if c := g.admit(tcp); c != nil {
			return c, nil
		}
		_ = tcp.SetLinger(0) // a reset: nothing of it stays in the kernel
		_ = tcp.Close()
	}
}

// starves says whether accept failed for want of descriptors or of memory for them.
func starves(err error) bool {
	wants := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}
	return slices.ContainsFunc(wants, func(want error) bool { return errors.Is(err, want) })
}

func (g *gate) starve(err error) {
	if g.starved.IsZero() {
		g.log.Warn().Err(err).Msg("no connection can be accepted: raise the limit of open files, or lower MAX_CONNECTIONS")
	}
	g.starved = g.now()
	<-time.After(acceptPause)
}

func (g *gate) recovered() {
	if !g.starved.IsZero() && g.now().Sub(g.starved) > starvedFor {
		g.starved = time.Time{}
		g.log.Info().Msg("connections are accepted again")
	}
}

// admit gives conn a place; nil if there is none for it.
func (g *gate) admit(conn *net.TCPConn) *admitted {
	addr, _ := parseHop(conn.RemoteAddr().String())
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open.Full(addr, g.settings.acceptedPerIP(addr)) {
		g.refused.WithLabelValues(string(acceptedPerIP)).Inc()
		return nil
	}
	if g.most > 0 && g.open.All() >= g.most && !g.evictLocked() {
		g.refused.WithLabelValues(string(acceptedAll)).Inc()
		return nil
	}
	g.open.Add(addr)
	return &admitted{TCPConn: conn, gate: g, addr: addr}
}

// evictLocked ends the connection that waits longest for a request; false if none does.
func (g *gate) evictLocked() bool {
	longest := g.waiting.Front()
	if longest == nil {
		return false
	}
	c := longest.Value.(*admitted)
	g.leaveLocked(c)
	_ = c.TCPConn.Close()
	return true
}

// track is told by net/http how its connections are: they wait for a request at first and between two.
// A connection that was taken over for a WebSocket does not.
func (g *gate) track(conn net.Conn, state http.ConnState) {
	c, ok := underTLS(conn).(*admitted)
	if !ok {
		return // unreachable: all come through the gate
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopWaitingLocked(c)
	if !c.left && (state == http.StateNew || state == http.StateIdle) {
		c.waits = g.waiting.PushBack(c)
	}
}

// Close gives the place back.
func (c *admitted) Close() error {
	err := c.TCPConn.Close()
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.leaveLocked(c)
	return err
}

func (g *gate) leaveLocked(c *admitted) {
	if c.left {
		return
	}
	c.left = true
	g.stopWaitingLocked(c)
	g.open.Remove(c.addr)
}

func (g *gate) stopWaitingLocked(c *admitted) {
	if c.waits != nil {
		g.waiting.Remove(c.waits)
		c.waits = nil
	}
}
