package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"
)

// startGate gives a gate at a free port of loopback.
func startGate(t *testing.T, s LimitSettings, most int) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return newGate(l, s, most, newRefused(prometheus.NewRegistry()), zerolog.Nop())
}

// come connects through g, as net/http would be told; nil on the server's side if it was refused.
func come(t *testing.T, g *gate) (client net.Conn, server *admitted) {
	t.Helper()
	client, err := net.Dial("tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	conn, err := g.Listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if server = g.admit(conn.(*net.TCPConn)); server != nil {
		g.track(server, http.StateNew)
	}
	return client, server
}

func refusedBy(t *testing.T, g *gate, reason refusal) float64 {
	t.Helper()
	var m dto.Metric
	if err := g.refused.WithLabelValues(string(reason)).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func TestGateClosesWhatAnAddressHasBeyondItsLimit(t *testing.T) {
	g := startGate(t, LimitSettings{MaxConnectionsPerIP: new(1)}, 0)
	var last *admitted
	for i := range 1 + plainPerIP {
		if _, last = come(t, g); last == nil {
			t.Fatalf("connection %d is refused", i)
		}
	}
	if _, c := come(t, g); c != nil {
		t.Error("one too many is let in")
	}
	if n := refusedBy(t, g, acceptedPerIP); n != 1 {
		t.Errorf("%v are counted as refused", n)
	}
	_ = last.Close()
	_ = last.Close()
	if _, c := come(t, g); c == nil {
		t.Error("a place that is free again is refused")
	}
	if _, c := come(t, g); c != nil {
		t.Error("a connection that was closed twice gave two places back")
	}
}

func TestGateDoesNotCountWhomItShouldNot(t *testing.T) {
	for why, s := range map[string]LimitSettings{
		"loopback by default":     {},
		"no limit":                {MaxConnectionsPerIP: new(0)},
		"a proxy that is trusted": {MaxConnectionsPerIP: new(1), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	} {
		g := startGate(t, s, 0)
		for range 2 * plainPerIP {
			if _, c := come(t, g); c == nil {
				t.Fatalf("%s: refused", why)
			}
		}
	}
}

func TestFullGateEndsWhoWaitsLongestForARequest(t *testing.T) {
	g := startGate(t, LimitSettings{}, 3)
	busyClient, busy := come(t, g)
	firstClient, first := come(t, g)
	secondClient, second := come(t, g)
	g.track(busy, http.StateActive)
	g.track(first, http.StateActive)
	g.track(first, http.StateIdle) // it waits again, for less time than second
	if _, c := come(t, g); c == nil {
		t.Fatal("a newcomer is refused though others only wait")
	}
	if _, err := secondClient.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("who waits longest is not ended: %v", err)
	}
	_ = second.Close() // as net/http does when it notices
	for _, client := range []net.Conn{busyClient, firstClient} {
		_ = client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("another is ended: %v", err)
		}
	}
	if g.open.All() != 3 {
		t.Errorf("%d are counted", g.open.All())
	}
}

func TestFullGateOfWebSocketsRefuses(t *testing.T) {
	g := startGate(t, LimitSettings{}, 2)
	for range 2 {
		_, c := come(t, g)
		g.track(c, http.StateActive)
		g.track(c, http.StateHijacked)
	}
	if _, c := come(t, g); c != nil {
		t.Error("a newcomer is let in")
	}
	if n := refusedBy(t, g, acceptedAll); n != 1 {
		t.Errorf("%v are counted as refused", n)
	}
}

// starving is a listener that answers by a list: with an error, or with a connection for nil.
type starving struct {
	net.Listener
	answers []error
}

func (l *starving) Accept() (net.Conn, error) {
	err := l.answers[0]
	l.answers = l.answers[1:]
	if err != nil {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
	}
	return l.Listener.Accept()
}

func TestDescriptorsThatRanOutAreSaidOnceAndAcceptGoesOn(t *testing.T) {
	g := startGate(t, LimitSettings{}, 0)
	var log bytes.Buffer
	clock := newHandClock()
	g.log, g.now = zerolog.New(&log), clock.now
	g.Listener = &starving{g.Listener, []error{syscall.EMFILE, syscall.EMFILE, nil, syscall.ENFILE, nil, nil, syscall.EMFILE, nil, syscall.EINVAL}}
	accept := func() {
		t.Helper()
		client, err := net.Dial("tcp", g.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		conn, err := g.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	accept()
	accept()
	warnings := func() int { return strings.Count(log.String(), `"warn"`) }
	if warnings() != 1 {
		t.Errorf("said:\n%s", log.String())
	}
	clock.advance(starvedFor + time.Second)
	accept()
	if !strings.Contains(log.String(), "accepted again") {
		t.Errorf("said:\n%s", log.String())
	}
	accept()
	if warnings() != 2 {
		t.Errorf("said:\n%s", log.String())
	}
	if _, err := g.Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("another error is kept: %v", err)
	}
}
