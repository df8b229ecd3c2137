package rig

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func startFakeNode(t *testing.T, env ...string) *Node {
	t.Helper()
	binary, err := os.Executable()
	must(t, err)
	n, err := StartNode(soon(t), binary, append([]string{fakeNode + "=polite"}, env...)...)
	must(t, err)
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestNodeComesBackOnItsAddressAfterAKill(t *testing.T) {
	n := startFakeNode(t)
	addr, pid := n.Addr(), n.PID()
	must(t, n.Kill())
	if n.Running() || n.healthy(soon(t)) == nil {
		t.Fatal("a killed node answers")
	}
	must(t, n.Restart())
	if n.Addr() != addr || n.PID() == pid || !n.Running() {
		t.Fatalf("after the restart: %s, process %d; before: %s, %d", n.Addr(), n.PID(), addr, pid)
	}
	must(t, n.Restart()) // also while it runs
}

func TestNodeHasNoAdminPortUnlessAsked(t *testing.T) {
	for given, want := range map[string]string{"": "off", "127.0.0.1:1": "127.0.0.1:1"} {
		var env []string
		if given != "" {
			env = append(env, "ADMIN_ADDR="+given)
		}
		n := startFakeNode(t, env...)
		resp, err := healthClient.Get(n.URL() + "/")
		must(t, err)
		got, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if string(got) != want || resp.StatusCode != http.StatusOK {
			t.Errorf("ADMIN_ADDR is %q, want %q", got, want)
		}
	}
}

func TestTerminateReturnsTheExitCode(t *testing.T) {
	n := startFakeNode(t)
	code, err := n.Terminate(20 * time.Second)
	if err != nil || code != 7 {
		t.Fatalf("ended with %d, %v", code, err)
	}
}

func TestTerminateKillsWhoDoesNotListen(t *testing.T) {
	n := startFakeNode(t, fakeNode+"=stubborn")
	must(t, n.Pause()) // hears no SIGTERM
	if _, err := n.Terminate(50 * time.Millisecond); !errors.Is(err, errStillRunning) {
		t.Fatalf("ended with %v", err)
	}
}

func TestNodeThatCannotStartShowsItsLog(t *testing.T) {
	n := startFakeNode(t)
	binary, err := os.Executable()
	must(t, err)
	_, err = StartNode(soon(t), binary, fakeNode+"=polite", "LISTEN_ADDR="+n.Addr()+"0")
	if err == nil || !strings.Contains(err.Error(), "invalid port") {
		t.Fatalf("got %v", err)
	}
}

func TestBuildMakesABinaryOrShowsWhyNot(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the Go compiler, which -short leaves out")
	}
	dir := t.TempDir()
	write := func(name, text string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	write("go.mod", "module x\n\ngo 1.24\n")
	write("main.go", "package main\n\nfunc main() { panic(1) }\n")
	binary, err := Build(soon(t), dir, false)
	must(t, err)
	defer os.RemoveAll(filepath.Dir(binary))
	if _, err := os.Stat(binary); err != nil {
		t.Fatal(err)
	}
	write("main.go", "package main\n\nfunc main() { nonsense }\n")
	if _, err := Build(soon(t), dir, false); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Fatalf("got %v", err)
	}
}
