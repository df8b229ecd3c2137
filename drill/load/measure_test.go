package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"go.uber.org/goleak"
)

// echo is a bare server in this process: what one says, all hear. Every lose-th message is lost, none if it is 0.
type echo struct {
	gws.BuiltinEventHandler
	lose int

	mu    sync.Mutex
	heard int
	conns map[*gws.Conn]bool
}

func (e *echo) OnOpen(c *gws.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns[c] = true
}

func (e *echo) OnClose(c *gws.Conn, _ error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
}

func (e *echo) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heard++; e.lose > 0 && e.heard%e.lose == 0 {
		return
	}
	for c := range e.conns {
		_ = c.WriteMessage(gws.OpcodeText, m.Bytes())
	}
}

func newEcho(lose int) *echo { return &echo{lose: lose, conns: make(map[*gws.Conn]bool)} }

// serve returns the address of a server in this process.
func serve(t *testing.T, handler gws.Event) string {
	t.Helper()
	upgrader := gws.NewUpgrader(handler, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := upgrader.Upgrade(w, r); err == nil {
			go c.ReadLoop()
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

var shortPace = pace{settle: 10 * time.Millisecond, warmUp: 100 * time.Millisecond, measure: 500 * time.Millisecond}

func TestARunCountsEveryDelivery(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := scenario{name: "test", clients: 20, rate: 2_000, size: textSize, publishers: 5}
	at := place{addrs: []string{serve(t, newEcho(0))}, servers: []int{os.Getpid()}}

	r, err := measure(context.Background(), s, bare{}, at, shortPace)
	if err != nil {
		t.Fatal(err)
	}
	if r.Expected == 0 || r.Delivered != r.Expected {
		t.Errorf("delivered %d of %d", r.Delivered, r.Expected)
	}
	if r.Timed == 0 || r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.Max {
		t.Errorf("timed %d: p50 %v, p99 %v, at most %v µs", r.Timed, r.P50, r.P99, r.Max)
	}
	if r.Published < 500 || r.ServerCPU <= 0 || r.MemoryAfter <= 0 {
		t.Errorf("published %d, CPU %v µs, memory %d", r.Published, r.ServerCPU, r.MemoryAfter)
	}
}

func TestARunNoticesLostMessages(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := scenario{name: "test", clients: 4, rate: 500, size: textSize, publishers: 1}
	at := place{addrs: []string{serve(t, newEcho(100))}}

	r, err := measure(context.Background(), s, bare{}, at, shortPace)
	if err != nil {
		t.Fatal(err)
	}
	if r.Delivered >= r.Expected || r.complete() {
		t.Errorf("delivered %d of %d, and that counts as complete: %v", r.Delivered, r.Expected, r.complete())
	}
}

func TestClientsComeAndGo(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := scenario{name: "test", clients: 4, rate: 200, size: textSize, publishers: 1, churn: 40, storm: 30, stormWithin: 200 * time.Millisecond}
	at := place{addrs: []string{serve(t, newEcho(0))}}

	r, err := measure(context.Background(), s, bare{}, at, pace{warmUp: 100 * time.Millisecond, measure: 1_500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r.Delivered != r.Expected || r.Closed != 0 {
		t.Errorf("those who stayed got %d of %d; the server closed %d (%s)", r.Delivered, r.Expected, r.Closed, r.Note)
	}
	if r.Joins != 30 || r.JoinSeconds < 0.19 {
		t.Errorf("%d joined in %.3f s", r.Joins, r.JoinSeconds)
	}
}

func TestAServerThatRefusesEndsTheRun(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	s := scenario{name: "test", clients: 3, size: textSize}
	_, err := measure(context.Background(), s, bare{}, place{addrs: []string{strings.TrimPrefix(server.URL, "http://")}}, shortPace)
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the run ended with %v", err)
	}
}
