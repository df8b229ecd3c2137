package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/drill/rig"
)

// patience is how long a test waits for what must become true: far longer than it
// takes, for machines are slow and shared.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The actor library has no way to end these two.
		goleak.IgnoreTopFunction("github.com/asynkron/protoactor-go/actor.NewThrottle.func1"),
		goleak.IgnoreAnyFunction("github.com/asynkron/protoactor-go/actor.NewThrottleWithLogger.func1"),
		goleak.IgnoreTopFunction("github.com/asynkron/protoactor-go/actor.startThrottle"),
	)
}

// node is a server of this program, run inside the test.
type node struct {
	URL   string // of the page
	Admin string // of the operators' address
	Log   transcript
	test  testing.TB
	end   context.CancelFunc
	ended chan error
}

// startNode starts a server with settings as NAME=value, and stops it at the end of
// the test.
func startNode(t testing.TB, env ...string) *node {
	t.Helper()
	settings := environment(append([]string{"LISTEN_ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "LOG_FORMAT=json"}, env...))
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{test: t, end: cancel, ended: make(chan error, 1)}
	out, in := io.Pipe()
	go func() {
		n.ended <- run(ctx, nil, settings, in)
		_ = in.Close()
	}()
	up := make(chan struct{})
	go n.readLog(out, up)
	t.Cleanup(n.Stop)
	select {
	case <-up:
	case err := <-n.ended:
		n.ended <- err
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(patience):
		t.Fatal("the server did not come up in time")
	}
	return n
}

// readLog finds the addresses in the log, and shows it where tests are verbose.
func (n *node) readLog(log io.Reader, up chan<- struct{}) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ URL, Admin string }
		n.Log.add(lines.Text())
		if os.Getenv("PARLEY_TEST_LOG") != "" {
			_, _ = os.Stderr.WriteString(lines.Text() + "\n")
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.URL != "" {
			n.URL, n.Admin = line.URL, line.Admin
			close(up)
		}
	}
}

// transcript is what a server has logged.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

func (l *transcript) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// String is all of it.
func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// WS is the address of the WebSocket.
func (n *node) WS() string { return "ws" + strings.TrimPrefix(n.URL, "http") + "/ws" }

// Stop ends the server as SIGTERM does, and waits until it has.
func (n *node) Stop() {
	n.end()
	select {
	case err := <-n.ended:
		n.ended <- nil
		if err != nil {
			n.test.Errorf("the server ended with: %v", err)
		}
	case <-time.After(patience):
		n.test.Error("the server did not end in time")
	}
}

// get asks a path of the server, and gives status and body.
func (n *node) get(url string) (int, string) {
	n.test.Helper()
	answer, err := http.Get(url) //nolint:gosec,noctx // a server of this test
	if err != nil {
		n.test.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		n.test.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// startRedis starts a redis-server for a test.
func startRedis(t testing.TB, args ...string) *rig.Redis {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is not installed; `make test` installs it")
	}
	r, err := rig.NewRedis(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// eventually waits until what is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-every.C
	}
}

// user is a client of a node and what the test asks of it.
type user struct {
	*rig.Client
	test testing.TB
	name string
}

// connect opens a connection; query is like "?since=1", or empty.
func connect(t testing.TB, n *node, query string) *user {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := rig.Dial(ctx, n.WS()+query, rig.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &user{Client: c, test: t}
}

// join opens a connection and joins under a name.
func join(t testing.TB, n *node, name string) *user {
	t.Helper()
	u := connect(t, n, "")
	u.name = name
	u.say("join:" + name)
	u.hear("joined")
	return u
}

// say sends a frame.
func (u *user) say(frame string) {
	u.test.Helper()
	if err := u.Send(frame); err != nil {
		u.test.Fatal(err)
	}
}

// await waits for a frame.
func (u *user) await(what string, want func(rig.Frame) bool) rig.Frame {
	u.test.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f, err := u.Await(ctx, want)
	if err != nil {
		u.test.Fatalf("%s waits for %s: %v", u.name, what, err)
	}
	return f
}

// hear waits for a frame of a type that nobody has asked for yet.
func (u *user) hear(kind string) rig.Frame {
	u.test.Helper()
	return u.await(kind, func(f rig.Frame) bool { return f.Type == kind })
}

// hearText waits for a message, public or direct, with a text.
func (u *user) hearText(text string) rig.Frame {
	u.test.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		u.test.Fatal(err)
	}
	return u.await(text, func(f rig.Frame) bool {
		return (f.Type == "msg" || f.Type == "dm") && strings.Contains(string(f.Raw), `"text":`+string(encoded))
	})
}

// hearError waits for an error with a code.
func (u *user) hearError(code string) rig.Frame {
	u.test.Helper()
	return u.await("error "+code, func(f rig.Frame) bool { return f.Type == "error" && f.Code == code })
}
