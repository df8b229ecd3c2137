package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"parley/drill/rig"
)

// target is a server that does a scenario's work.
type target struct {
	name    string
	dialect dialect
	folder  string // of its main package, in the repository
	env     []string
}

var targets = []target{
	// No limits: every client here comes from this machine, and the rates are the scenario's.
	{name: onParley, dialect: parley{}, folder: ".", env: append([]string{"ADMIN_ADDR=off", "LOG_LEVEL=warn", "MAX_CONNECTIONS=0"}, rig.Unlimited...)},
	{name: onCentrifuge, dialect: centrifuge{}, folder: peersFolder, env: []string{"KIND=centrifuge"}},
	{name: onDelayed, dialect: centrifuge{}, folder: peersFolder, env: []string{"KIND=centrifuge", "WRITE_DELAY=10ms"}},
	{name: onBare, dialect: bare{}, folder: peersFolder, env: []string{"KIND=bare"}},
}

// peersFolder is a module of its own.
const peersFolder = "drill/peers"

func findTarget(name string) (target, error) {
	for _, t := range targets {
		if t.name == name {
			return t, nil
		}
	}
	return target{}, fmt.Errorf("no such target: %q", name)
}

// lab builds each server once and starts it for each run.
type lab struct {
	root     string            // of the repository
	env      []string          // beside the target's own, for Parley's nodes
	binaries map[string]string // by folder
}

func newLab(ctx context.Context, env []string) (*lab, error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("failed to find the repository: %w", err)
	}
	return &lab{root: filepath.Dir(strings.TrimSpace(string(module))), env: env, binaries: make(map[string]string)}, nil
}

func (l *lab) binary(ctx context.Context, folder string) (string, error) {
	if b, ok := l.binaries[folder]; ok {
		return b, nil
	}
	b, err := rig.Build(ctx, filepath.Join(l.root, folder), false)
	if err != nil {
		return "", err
	}
	l.binaries[folder] = b
	return b, nil
}

// close removes what was built.
func (l *lab) close() error {
	var failed error
	for _, b := range l.binaries {
		failed = errors.Join(failed, os.RemoveAll(filepath.Dir(b)))
	}
	return failed
}

// site is the servers of one run.
type site struct {
	redis *rig.Redis
	nodes []*rig.Node
}

// open starts a fresh redis-server and nodes of t on it.
func (l *lab) open(ctx context.Context, t target, nodes int) (*site, error) {
	binary, err := l.binary(ctx, t.folder)
	if err != nil {
		return nil, err
	}
	s := &site{}
	if s.redis, err = rig.NewRedis(); err != nil {
		return nil, err
	}
	env := append([]string{"REDIS_ADDR=" + s.redis.Addr()}, t.env...)
	if t.name == onParley {
		env = append(env, l.env...)
	}
	for range nodes {
		n, err := rig.StartNode(ctx, binary, env...)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.nodes = append(s.nodes, n)
	}
	return s, nil
}

func (s *site) addrs() []string {
	var addrs []string
	for _, n := range s.nodes {
		addrs = append(addrs, n.Addr())
	}
	return addrs
}

func (s *site) servers() []int {
	var pids []int
	for _, n := range s.nodes {
		pids = append(pids, n.PID())
	}
	return pids
}

func (s *site) close() error {
	var failed error
	for _, n := range s.nodes {
		failed = errors.Join(failed, n.Close())
	}
	return errors.Join(failed, s.redis.Close())
}

// logs is what the servers wrote last.
func (s *site) logs() string {
	var all strings.Builder
	for _, n := range s.nodes {
		all.WriteString(n.LogTail())
	}
	return all.String()
}
