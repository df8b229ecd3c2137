package transport

import (
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	"parley/actors"
)

const (
	closeNormal  = 1000
	closeBinary  = 1003
	frameLimit   = 16 << 10 // bytes of a frame from a client
	readBuffer   = 16       // bytes: enough for a frame's head; the rest is read from the wire's
	pingInterval = 25 * time.Second
	// silencePatience is after how long without a frame from a client, pongs
	// included, its connection counts as half open.
	silencePatience = 60 * time.Second
)

// socket is the edge of one connection: gws on the way in, wire on the way out.
type socket struct {
	wire    *wire
	conn    *actors.Connection
	release func()       // gives the connection's place back
	heard   atomic.Int64 // unix seconds of the last frame from the client
	pinged  int64        // unix seconds of the last ping; the sweep's alone
	rested  int64        // the last heard of the silence that it was parked for; likewise
	expires time.Time    // when the client's identity ends; zero: never
	joinBy  time.Time    // when it has to have joined; zero: it need not
}

// Write and Close make it an actors.Socket.
func (s *socket) Write(frames []byte) bool { return s.wire.send(frames) }

// Offer writes only what the kernel takes.
func (s *socket) Offer(frames []byte) int { return s.wire.offer(frames) }

// Close ends the connection with a close code.
func (s *socket) Close(code uint16, reason string) { s.wire.hangUp(code, reason) }

// sessionStorage spares gws a map for each connection: a socket is found through its wire.
type sessionStorage struct{}

func (sessionStorage) Len() int                     { return 0 }
func (sessionStorage) Load(string) (any, bool)      { return nil, false }
func (sessionStorage) Delete(string)                {}
func (sessionStorage) Store(string, any)            {}
func (sessionStorage) Range(func(string, any) bool) {}

// events hands what gws reads to the chat. Its methods run in the read loop of the
// connection; gws recovers only from panics in OnMessage.
type events struct{ server *Server }

func socketOf(c *gws.Conn) *socket { return c.NetConn().(*wire).owner }

// OnOpen has nothing to do: the chat has the connection before the read loop begins,
// the first time and after each parking.
func (e *events) OnOpen(*gws.Conn) {}

// OnMessage hands a frame on; it waits while the session is behind.
func (e *events) OnMessage(c *gws.Conn, m *gws.Message) {
	s := socketOf(c)
	defer s.wire.framed()
	s.heard.Store(time.Now().Unix())
	if m.Opcode != gws.OpcodeText {
		s.Close(closeBinary, "text frames only")
		_ = m.Close()
		return
	}
	frame := string(m.Bytes())
	_ = m.Close()
	s.conn.Receive(frame)
}

// OnPing answers with the same payload (RFC 6455 §5.5.3), unless the client reads
// none of its answers.
func (e *events) OnPing(c *gws.Conn, payload []byte) {
	defer e.recover()
	s := socketOf(c)
	defer s.wire.framed()
	s.heard.Store(time.Now().Unix())
	_ = c.WritePong(payload)
}

// OnPong notes that the client is there.
func (e *events) OnPong(c *gws.Conn, _ []byte) {
	s := socketOf(c)
	defer s.wire.framed()
	s.heard.Store(time.Now().Unix())
}

// OnClose ends the connection, exactly once.
func (e *events) OnClose(c *gws.Conn, err error) {
	defer e.recover()
	var closed *gws.CloseError
	s := socketOf(c)
	clean := errors.As(err, &closed) && closed.Code == closeNormal && !s.wire.wasHungUp()
	s.conn.Closed(clean)
	e.server.sockets.remove(s)
	s.release()
}

func (e *events) recover() {
	if reason := recover(); reason != nil {
		e.server.log.Error().Any("reason", reason).Bytes("stack", debug.Stack()).Msg("connection panicked")
	}
}
