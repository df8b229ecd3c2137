package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

const (
	// loops is how many goroutines read: one for each core of the machine the bars are for.
	loops = 2

	// atOnce bounds how many connection attempts are under way together: below a listener's usual backlog of 4,096.
	atOnce = 1_000

	// joinTimeout is how long all may take until they are members.
	joinTimeout = 60 * time.Second

	// countPeriod is how often the counts are looked at while something is waited for: what it adds to a time measured is
	// small against the seconds of the bars.
	countPeriod = 10 * time.Millisecond
)

// errRefused ends the wait for members when each has had its answer.
var errRefused = errors.New("the server does not take them")

// crowd is all clients of one run.
type crowd struct {
	dialect dialect
	addrs   []string // of the nodes; clients spread evenly
	loops   []*loop

	mu      sync.Mutex
	members []*conn
}

func newCrowd(d dialect, addrs []string, w *window, every int) (*crowd, error) {
	c := &crowd{dialect: d, addrs: addrs}
	for range loops {
		l, err := newLoop(d, newEar(w, every))
		if err != nil {
			c.close()
			return nil, err
		}
		c.loops = append(c.loops, l)
	}
	return c, nil
}

// connect adds n clients evenly over a time: open loop, one attempt does not wait for the one before. It returns when all
// are connected; they may still be joining.
func (c *crowd) connect(ctx context.Context, n int, within time.Duration, shape func(number int, to *conn)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin, first := time.Now(), c.size()
	c.grow(n)
	var attempts sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i := range n {
		due := begin.Add(within * time.Duration(i) / time.Duration(n))
		if err := waitUntil(ctx, due); err != nil {
			break
		}
		places <- struct{}{}
		attempts.Go(func() {
			defer func() { <-places }()
			if err := c.admit(ctx, first+i, shape); err != nil {
				cancel(err)
			}
		})
	}
	attempts.Wait()
	return context.Cause(ctx)
}

// admit connects one client.
func (c *crowd) admit(ctx context.Context, number int, shape func(int, *conn)) error {
	fd, rest, err := dial(ctx, c.addrs[number%len(c.addrs)], c.dialect.path(), number)
	if err != nil {
		return fmt.Errorf("failed to connect client %d: %w", number, err)
	}
	member := &conn{fd: fd, name: "u" + strconv.Itoa(number), carry: rest}
	shape(number, member)
	member.unsent = c.dialect.hello(nil, member)
	member.silent = len(member.unsent) == 0
	c.mu.Lock()
	c.members[number] = member
	c.mu.Unlock()
	return c.loops[number%len(c.loops)].enter(member)
}

func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.members)
}

// member is the client of that number, nil while it is connecting.
func (c *crowd) member(number int) *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number >= len(c.members) {
		return nil
	}
	return c.members[number]
}

// first are the first n clients, all connected.
func (c *crowd) first(n int) []*conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*conn(nil), c.members[:n]...)
}

func (c *crowd) grow(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, make([]*conn, n)...)
}

// joined waits until n clients are members and have got their first frame, and have entered so many rooms together.
func (c *crowd) joined(ctx context.Context, n, rooms int) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	all := func(t tally) bool { return t.Joined >= int64(n) && t.Told >= int64(n) && t.Entered >= int64(rooms) }
	failed := c.await(ctx, func(t tally) bool {
		return all(t) || t.Joined+t.Errors+t.Closed >= int64(n) && t.Errors+t.Closed > 0 // nothing more will come
	})
	if failed == nil {
		failed = errRefused
	}
	if t := c.counts(); !all(t) {
		return fmt.Errorf("failed to have %d members: %d joined, %d told, %d rooms entered, %d refused (%s), %d closed (%s): %w",
			n, t.Joined, t.Told, t.Entered, t.Errors, c.firstFailure(), t.Closed, c.lastWords(), failed)
	}
	return nil
}

// await looks at the counts until enough says so.
func (c *crowd) await(ctx context.Context, enough func(tally) bool) error {
	tick := time.NewTicker(countPeriod)
	defer tick.Stop()
	for !enough(c.counts()) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// counts is what all loops have heard.
func (c *crowd) counts() tally {
	var all tally
	for _, l := range c.loops {
		all.add(l.counts())
	}
	return all
}

// lastWords is why the server first ended a connection, if it did.
func (c *crowd) lastWords() string {
	for _, l := range c.loops {
		if words := l.lastWords(); words != "" {
			return words
		}
	}
	return ""
}

// firstFailure is the first refusal.
func (c *crowd) firstFailure() string {
	for _, l := range c.loops {
		if words := l.firstFailure(); words != "" {
			return words
		}
	}
	return ""
}

// close ends all connections and loops. The ears may be read afterwards.
func (c *crowd) close() {
	for _, l := range c.loops {
		l.close()
	}
}

// waitUntil returns when the time has come, or with the reason why ctx ended.
func waitUntil(ctx context.Context, due time.Time) error {
	wait := time.Until(due)
	if wait <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
