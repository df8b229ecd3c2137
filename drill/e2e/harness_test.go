// Package e2e tests the server as its users have it: a process, with sockets, a real Redis
// and a real browser.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// patience is how long a test waits for what must become true: far longer than it
// takes, for machines are slow and shared.
const patience = 20 * time.Second

// repository is where the server's main package is, seen from here.
const repository = "../.."

// server is the program under test: built once, with the race detector if the tests have
// it.
var server string

func TestMain(m *testing.M) {
	if addr := os.Getenv(listenersOf); addr != "" {
		listen(addr)
		return
	}
	var err error
	if server, err = rig.Build(context.Background(), repository, raceDetector); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(filepath.Dir(server))
	os.Exit(status)
}

// node is a server under test, a process of its own.
type node struct {
	URL   string // of the page
	Admin string // of the operators' address
	proc  *rig.Node
	test  testing.TB
	end   func()
	dead  bool   // by Kill
	log   string // all of it, once it was stopped
}

// startNode starts a server with settings as NAME=value, where those who talk may do so as
// much as they like, and stops it at the end of the test.
func startNode(t testing.TB, env ...string) *node {
	t.Helper()
	return startProgram(t, server, slices.Concat(rig.Unlimited, env)...)
}

// startAsIs is startNode with the defaults that people have.
func startAsIs(t testing.TB, env ...string) *node {
	t.Helper()
	return startProgram(t, server, env...)
}

// startNodeWithFiles starts one that may have so many files open.
func startNodeWithFiles(t testing.TB, files int, env ...string) *node {
	t.Helper()
	program := filepath.Join(t.TempDir(), "parley.sh")
	script := fmt.Sprintf("#!/bin/sh\nulimit -n %d && exec %s \"$@\"\n", files, server)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return startProgram(t, program, env...)
}

func startProgram(t testing.TB, program string, env ...string) *node {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	proc, err := rig.StartNode(ctx, program, append([]string{"ADMIN_ADDR=127.0.0.1:0", "LOG_FORMAT=json"}, env...)...)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{proc: proc, test: t}
	for line := range strings.Lines(n.Log()) {
		var greeting struct{ URL, Admin string }
		if json.Unmarshal([]byte(line), &greeting) == nil && greeting.URL != "" {
			n.URL, n.Admin = greeting.URL, greeting.Admin
		}
	}
	if n.URL == "" {
		t.Fatalf("the server does not say where it is:\n%s", n.Log())
	}
	n.end = sync.OnceFunc(n.stop)
	t.Cleanup(n.end)
	return n
}

// Log is what the server has logged until now, or until it was stopped.
func (n *node) Log() string {
	if n.log != "" {
		return n.log
	}
	content, err := os.ReadFile(n.proc.LogPath())
	if err != nil {
		n.test.Fatal(err)
	}
	return string(content)
}

// WS is the address of the WebSocket.
func (n *node) WS() string { return "ws" + strings.TrimPrefix(n.URL, "http") + "/ws" }

// Stop ends the server as SIGTERM does, and waits until it has.
func (n *node) Stop() { n.end() }

// Kill ends the server with SIGKILL.
func (n *node) Kill() {
	n.test.Helper()
	n.dead = true
	if err := n.proc.Kill(); err != nil {
		n.test.Fatal(err)
	}
}

// stop also looks for what a server must never say.
func (n *node) stop() {
	status, err := n.proc.Terminate(patience)
	if err != nil || status != 0 && !n.dead {
		n.test.Errorf("the server ended with %d (%v):\n%s", status, err, n.proc.LogTail())
	}
	n.log = n.Log()
	for line := range strings.Lines(n.log) {
		if strings.Contains(line, "DATA RACE") || strings.Contains(line, "panicked") {
			n.test.Errorf("the server said:\n%s", n.log)
			break
		}
	}
	if err := n.proc.Close(); err != nil {
		n.test.Error(err)
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

// times is how often the user was told a public message with that text.
func (u *user) times(text string) (n int) {
	for _, f := range u.Frames() {
		if f.Type == "msg" && f.Message().Text == text {
			n++
		}
	}
	return n
}
