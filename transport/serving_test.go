package transport

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"parley/actors"
)

// noted is a connection that notes what it is told.
type noted struct {
	mu          sync.Mutex
	heard       []string
	frames      int // that are no messages
	closed      int
	clean       bool
	interrupted bool
	told        chan struct{}     // something was
	hook        func(call string) // called first, if there is one
}

func (n *noted) note(call string, what func()) {
	if n.hook != nil {
		n.hook(call)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	what()
	select {
	case n.told <- struct{}{}:
	default:
	}
}

func (n *noted) Receive(frame string) {
	n.note("Receive", func() {
		if !n.interrupted {
			n.heard = append(n.heard, frame)
		}
	})
}
func (n *noted) Pong([]byte) bool  { return false }
func (n *noted) Frame() bool       { n.note("Frame", func() { n.frames++ }); return true }
func (n *noted) Joined() bool      { return false }
func (n *noted) Drained()          {}
func (n *noted) TooSlow()          {}
func (n *noted) Interrupt()        { n.note("Interrupt", func() { n.interrupted = true }) }
func (n *noted) Closed(clean bool) { n.note("Closed", func() { n.closed++; n.clean = clean }) }

// look reads n's notes.
func look[T any](n *noted, at func() T) T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return at()
}

// edge is a server without the chat: its connections take notes.
type edge struct {
	*Server
	log logged
}

// logged is a log that is read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.text.String(), "\n"), "\n")
}

func newEdge(t testing.TB) *edge {
	t.Helper()
	e := &edge{}
	e.Server = &Server{log: zerolog.New(&e.log), upgrader: newUpgrader(), sockets: sockets{open: map[*socket]struct{}{}}}
	var err error
	if e.lot, err = newLot(e.Server.log); err != nil {
		t.Fatal(err)
	}
	if e.lot != nil {
		t.Cleanup(e.lot.close)
	}
	return e
}

// count is how many connections are open.
func (e *edge) count() int {
	e.sockets.mu.Lock()
	defer e.sockets.mu.Unlock()
	return len(e.sockets.open)
}

// served is a connection of an edge.
type served struct {
	*wire
	*noted
	client   net.Conn
	answers  *bufio.Reader
	released chan struct{} // closed when its place is given back; a second time panics
}

// serve makes a wire a connection of the edge, and gives it once the client has its
// answer.
func (e *edge) serve(t testing.TB, w *wire, client net.Conn, hook func(call string)) *served {
	t.Helper()
	s := &served{w, &noted{told: make(chan struct{}, 1), hook: hook}, client, bufio.NewReader(client), make(chan struct{})}
	e.connect = func(actors.Socket, actors.Resume) (connection, error) { return s.noted, nil }
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	if err := e.open(w, r, actors.Resume{}, time.Time{}, func() { close(s.released) }); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(s.answers, r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return s
}
