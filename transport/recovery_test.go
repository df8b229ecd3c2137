package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
)

// secret is what a client says in these tests, which no log may hold.
const secret = "between you and me"

// faulty is the edge of a connection that panics once it is armed.
type faulty struct {
	net.Conn
	read, write, deadline atomic.Bool
}

func (f *faulty) fail(armed *atomic.Bool) {
	if armed.Load() {
		panic(errors.New("a fault near " + secret))
	}
}
func (f *faulty) Read(p []byte) (int, error)  { f.fail(&f.read); return f.Conn.Read(p) }
func (f *faulty) Write(p []byte) (int, error) { f.fail(&f.write); return f.Conn.Write(p) }
func (f *faulty) SetReadDeadline(at time.Time) error {
	f.fail(&f.deadline)
	return f.Conn.SetReadDeadline(at)
}

// faultyRaw is the same of a plain connection, which is read by its descriptor.
type faultyRaw struct {
	syscall.RawConn
	edge *faulty
}

func (f faultyRaw) Read(do func(uintptr) bool) error {
	f.edge.fail(&f.edge.read)
	return f.RawConn.Read(do)
}

// TestPanicCostsItsConnectionAlone has everything panic that works for a connection: its
// place is given back, its session ends, once each, the client is cut off, one line is
// logged, and others are served as before.
func TestPanicCostsItsConnectionAlone(t *testing.T) {
	t.Parallel()
	say := func(s *served) { _, _ = s.client.Write(masked(0x81, secret)) }
	ping := func(s *served) { _, _ = s.client.Write(masked(0x89, secret)) }
	inCall := func(call string) func(string) {
		return func(called string) {
			if called == call {
				panic("in " + call)
			}
		}
	}
	for name, c := range map[string]struct {
		hook   func(call string)
		secure bool // what plain connections do at the descriptor is done by the fault
		parked bool
		arm    func(e *edge, s *served, f *faulty)
		// unclosed: the connection is told, and panics.
		unclosed bool
	}{
		"reading":                 {secure: true, arm: func(_ *edge, s *served, f *faulty) { f.read.Store(true); say(s) }},
		"reading a descriptor":    {arm: func(_ *edge, s *served, f *faulty) { f.read.Store(true); say(s) }},
		"reading after a parking": {parked: true, arm: func(_ *edge, s *served, f *faulty) { f.read.Store(true); say(s) }},
		"writing":                 {secure: true, arm: func(_ *edge, s *served, f *faulty) { f.write.Store(true); s.send(pingFrame) }},
		"being asked to rest":     {arm: func(e *edge, _ *served, f *faulty) { f.deadline.Store(true); e.sockets.look(time.Now().Add(parkAfter)) }},
		"being swept when parked": {parked: true, arm: func(e *edge, _ *served, f *faulty) {
			f.deadline.Store(true)
			s := e.only()
			s.expires = time.Now()
			e.sockets.look(time.Now())
		}},
		"OnMessage":                 {hook: inCall("Receive"), arm: func(_ *edge, s *served, _ *faulty) { say(s) }},
		"OnPing":                    {hook: inCall("Frame"), arm: func(_ *edge, s *served, _ *faulty) { ping(s) }},
		"OnPing when it was parked": {hook: inCall("Frame"), parked: true, arm: func(_ *edge, s *served, _ *faulty) { ping(s) }},
		"OnClose": {hook: inCall("Closed"), unclosed: true, arm: func(_ *edge, s *served, _ *faulty) {
			_, _ = s.client.Write(masked(0x88, "\x03\xe8"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			if c.parked && e.lot == nil {
				t.Skip("skipped: nothing is parked on this system")
			}
			w, client, _ := wired(t, false)
			f := &faulty{Conn: w.Conn}
			w.Conn = f
			if w.raw = (faultyRaw{w.raw, f}); c.secure {
				w.raw = nil
			}
			s := e.serve(t, w, client, c.hook)
			if c.parked {
				park(t, w)
				if e.count() != 1 || look(s.noted, func() int { return s.closed }) != 0 {
					t.Fatal("a parked connection counts as ended")
				}
			}
			c.arm(e, s, f)
			awaits(t, "its place is free", s.released)
			eventually(t, "it is open no more", func() bool { return e.count() == 0 })
			var err error
			for err == nil { // frames that were sent before
				_, _, err = readFrame(s.answers)
			}
			if errorsIsTimeout(err) {
				t.Error("the client is not cut off")
			}
			if closed := look(s.noted, func() int { return s.closed }); closed != 1 && !c.unclosed {
				t.Errorf("the connection was closed %d times", closed)
			}
			lines := e.log.lines()
			if len(lines) != 1 || !strings.Contains(lines[0], `"connection panicked"`) || !strings.Contains(lines[0], "goroutine ") || strings.Contains(lines[0], secret) {
				t.Errorf("logged is %q", lines)
			}
			e.answers(t)
		})
	}
}

func errorsIsTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// only is the one socket that is open.
func (e *edge) only() *socket {
	e.sockets.mu.Lock()
	defer e.sockets.mu.Unlock()
	for s := range e.sockets.open {
		return s
	}
	return nil
}

// answers holds that another client is served.
func (e *edge) answers(t *testing.T) {
	t.Helper()
	w, client, _ := wired(t, false)
	s := e.serve(t, w, client, nil)
	if e.lot != nil {
		park(t, w)
	}
	if _, err := client.Write(masked(0x89, "still there?")); err != nil {
		t.Fatal(err)
	}
	if head, payload, err := readFrame(s.answers); err != nil || head != 0x8a || string(payload) != "still there?" {
		t.Errorf("another client hears %x %q, %v", head, payload, err)
	}
}

// TestPanicInAHandshakeGivesThePlaceBack, and the connection is closed.
func TestPanicInAHandshakeGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.admission, e.refused = newAdmission(LimitSettings{MaxConnections: 1}, 1), newRefused(prometheus.NewRegistry())
	var asked atomic.Int32
	e.connect = func(actors.Socket, actors.Resume) (connection, error) { asked.Add(1); panic("no connection") }
	server := httptest.NewUnstartedServer(http.HandlerFunc(e.serveWS))
	server.Config = newHTTPServer(server.Config.Handler, e.Server.log)
	server.Start()
	defer server.Close()
	for i := range int32(3) {
		client, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = client.SetDeadline(time.Now().Add(listening))
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		if err := r.Write(client); err != nil {
			t.Fatal(err)
		}
		for err = nil; err == nil; _, err = client.Read(make([]byte, 512)) {
		}
		if errorsIsTimeout(err) {
			t.Error("the connection goes on")
		}
		_ = client.Close()
		eventually(t, "its place is free", func() bool {
			e.admission.mu.Lock()
			defer e.admission.mu.Unlock()
			return e.admission.open.All() == 0
		})
		if asked.Load() != i+1 {
			t.Fatalf("client %d was not let in", i)
		}
	}
}

// TestWorkThatPanicsIsBegunAgainAfterAPause, each reason being logged once while it lasts.
func TestWorkThatPanicsIsBegunAgainAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		start, runs := time.Now(), 0
		lasting(zerolog.New(&out), "sweep", func() {
			runs++
			switch {
			case runs <= 3:
				panic("out of order")
			case runs == 4:
				panic(errors.New(secret))
			}
		})
		if took := time.Since(start); runs != 5 || took != 4*panicPause {
			t.Errorf("%d runs took %v", runs, took)
		}
		lines := out.lines()
		if len(lines) != 2 || !strings.Contains(lines[0], "out of order") || !strings.Contains(lines[1], "sweep panicked") || strings.Contains(lines[1], secret) {
			t.Errorf("logged is %q", lines)
		}
	})
}

// faultyListener panics at first.
type faultyListener struct {
	net.Listener
	panics int
}

func (l *faultyListener) Accept() (net.Conn, error) {
	if l.panics--; l.panics >= 0 {
		panic("no more of this")
	}
	return l.Listener.Accept()
}

func TestListenerThatPanicsGoesOn(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out logged
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { serveHealth(w, nil) }), zerolog.Nop())
	go func() { _ = server.Serve(newServing(&faultyListener{ln, 2}, zerolog.New(&out))) }()
	defer server.Close()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+ln.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if lines := out.lines(); len(lines) != 1 || !strings.Contains(lines[0], "listener panicked") {
		t.Errorf("logged is %q", lines)
	}
}
