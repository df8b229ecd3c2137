package transport

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"parley/actors/protocol"
)

// listening is how long these tests wait for what must become true.
const listening = 20 * time.Second

// heardOf notes what a wire tells its connection.
type heardOf struct {
	nobody
	drained, interrupted, tooSlow chan struct{}
}

func newHeardOf() *heardOf {
	return &heardOf{drained: make(chan struct{}, 1<<16), interrupted: make(chan struct{}, 16), tooSlow: make(chan struct{}, 16)}
}

func (h *heardOf) Drained()   { h.drained <- struct{}{} }
func (h *heardOf) Interrupt() { h.interrupted <- struct{}{} }
func (h *heardOf) TooSlow()   { h.tooSlow <- struct{}{} }

// awaits fails the test unless something is told in time.
func awaits(t *testing.T, what string, told ...<-chan struct{}) {
	t.Helper()
	var or <-chan struct{}
	if len(told) > 1 {
		or = told[1]
	}
	select {
	case <-told[0]:
	case <-or:
	case <-time.After(listening):
		t.Fatalf("not told in time: %s", what)
	}
}

// wired gives both ends of a connection: the server's as a wire, and the client's,
// whose receive buffer is small so that a stall is felt soon.
func wired(t *testing.T, secure bool) (*wire, net.Conn, *heardOf) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = client.(*net.TCPConn).SetReadBuffer(64 << 10)
	_ = client.SetDeadline(time.Now().Add(2 * listening)) // no test waits for ever
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		dir := t.TempDir()
		s := TLSSettings{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
		writeCertificate(t, s, "chat")
		config, err := newTLSConfig(s, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		server = tls.Server(server, config)
		client = tls.Client(client, &tls.Config{InsecureSkipVerify: true})
		shaken := make(chan error, 1)
		go func() { shaken <- server.(*tls.Conn).Handshake() }()
		if err := errors.Join(client.(*tls.Conn).Handshake(), <-shaken); err != nil {
			t.Fatal(err)
		}
	}
	w := newWire(server, nil)
	heard := newHeardOf()
	w.serve(heard)
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return w, client, heard
}

// numbered is a frame that says which it is, of about size bytes.
func numbered(n uint64, size int) []byte {
	payload := binary.BigEndian.AppendUint64(nil, n)
	return protocol.AppendFrame(nil, append(payload, bytes.Repeat([]byte("x"), size)...))
}

// readFrame reads one frame of the server's: its first byte and its payload.
func readFrame(r *bufio.Reader) (head byte, payload []byte, err error) {
	var start [10]byte
	if _, err := io.ReadFull(r, start[:2]); err != nil {
		return 0, nil, err
	}
	length := uint64(start[1])
	switch length {
	case 126:
		_, err = io.ReadFull(r, start[2:4])
		length = uint64(binary.BigEndian.Uint16(start[2:4]))
	case 127:
		_, err = io.ReadFull(r, start[2:10])
		length = binary.BigEndian.Uint64(start[2:10])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(r, payload)
	return start[0], payload, err
}

// readNumbered reads frames number from to below to, in order.
func readNumbered(r *bufio.Reader, from, to uint64) error {
	for n := from; n < to; n++ {
		_, payload, err := readFrame(r)
		if err != nil {
			return fmt.Errorf("frame %d: %w", n, err)
		}
		if got := binary.BigEndian.Uint64(payload); got != n {
			return fmt.Errorf("frame %d came where %d was due", got, n)
		}
	}
	return nil
}

// eventually waits until what is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(listening)
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-every.C
	}
}
