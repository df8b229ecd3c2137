package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

// codeAbnormal is what RFC 6455 calls an end without a close frame.
const codeAbnormal = 1006

// handler is what gws calls, all in the reading goroutine.
type handler struct {
	gws.BuiltinEventHandler
	client *Client
}

func (h *handler) OnOpen(*gws.Conn) {}

func (h *handler) OnPing(conn *gws.Conn, payload []byte) {
	_ = conn.SetWriteDeadline(time.Now().Add(sendTimeout)) // that of the last Send may be over
	_ = conn.WritePong(payload)                            // a dead connection is heard of in OnClose
}

func (h *handler) OnMessage(_ *gws.Conn, m *gws.Message) {
	h.client.gate.pass()
	raw := append([]byte(nil), m.Bytes()...)
	_ = m.Close()
	f := ParseFrame(raw)
	f.At = time.Now()
	if h.client.opt.OnFrame != nil {
		h.client.opt.OnFrame(f)
		return
	}
	h.client.inbox.add(f)
}

func (h *handler) OnClose(_ *gws.Conn, err error) {
	c := h.client
	c.code = codeAbnormal
	var closed *gws.CloseError
	if errors.As(err, &closed) {
		c.code, c.reason = closed.Code, string(closed.Reason)
	}
	if c.opt.OnClose != nil {
		c.opt.OnClose(c.code, c.reason)
	}
	close(c.done)
	c.inbox.close()
}

// gate is where the reading goroutine waits while the client is stalled.
type gate struct {
	mu      sync.Mutex
	changed *sync.Cond
	stalled bool
	freed   bool // for good: the connection ends
}

func (g *gate) init() { g.changed = sync.NewCond(&g.mu) }

func (g *gate) set(stalled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stalled = stalled
	g.changed.Broadcast()
}

func (g *gate) shut() { g.set(true) }
func (g *gate) open() { g.set(false) }

func (g *gate) free() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.freed = true
	g.changed.Broadcast()
}

func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.stalled && !g.freed {
		g.changed.Wait()
	}
}

// contextDialer gives the context of Dial to gws, which has none: it bounds the dial and, until release, the handshake.
type contextDialer struct {
	ctx           context.Context
	receiveBuffer int
	stop          func() bool
}

func (d *contextDialer) Dial(network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(d.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok && d.receiveBuffer > 0 {
		if err := tcp.SetReadBuffer(d.receiveBuffer); err != nil {
			return nil, errors.Join(fmt.Errorf("failed to size the receive buffer: %w", err), conn.Close())
		}
	}
	d.stop = context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	return conn, nil
}

func (d *contextDialer) release() {
	if d.stop != nil {
		d.stop()
	}
}
