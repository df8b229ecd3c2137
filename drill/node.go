package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/drill/rig"
)

// node is one server that is drilled. Of one that was not started here only url and chaos are known.
type node struct {
	name  string
	url   string
	ws    string
	chaos *chaos

	proc  *rig.Node
	link  *rig.Proxy // to Redis
	admin string     // host:port

	breaking sync.Mutex // held while one thing is broken about it: a drain may last longer than was planned

	mu     sync.Mutex
	deaths []time.Time // when it was killed with -9, or told to end and when it had
}

// hasDied notes that the whole node was killed, or told to end.
func (n *node) hasDied(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deaths = append(n.deaths, at)
}

// diedSince says whether the node was killed after t.
func (n *node) diedSince(t time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.deaths) > 0 && n.deaths[len(n.deaths)-1].After(t)
}

// diedNear says whether the node's death explains the end of a connection.
func (n *node) diedNear(x closing) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.deaths, x.near)
}

// footprint is what a node costs.
type footprint struct {
	goroutines int // 0: unknown
	heap       int // bytes in use after a collection; 0: unknown
	rss        int // KiB, with what the collector leaves lying about; 0: unknown
}

func (f footprint) plus(g footprint) footprint {
	return footprint{f.goroutines + g.goroutines, f.heap + g.heap, f.rss + g.rss}
}

func (n *node) footprint(ctx context.Context) footprint {
	if n.proc == nil {
		return footprint{}
	}
	n.collect(ctx)
	heap, err := gauge(ctx, "http://"+n.admin+"/metrics", "go_memstats_heap_alloc_bytes")
	if err != nil {
		heap = 0 // the admin port may not answer
	}
	rss, err := residentSet(n.proc.PID())
	if err != nil {
		rss = 0 // only Linux tells
	}
	goroutines, err := gauge(ctx, "http://"+n.admin+"/metrics", "go_goroutines")
	if err != nil {
		goroutines = 0 // the admin port may not answer
	}
	return footprint{goroutines, heap, rss}
}

// collect has the node collect its garbage: a heap profile may ask for that. Where it can't, more is counted as in use.
func (n *node) collect(ctx context.Context) {
	_ = ask(ctx, "http://"+n.admin+"/debug/pprof/heap?gc=1", func(body io.Reader) error {
		_, err := io.Copy(io.Discard, body)
		return err
	})
}

// residentSet reads VmRSS in KiB.
func residentSet(pid int) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("failed to read the memory of process %d: %w", pid, err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(rest, "kB")))
		}
	}
	return 0, errors.New("the kernel does not tell VmRSS")
}

// gauge reads one metric without labels in the Prometheus text format.
func gauge(ctx context.Context, url, name string) (value int, err error) {
	err = ask(ctx, url, func(body io.Reader) error {
		for lines := bufio.NewScanner(body); lines.Scan(); {
			if rest, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
				v, err := strconv.ParseFloat(rest, 64)
				value = int(v)
				return err
			}
		}
		return fmt.Errorf("no metric %s", name)
	})
	return value, err
}

// ask has read read the answer to a GET of an operators' address.
func ask(ctx context.Context, url string, read func(body io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, chaosTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("failed to ask a node: %w", err)
	}
	req.Close = true // nodes come and go: no kept connection is worth much
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("failed to ask a node: %w", err)
	}
	defer resp.Body.Close()
	return read(resp.Body)
}
