package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

const (
	// Ports below the ephemeral range of Linux (32768 and up) and of macOS (49152 and up): nobody gets one by chance.
	firstPort = 20_000
	lastPort  = 32_000

	// portAttempts bounds the search for a free port: with 12,000 to choose from, more misses mean that binding itself fails.
	portAttempts = 50

	// pollInterval is how often a starting process is asked whether it is ready: a fraction of the fastest start (about 10 ms).
	pollInterval = 5 * time.Millisecond

	// startAttempts bounds how often something is started again because its port was taken between looking and listening.
	startAttempts = 5

	// startTimeout is how long a process may take until it answers; a loaded machine with the race detector needs seconds.
	startTimeout = 30 * time.Second
)

// FreeAddr returns an address on 127.0.0.1 that was free when looked at.
func FreeAddr() (string, error) {
	var last error
	for range portAttempts {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("failed to release %s: %w", addr, err)
		}
		return addr, nil
	}
	return "", fmt.Errorf("failed to find a free port: %w", last)
}

// until asks ready every pollInterval until it returns nil, and returns its last error when ctx ends or gone is closed.
func until(ctx context.Context, gone <-chan struct{}, ready func(context.Context) error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-gone:
			return errors.Join(errGone, err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}
