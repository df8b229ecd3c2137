package e2e

import (
	"bufio"
	"crypto/tls"
	bits "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// raw is a client of bare bytes, for what no decent client sends.
type raw struct {
	net.Conn
	r    *bufio.Reader
	test *testing.T
}

// dialRaw opens a TCP connection to a node, TLS where that speaks it.
func dialRaw(t *testing.T, n *node) *raw {
	t.Helper()
	scheme, addr, _ := strings.Cut(n.URL, "://")
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10) // that a stall is felt soon
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	if scheme == "https" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate of this test
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &raw{Conn: conn, r: bufio.NewReaderSize(conn, 512), test: t}
}

// shake asks for an upgrade; headers are whole lines, Host among them if the node's own
// will not do.
func (c *raw) shake(headers ...string) (status int, answer http.Header) {
	c.test.Helper()
	host := "Host: " + c.RemoteAddr().String()
	for i, h := range headers {
		if strings.HasPrefix(h, "Host:") {
			host, headers[i] = h, "X-Was: host"
		}
	}
	lines := append([]string{
		"GET /ws HTTP/1.1", host, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}, headers...)
	_, _ = io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n")
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.test.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header
}

// connectRaw opens a WebSocket.
func connectRaw(t *testing.T, n *node) *raw {
	t.Helper()
	c := dialRaw(t, n)
	if status, _ := c.shake(); status != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade was answered with %d", status)
	}
	return c
}

const (
	text         = 0x81
	fragment     = 0x01
	continuation = 0x00
	ping         = 0x89
	pong         = 0x8a
	goodbye      = 0x88
)

// write sends a frame, masked with zeros.
func (c *raw) write(head byte, payload string) error {
	frame := []byte{head}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, 0x80|byte(n))
	default:
		frame = bits.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(n))
	}
	frame = append(frame, 0, 0, 0, 0)
	_, err := c.Write(append(frame, payload...))
	return err
}

// read reads a frame.
func (c *raw) read() (head byte, payload string, err error) {
	var start [10]byte
	if _, err := io.ReadFull(c.r, start[:2]); err != nil {
		return 0, "", err
	}
	length := uint64(start[1])
	switch length {
	case 126:
		_, err = io.ReadFull(c.r, start[2:4])
		length = uint64(bits.BigEndian.Uint16(start[2:4]))
	case 127:
		_, err = io.ReadFull(c.r, start[2:10])
		length = bits.BigEndian.Uint64(start[2:10])
	}
	if err != nil {
		return 0, "", err
	}
	all := make([]byte, length)
	_, err = io.ReadFull(c.r, all)
	return start[0], string(all), err
}

// hearRaw reads on to a frame for which want is true.
func (c *raw) hearRaw(what string, want func(head byte, payload string) bool) string {
	c.test.Helper()
	for {
		head, payload, err := c.read()
		if err != nil {
			c.test.Fatalf("waiting for %s: %v", what, err)
		}
		if want(head, payload) {
			return payload
		}
	}
}

// closedWith reads on to the end, and gives the close code, 1006 without one.
func (c *raw) closedWith() int {
	c.test.Helper()
	for {
		head, payload, err := c.read()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.test.Fatal("the connection goes on")
		case err != nil:
			return 1006
		case head == goodbye:
			return int(bits.BigEndian.Uint16([]byte(payload)))
		}
	}
}

// isMessage says whether a frame is the message with a text.
func isMessage(body string) func(byte, string) bool {
	return func(_ byte, payload string) bool {
		return strings.HasPrefix(payload, `{"type":"msg"`) && strings.Contains(payload, fmt.Sprintf(`"text":%q`, body))
	}
}

// metric is the sum of a metric's values as the operators see it.
func (n *node) metric(name string) (sum float64) {
	n.test.Helper()
	_, body := n.get(n.Admin + "/metrics")
	for line := range strings.Lines(body) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if bare, _, _ := strings.Cut(series, "{"); bare == name {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				n.test.Fatal(err)
			}
			sum += v
		}
	}
	return sum
}
