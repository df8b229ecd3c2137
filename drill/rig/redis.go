package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// askTimeout bounds one PING of a starting redis-server: it answers at once or it isn't ready.
	askTimeout = time.Second

	// doTimeout bounds a command of Do whose context has no nearer end: a paused Redis answers nothing.
	doTimeout = 10 * time.Second

	// doPool is more connections than Do ever dials: after as many failed dials the library leaves a goroutine behind that
	// sleeps for a second.
	doPool = 2
)

// Redis is a redis-server with a data folder of its own.
type Redis struct {
	addr string
	dir  string
	args []string

	mu   sync.Mutex
	proc *process // the run in progress, or the last one
}

// NewRedis starts a redis-server on a free loopback port and returns when it answers. The args are appended to its
// command line; without any it keeps nothing over a restart.
func NewRedis(args ...string) (*Redis, error) {
	dir, err := os.MkdirTemp("", "rig-redis-")
	if err != nil {
		return nil, fmt.Errorf("failed to make a folder for Redis: %w", err)
	}
	var last error
	for range startAttempts {
		addr, err := FreeAddr()
		if err != nil {
			last = err
			break
		}
		r := &Redis{addr: addr, dir: dir, args: args}
		if last = r.Start(); last == nil {
			return r, nil
		}
	}
	return nil, errors.Join(last, os.RemoveAll(dir))
}

// Addr is where it listens, the same over all restarts.
func (r *Redis) Addr() string { return r.addr }

// LogPath is the file that holds what the server wrote to its output.
func (r *Redis) LogPath() string { return filepath.Join(r.dir, "output.log") }

// PID is the process of the run in progress, or of the last one.
func (r *Redis) PID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.proc.pid()
}

// Start starts the server again, on the same port and folder, and returns when it has loaded its data and answers.
func (r *Redis) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.proc != nil && !r.proc.ended() {
		return errors.New("failed to start Redis: it is running")
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var err error
	for range startAttempts { // the port may be busy for a moment
		if err = r.start(ctx); err == nil || !errors.Is(err, errGone) {
			return err
		}
	}
	return err
}

func (r *Redis) start(ctx context.Context) error {
	output, err := os.OpenFile(r.LogPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("failed to open the log of Redis: %w", err)
	}
	defer output.Close()
	host, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		return fmt.Errorf("failed to read the address of Redis: %w", err)
	}
	args := append([]string{"--bind", host, "--port", port, "--dir", r.dir, "--save", ""}, r.args...)
	cmd := exec.Command("redis-server", args...)
	cmd.Stdout, cmd.Stderr = output, output
	if r.proc, err = launch(cmd); err != nil {
		return err
	}
	if err := until(ctx, r.proc.done, r.answers); err != nil {
		return fmt.Errorf("failed to wait for Redis, its log is in %s: %w", r.LogPath(), errors.Join(err, r.proc.kill()))
	}
	return nil
}

// answers asks on a connection of its own: the kept client's pool repeats an old dial error for a while.
func (r *Redis) answers(ctx context.Context) error {
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 64) // holds "+PONG" and the start of any error
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if got := string(answer[:n]); got[0] != '+' && got[:min(len(got), len(noAuth))] != noAuth {
		return fmt.Errorf("redis says %q", got)
	}
	return nil
}

// noAuth is how a server that has loaded and wants a password answers a PING.
const noAuth = "-NOAUTH"

// Kill ends the server with SIGKILL and waits until it has gone.
func (r *Redis) Kill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.proc.kill()
}

// Wipe removes the data files of a stopped server, so that it starts with nothing.
func (r *Redis) Wipe() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.proc.ended() {
		return errors.New("failed to wipe Redis: it is running")
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("failed to list the data of Redis: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(r.dir, e.Name())
		if path == r.LogPath() {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("failed to wipe Redis: %w", err)
		}
	}
	return nil
}

// Pause stops the process with SIGSTOP: connections stay, nothing is answered.
func (r *Redis) Pause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.proc.pause()
}

// Resume lets a paused process go on.
func (r *Redis) Resume() error { return r.signal(syscall.SIGCONT) }

func (r *Redis) signal(sig syscall.Signal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.proc.signal(sig)
}

// Do runs one command, once, and answers in the shapes of RESP2. Its connection is a new one each time: after a Kill, a
// pool would answer from stale connections and repeat old dial errors.
func (r *Redis) Do(ctx context.Context, args ...any) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, doTimeout)
	defer cancel()
	client := redis.NewClient(&redis.Options{
		Addr:                  r.addr,
		Password:              flagValue(r.args, "--requirepass"),
		Protocol:              2,
		MaxRetries:            -1,
		DialerRetries:         1,
		PoolSize:              doPool,
		ContextTimeoutEnabled: true,
		ReadTimeout:           -1, // the context ends a command, nothing else
		WriteTimeout:          -1,
		DisableIdentity:       true,
	})
	defer client.Close()
	answer, err := client.Do(ctx, args...).Result()
	if err != nil {
		return nil, fmt.Errorf("failed to run %v on Redis: %w", args[0], err)
	}
	return answer, nil
}

// Close kills the server and removes its folder.
func (r *Redis) Close() error {
	return errors.Join(r.Kill(), os.RemoveAll(r.dir))
}

// flagValue is what follows name in a command line.
func flagValue(args []string, name string) string {
	for i, a := range args {
		if a == name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
