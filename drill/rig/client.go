package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

const (
	// maxFrame is the biggest frame a client takes: an init with 1,000 messages of a few KiB fits.
	maxFrame = 32 << 20

	// sendTimeout bounds one Send: a server that pushes back makes a client wait, a dead one must not for ever.
	sendTimeout = 30 * time.Second

	// handshakeTimeout bounds the upgrade where the context of Dial doesn't end sooner.
	handshakeTimeout = 10 * time.Second

	// maxRefusal is as much of a refused upgrade's body as a test wants to read.
	maxRefusal = 4 << 10
)

// ClientOptions are the ways a client can differ; the zero value is a client that keeps what it hears.
type ClientOptions struct {
	// OnFrame hears every frame instead of keeping it for Await and Frames. It runs in the reading goroutine; the Frame's
	// Raw is its own. It must not call Close or Drop, which wait for it.
	OnFrame func(Frame)
	// OnClose hears the end of the connection, once, after the last frame.
	OnClose func(code uint16, reason string)
	// Header goes with the upgrade.
	Header http.Header
	// ReceiveBuffer is the size of the kernel's receive buffer in bytes; 0 leaves the default. Small, a stalled client
	// is felt by the server sooner; below the 64 KiB of a segment on loopback, reading on takes minutes.
	ReceiveBuffer int
}

// RefusedError is the server's HTTP answer to an upgrade that it did not want.
type RefusedError struct {
	Status int
	Header http.Header
	Body   string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the upgrade was refused: %d %s", e.Status, strings.TrimSpace(e.Body))
}

// Client is one WebSocket connection that speaks the protocol.
type Client struct {
	conn  *gws.Conn
	opt   ClientOptions
	inbox *inbox
	gate  gate

	done   chan struct{}
	code   uint16
	reason string

	closing sync.Once
}

// Dial connects to url (ws://host:port/ws?since=…) and starts reading. Where the server answers the upgrade with
// anything but 101 the error is a *RefusedError.
func Dial(ctx context.Context, url string, opt ClientOptions) (*Client, error) {
	c := &Client{opt: opt, inbox: newInbox(), done: make(chan struct{})}
	c.gate.init()
	dialer := &contextDialer{ctx: ctx, receiveBuffer: opt.ReceiveBuffer}
	conn, resp, err := gws.NewClient(&handler{client: c}, &gws.ClientOption{
		Addr:               url,
		RequestHeader:      opt.Header.Clone(),
		HandshakeTimeout:   handshakeTimeout,
		ReadMaxPayloadSize: maxFrame,
		CheckUtf8Enabled:   true,
		NewDialer:          func() (gws.Dialer, error) { return dialer, nil },
	})
	dialer.release()
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // may be cut off: the connection is closed
			return nil, &RefusedError{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
		}
		return nil, fmt.Errorf("failed to dial %s: %w", url, errors.Join(ctx.Err(), err))
	}
	c.conn = conn
	go conn.ReadLoop()
	return c, nil
}

// Send says one frame.
func (c *Client) Send(frame string) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("failed to send: %w", err)
	}
	if err := c.conn.WriteString(frame); err != nil {
		return fmt.Errorf("failed to send: %w", err)
	}
	return nil
}

// SendBinary says a frame that the protocol does not allow.
func (c *Client) SendBinary(data []byte) error {
	if err := c.conn.WriteMessage(gws.OpcodeBinary, data); err != nil {
		return fmt.Errorf("failed to send: %w", err)
	}
	return nil
}

// Stall stops reading the socket, so that TCP pushes back; at most one more frame is heard. Pings go unanswered too.
func (c *Client) Stall() { c.gate.shut() }

// Unstall goes on reading.
func (c *Client) Unstall() { c.gate.open() }

// Close says goodbye with code 1000 and waits for the end of the connection.
func (c *Client) Close() { c.closeWith(1000) }

// CloseWith closes with another code.
func (c *Client) CloseWith(code uint16) { c.closeWith(code) }

func (c *Client) closeWith(code uint16) {
	c.closing.Do(func() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(time.Second)) // a peer that does not read gets no goodbye
		_ = c.conn.WriteClose(code, nil)
	})
	c.Drop()
}

// Drop ends the TCP connection without a goodbye and waits until the last frame was heard.
func (c *Client) Drop() {
	_ = c.conn.NetConn().Close()
	c.gate.free()
	<-c.done
}

// Done is closed after the last frame.
func (c *Client) Done() <-chan struct{} { return c.done }

// CloseCode is the code the connection ended with, 1006 where it ended without one, 0 while it lives.
func (c *Client) CloseCode() uint16 {
	select {
	case <-c.done:
		return c.code
	default:
		return 0
	}
}

// CloseReason is what came with the code.
func (c *Client) CloseReason() string {
	<-c.done
	return c.reason
}

// LocalAddr tells connections apart.
func (c *Client) LocalAddr() net.Addr { return c.conn.LocalAddr() }
