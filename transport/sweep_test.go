package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"parley/actors/protocol"
)

// swept gives a socket of a server's, the client's end, and what sweeps it.
func swept(t *testing.T) (*socket, net.Conn, *sockets) {
	t.Helper()
	w, client, _ := wired(t, false)
	w.serve(nobody{})
	s := &socket{wire: w}
	all := &sockets{open: map[*socket]struct{}{}}
	all.add(s)
	return s, client, all
}

// hears reads the next frame that the client is sent, or that there is none.
func hears(t *testing.T, client net.Conn) string {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(stuck))
	head, payload, err := readFrame(bufio.NewReader(client))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing"
	case err != nil:
		return err.Error()
	case head == 0x89:
		return "ping"
	case head == 0x88 && binary.BigEndian.Uint16(payload) == protocol.CloseNotAllowed:
		return "1008 " + string(payload[2:])
	}
	return string(payload)
}

func TestSweepPingsTheSilentAndGivesUpTheHalfOpen(t *testing.T) {
	t.Parallel()
	s, client, all := swept(t)
	start := time.Now().Truncate(time.Second)
	s.heard.Store(start.Unix())
	for _, step := range []struct {
		after time.Duration
		hears string
		dead  bool
	}{
		{pingInterval - time.Second, "nothing", false},
		{pingInterval, "ping", false},
		{pingInterval + time.Second, "nothing", false},
		{2 * pingInterval, "ping", false},
		{silencePatience - time.Second, "nothing", false},
		{silencePatience, "nothing", true},
	} {
		all.look(start.Add(step.after))
		if got := hears(t, client); got != step.hears {
			t.Errorf("after %v of silence the client hears %s, not %s", step.after, got, step.hears)
		}
		if s.wire.dead != step.dead {
			t.Errorf("after %v of silence the connection is given up: %v", step.after, s.wire.dead)
		}
	}
	if _, err := s.wire.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the read loop goes on: %v", err)
	}
}

func TestSweepClosesAtTheEndOfAnIdentity(t *testing.T) {
	t.Parallel()
	s, client, all := swept(t)
	now := time.Now()
	s.heard.Store(now.Unix())
	s.expires = now.Add(5 * time.Second)
	all.look(now.Add(4 * time.Second))
	if got := hears(t, client); got != "nothing" {
		t.Errorf("before the end the client hears %s", got)
	}
	all.look(now.Add(5 * time.Second))
	if got := hears(t, client); got != "1008 token expired" {
		t.Errorf("at the end the client hears %s", got)
	}
}

func TestSweepClosesWhoDoesNotJoinInTime(t *testing.T) {
	t.Parallel()
	s, client, all := swept(t)
	now := time.Now()
	s.heard.Store(now.Unix())
	s.joinBy = now.Add(5 * time.Second)
	all.look(now.Add(4 * time.Second))
	if got := hears(t, client); got != "nothing" {
		t.Errorf("before the time is over the client hears %s", got)
	}
	all.look(now.Add(5 * time.Second))
	if got := hears(t, client); got != "1008 not joined in time" {
		t.Errorf("then the client hears %s", got)
	}
}

// TestSlowHandshakeIsCutOff dribbles a request's head (slowloris), with the server's
// own limits but for how long it waits.
func TestSlowHandshakeIsCutOff(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newHTTPServer(http.NotFoundHandler(), zerolog.Nop())
	if server.ReadHeaderTimeout != headerPatience || server.ReadTimeout != headerPatience || server.IdleTimeout == 0 {
		t.Errorf("the server waits %v for a head, %v for a request, %v for the next", server.ReadHeaderTimeout, server.ReadTimeout, server.IdleTimeout)
	}
	server.ReadHeaderTimeout, server.ReadTimeout = 200*time.Millisecond, 200*time.Millisecond
	go func() { _ = server.Serve(ln) }()
	defer server.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	go func() {
		for _, c := range "GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: " + strings.Repeat("x", 10_000) {
			if _, err := client.Write([]byte(string(c))); err != nil {
				return
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	_ = client.SetReadDeadline(time.Now().Add(listening))
	if _, err := io.ReadAll(client); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the handshake goes on for ever")
	}
}

func TestWhatStrangersCauseIsNoNoiseInTheLog(t *testing.T) {
	var out strings.Builder
	to := log.New(httpLog{zerolog.New(&out).Level(zerolog.InfoLevel)}, "", 0)
	to.Print("http: TLS handshake error from 203.0.113.5: \x1b[31mEOF\n")
	if out.Len() > 0 {
		t.Errorf("logged is %s", &out)
	}
	to.Print("http: panic serving 203.0.113.5: \x1b[31m\ngoroutine 1")
	if strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `"level":"error"`) {
		t.Errorf("logged is %q", out.String())
	}
}
