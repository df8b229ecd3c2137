package rig

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errStillRunning is Terminate's answer when SIGTERM alone wasn't enough in time; the process is killed then.
var errStillRunning = errors.New("the node did not end in time and was killed")

// Unlimited are the settings under which a node lets everybody say as much as they like: the defaults are for people, and
// what load and most tests send is none of theirs.
var Unlimited = []string{"FRAME_RATE=0", "MESSAGE_RATE=0", "CONVERSATION_RATE=0", "ENTER_RATE=0", "ROOM_RATE=0"}

// Node is the chat server as a process of its own.
type Node struct {
	binary string
	env    []string
	addr   string
	secure bool // it speaks TLS, by a certificate of the test
	dir    string

	mu   sync.Mutex
	proc *process // the run in progress, or the last one
}

// StartNode starts binary with env (NAME=VALUE, beside this program's own environment) and returns when /healthz answers
// 200. Unless env says otherwise it listens on a free loopback port and has no admin port.
func StartNode(ctx context.Context, binary string, env ...string) (*Node, error) {
	dir, err := os.MkdirTemp("", "rig-node-")
	if err != nil {
		return nil, fmt.Errorf("failed to make a folder for the node: %w", err)
	}
	n := &Node{binary: binary, dir: dir, secure: envValue(env, "TLS_CERT_FILE") != ""}
	given := envValue(env, "LISTEN_ADDR")
	var last error
	for range startAttempts {
		n.addr = given
		if given == "" {
			if n.addr, last = FreeAddr(); last != nil {
				break
			}
		}
		n.env = append([]string{"LISTEN_ADDR=" + n.addr}, env...)
		if envValue(env, "ADMIN_ADDR") == "" {
			n.env = append(n.env, "ADMIN_ADDR=off")
		}
		if last = n.start(ctx); last == nil {
			return n, nil
		}
		if given != "" || !errors.Is(last, errGone) || !n.portWasTaken() {
			break
		}
	}
	last = fmt.Errorf("%w\n%s", last, n.LogTail())
	return nil, errors.Join(last, os.RemoveAll(dir))
}

// Addr is host:port, the same over all restarts.
func (n *Node) Addr() string { return n.addr }

// URL is where its HTTP is, without a slash at the end.
func (n *Node) URL() string { return "http" + n.s() + "://" + n.addr }

// WSURL is where its WebSocket is.
func (n *Node) WSURL() string { return "ws" + n.s() + "://" + n.addr + "/ws" }

func (n *Node) s() string {
	if n.secure {
		return "s"
	}
	return ""
}

// Run runs the node's program once more, with arguments and the same environment, until it ends by itself.
func (n *Node) Run(ctx context.Context, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, n.binary, args...)
	cmd.Env = append(os.Environ(), n.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("failed to run %v: %w", args, err)
	}
	return string(out), nil
}

// LogPath is the file that holds what all runs wrote to stdout and stderr, until Close.
func (n *Node) LogPath() string { return filepath.Join(n.dir, "output.log") }

// tailSize is as much of a log as an error message can bear.
const tailSize = 4 << 10

// LogTail is the end of the log.
func (n *Node) LogTail() string {
	f, err := os.Open(n.LogPath())
	if err != nil {
		return ""
	}
	defer f.Close()
	if _, err := f.Seek(-tailSize, io.SeekEnd); err != nil { // shorter than a tail
		_, _ = f.Seek(0, io.SeekStart)
	}
	tail, _ := io.ReadAll(f)
	return string(tail)
}

// PID is the process of the run in progress, or of the last one.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.pid()
}

// Running says whether the process lives.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.proc.ended()
}

// Kill ends the process with SIGKILL and waits until it has gone.
func (n *Node) Kill() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.kill()
}

// Pause stops the process with SIGSTOP: its connections stay, it does nothing.
func (n *Node) Pause() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.pause()
}

// Resume lets a paused process go on.
func (n *Node) Resume() error { return n.signal(syscall.SIGCONT) }

func (n *Node) signal(sig syscall.Signal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.signal(sig)
}

// Terminate sends SIGTERM, waits for the end and returns the exit code. After timeout the process is killed, and that is
// an error.
func (n *Node) Terminate(timeout time.Duration) (int, error) {
	n.mu.Lock()
	proc := n.proc
	n.mu.Unlock()
	if err := proc.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-proc.done:
		return proc.exitCode(), nil
	case <-timer.C:
		return 0, errors.Join(errStillRunning, proc.kill())
	}
}

// Restart starts the node again on the same address with the same environment, after a Kill if it still runs.
func (n *Node) Restart() error {
	if err := n.Kill(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var err error
	for range startAttempts { // the port may be busy for a moment
		if err = n.start(ctx); err == nil || !errors.Is(err, errGone) || !n.portWasTaken() {
			return err
		}
	}
	return err
}

// Close kills the process and removes its folder with the log.
func (n *Node) Close() error { return errors.Join(n.Kill(), os.RemoveAll(n.dir)) }

func (n *Node) start(ctx context.Context) error {
	output, err := os.OpenFile(n.LogPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("failed to open the node's log: %w", err)
	}
	defer output.Close()
	cmd := exec.Command(n.binary)
	cmd.Env = append(os.Environ(), n.env...)
	cmd.Stdout, cmd.Stderr = output, output
	proc, err := launch(cmd)
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.proc = proc
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := until(ctx, proc.done, n.healthy); err != nil {
		return fmt.Errorf("failed to wait for the node on %s: %w", n.addr, errors.Join(err, proc.kill()))
	}
	return nil
}

// healthClient opens a connection for each question: a kept one would be stale after every Kill. Certificates are the
// tests' own.
var healthClient = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // see above
	Timeout:   askTimeout,
}

func (n *Node) healthy(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL()+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := healthClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/healthz says %s", resp.Status)
	}
	return nil
}

// portWasTaken tells the one early end that is worth another try from a server that doesn't want to start.
func (n *Node) portWasTaken() bool { return strings.Contains(n.LogTail(), "address already in use") }

func envValue(env []string, name string) string {
	for _, e := range env {
		if k, v, _ := strings.Cut(e, "="); k == name {
			return v
		}
	}
	return ""
}
