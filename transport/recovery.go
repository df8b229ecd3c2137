package transport

import (
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/lxzan/gws"
	"github.com/rs/zerolog"
)

// No panic ends the process. One in a goroutine of a connection, or in one that does
// something for it, costs that connection alone: here it is logged, and the read loop gives
// back what the connection had. One in a goroutine that serves all is logged, and the
// goroutine begins its work again.

// panicPause is how long a goroutine that panicked rests before it begins again: one that
// panics each time burns no core.
const panicPause = time.Second

// readLoop reads until the connection ends, or is parked, which ends the goroutine by
// runtime.Goexit: recover gives nil then, and nothing has ended.
func (s *socket) readLoop(ws *gws.Conn) {
	defer func() {
		if reason := recover(); reason != nil {
			s.wire.panicked(reason)
			defer s.wire.recovered()
			s.end(false)
		}
	}()
	ws.ReadLoop()
	s.wire.linger()
}

// recovered is deferred by whoever does something for a connection outside its read loop.
func (w *wire) recovered() {
	if reason := recover(); reason != nil {
		w.panicked(reason)
	}
}

// panicked logs what something of the connection panicked with, the first time, and
// abandons it.
func (w *wire) panicked(reason any) {
	if w.failsFirst() {
		logPanic(w.owner.server.log, "connection", reason)
	}
	defer func() { _ = recover() }() // of a socket that panics even now: nobody can do more for it
	w.abandon()
}

func (w *wire) failsFirst() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.failed
	w.failed = true
	return first
}

// lasting does work that goes on until the server ends, and begins it again after a panic.
func lasting(log zerolog.Logger, name string, work func()) {
	said := complaints{log: log, name: name}
	for !attempt(work, said.note) {
		<-time.After(panicPause)
	}
}

// complaints are what a goroutine that serves all has panicked with: one that says the same
// as the one before it is not logged.
type complaints struct {
	log        zerolog.Logger
	name, last string
}

func (c *complaints) note(reason any) {
	if said := saidBy(reason); said != c.last {
		c.last = said
		logPanic(c.log, c.name, reason)
	}
}

// attempt does work; where that panics, it tells with what, and ok is false.
func attempt(work func(), failed func(reason any)) (ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			failed(reason)
		}
	}()
	work()
	return true
}

// serving is a listener whose Accept does not panic: to net/http that is a failure that
// passes, after which it pauses and goes on. The rest of its serving is its own code, and
// recovers by itself.
type serving struct {
	net.Listener
	said complaints
}

func newServing(l net.Listener, log zerolog.Logger) *serving {
	return &serving{l, complaints{log: log, name: "listener"}}
}

// Accept waits for the next connection. One goroutine calls it.
func (l *serving) Accept() (conn net.Conn, err error) {
	if !attempt(func() { conn, err = l.Listener.Accept() }, l.said.note) {
		return nil, errAccept{}
	}
	return conn, err
}

// errAccept is a net.Error that passes.
type errAccept struct{}

func (errAccept) Error() string   { return "accepting a connection panicked" }
func (errAccept) Timeout() bool   { return false }
func (errAccept) Temporary() bool { return true }

// logPanic logs one line, from within the deferred function that recovered.
func logPanic(log zerolog.Logger, name string, reason any) {
	log.Error().Str("reason", saidBy(reason)).Bytes("stack", debug.Stack()).Msg(name + " panicked")
}

// saidBy is what may be logged of a panic's reason: errors of the runtime and plain words
// hold nothing that people said; of others the type has to do.
func saidBy(reason any) string {
	switch reason := reason.(type) {
	case runtime.Error:
		return reason.Error()
	case string:
		return reason
	default:
		return fmt.Sprintf("%T", reason)
	}
}
