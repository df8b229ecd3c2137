package e2e

import (
	bits "encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"parley/drill/rig"
)

// declare sends the head of a frame, masked with zeros, that says its payload's length
// in size bytes (0: in its second byte), and nothing of the payload.
func (c *raw) declare(head byte, size int, claimed uint64) {
	frame := []byte{head}
	switch size {
	case 0:
		frame = append(frame, 0x80|byte(claimed))
	case 2:
		frame = bits.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(claimed))
	default:
		frame = bits.BigEndian.AppendUint64(append(frame, 0x80|127), claimed)
	}
	_, _ = c.Write(append(frame, 0, 0, 0, 0))
}

// lengths are frames whose lengths no client declares, with the close codes for them
// (RFC 6455 §5.2, §5.5, §7.4.1).
func lengths() map[string]struct {
	send func(c *raw)
	code int
} {
	all := map[string]struct {
		send func(c *raw)
		code int
	}{
		"as reported": {func(c *raw) { _, _ = c.Write([]byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04")) }, 1002},
		"byte by byte": {func(c *raw) {
			for _, b := range []byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04") {
				_, _ = c.Write([]byte{b})
			}
		}, 1002},
		"behind other frames": {func(c *raw) {
			_, _ = c.Write([]byte("\x89\x80\x00\x00\x00\x00\x01\x80\x00\x00\x00\x00\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"))
		}, 1002},
		"of a ping":                        {func(c *raw) { c.declare(ping, 8, 1<<63) }, 1002},
		"of a ping, in more than it needs": {func(c *raw) { c.declare(ping, 2, 5) }, 1002},
		"too much over two fragments": {func(c *raw) {
			_ = c.write(fragment, strings.Repeat("x", 10<<10))
			c.declare(0x80, 2, 10<<10)
		}, 1009},
	}
	for _, opcode := range []byte{0, 1, 2} {
		for _, fin := range []byte{0, 0x80} {
			for claimed, code := range map[uint64]int{
				1 << 63: 1002, 1<<63 | 1: 1002, 1<<64 - 1: 1002, 1<<64 - 10: 1002, 5: 1002, 65535: 1002, // top bit; in more bytes than needed
				65536: 1009, 1<<63 - 1: 1009, 1 << 32: 1009, 1<<32 | 5: 1009,
			} {
				started := opcode == 0
				all[fmt.Sprintf("opcode %d, FIN %#x, %#x", opcode, fin, claimed)] = struct {
					send func(c *raw)
					code int
				}{func(c *raw) {
					if started {
						_ = c.write(fragment, "begun")
					}
					c.declare(opcode|fin, 8, claimed)
				}, code}
			}
			all[fmt.Sprintf("opcode %d, FIN %#x, 16 bits for 7", opcode, fin)] = struct {
				send func(c *raw)
				code int
			}{func(c *raw) { c.declare(opcode|fin, 2, 125) }, 1002}
		}
	}
	return all
}

// TestNoLengthEndsMoreThanItsConnection sends what makes an int of the WebSocket library
// negative, and its neighbours: each costs one client its connection, whose place is free
// again, and others are served meanwhile.
func TestNoLengthEndsMoreThanItsConnection(t *testing.T) {
	t.Parallel()
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	writeCertificate(t, cert, key, "chat")
	for name, settings := range map[string][]string{"plain": nil, "TLS": {"TLS_CERT_FILE=" + cert, "TLS_KEY_FILE=" + key}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, append(settings, "MAX_CONNECTIONS=3", "ADMIN_ADDR=127.0.0.1:0")...)
			alice := connectRaw(t, n)
			_ = alice.write(text, "join:alice")
			alice.hearRaw("joined", func(_ byte, payload string) bool { return strings.HasPrefix(payload, `{"type":"joined"`) })
			count := 0
			for name, c := range lengths() {
				r := connectRaw(t, n)
				c.send(r)
				if code := r.closedWith(); code != c.code {
					t.Errorf("%s: closed with %d, not %d", name, code, c.code)
				}
				_ = r.Close()
				eventually(t, name+": its place is free", func() bool { return n.metric("parley_connections") == 1 })
				count++
				said := fmt.Sprint("still here after ", count)
				_ = alice.write(text, "msg:alice:"+said)
				alice.hearRaw(said, isMessage(said))
			}
		})
	}
}

// TestFramesThatSayNothingCountInTheFrameRate has pings, pongs and fragments use up what is
// for all frames: pings go unanswered then, and who goes on is closed.
func TestFramesThatSayNothingCountInTheFrameRate(t *testing.T) {
	t.Parallel()
	n := startNode(t, "FRAME_RATE=2")
	for name, frame := range map[string]string{
		"pings":           "\x89\x80\x00\x00\x00\x00",
		"pongs":           "\x8a\x80\x00\x00\x00\x00",
		"empty fragments": "\x00\x80\x00\x00\x00\x00",
	} {
		r := connectRaw(t, n)
		if name == "empty fragments" {
			_ = r.write(fragment, "begun")
		}
		_, _ = r.Write([]byte(strings.Repeat(frame, 5000)))
		if code := r.closedWith(); code != 1008 {
			t.Errorf("a flood of %s is closed with %d", name, code)
		}
	}
	r := connectRaw(t, n)
	const pings = 60 // thrice what may come at once
	for i := range pings {
		_ = r.write(ping, fmt.Sprint(i))
	}
	_ = r.write(text, "ping:after them all")
	answered := 0
	r.hearRaw("rate_limited", func(head byte, payload string) bool {
		if head == pong {
			answered++
		}
		return strings.HasPrefix(payload, `{"type":"error","code":"rate_limited"`)
	})
	if answered < 20 || answered > 40 {
		t.Errorf("%d of %d pings were answered at once", answered, pings)
	}
}

// TestClientThatSaysTooMuchIsAnsweredToTheEnd: the pongs by which it shows that it has read its refusals come on top of
// all that it says, and are not what it is refused for.
func TestClientThatSaysTooMuchIsAnsweredToTheEnd(t *testing.T) {
	t.Parallel()
	n := startNode(t, "FRAME_RATE=2", "MESSAGE_RATE=0")
	alice := join(t, n, "alice")
	const said = 40 // twice what may come at once
	for i := range said {
		alice.say(fmt.Sprintf("msg#%d:alice:hello", i))
	}
	for i := range said {
		ref := fmt.Sprint(i)
		alice.await("an answer to "+ref, func(f rig.Frame) bool { return (f.Type == "ack" || f.Type == "error") && f.Ref == ref })
	}
}
