package transport

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
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
	server  *Server
	release func()       // gives the connection's place back; nil once it has. The read loop's
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

// Close ends the connection with a close code. What the client says from then on is not
// heard (RFC 6455 §7.1.7).
func (s *socket) Close(code uint16, reason string) {
	s.wire.hangUp(code, reason)
	s.wire.connection().Interrupt()
}

// end gives back what the connection has, once: its session ends, its place is free. It is
// the read loop's, or whoever's could not begin one.
func (s *socket) end(clean bool) {
	release := s.release
	if release == nil {
		return
	}
	s.release = nil
	defer release()
	defer s.server.sockets.remove(s)
	s.wire.conn.Closed(clean)
}

// events hands what gws reads to the chat. Its methods run in the read loop of the
// connection, which recovers from their panics, and from those of gws (readLoop).
type events struct{}

func socketOf(c *gws.Conn) *socket { return c.NetConn().(*wire).owner }

// heardFrom notes that the client is there.
func heardFrom(c *gws.Conn) *socket {
	s := socketOf(c)
	s.heard.Store(time.Now().Unix())
	return s
}

// OnOpen has nothing to do: the chat has the connection before the read loop begins,
// the first time and after each parking.
func (events) OnOpen(*gws.Conn) {}

// OnMessage hands a frame on; it waits while the session is behind.
func (events) OnMessage(c *gws.Conn, m *gws.Message) {
	s := heardFrom(c)
	defer s.wire.framed()
	if m.Opcode != gws.OpcodeText {
		s.Close(closeBinary, "text frames only")
		_ = m.Close()
		return
	}
	frame := string(m.Bytes())
	_ = m.Close()
	s.wire.conn.Receive(frame)
}

// OnPing answers with the same payload (RFC 6455 §5.5.3), unless there are too many or
// the client reads none of its answers.
func (events) OnPing(c *gws.Conn, payload []byte) {
	s := heardFrom(c)
	defer s.wire.framed()
	if s.wire.conn.Frame() {
		_ = c.WritePong(payload)
	}
}

// OnPong notes that the client is there, and what it has read. A pong that nobody asked for
// counts like any frame.
func (events) OnPong(c *gws.Conn, payload []byte) {
	s := heardFrom(c)
	defer s.wire.framed()
	if !s.wire.conn.Pong(payload) {
		s.wire.conn.Frame()
	}
}

// OnClose ends the connection, exactly once.
func (events) OnClose(c *gws.Conn, err error) {
	var closed *gws.CloseError
	s := socketOf(c)
	s.end(errors.As(err, &closed) && closed.Code == closeNormal && !s.wire.wasHungUp())
}
