package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// ErrClosed is what waiting ends with when the connection has ended and the frame did not come.
var ErrClosed = errors.New("the connection is closed")

// inbox keeps what a client heard until somebody asks for it.
type inbox struct {
	mu     sync.Mutex
	frames []Frame
	taken  []bool
	first  int           // all before it were taken
	more   chan struct{} // closed and replaced at every frame
	closed bool
}

func newInbox() *inbox { return &inbox{more: make(chan struct{})} }

func (b *inbox) add(f Frame) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frames, b.taken = append(b.frames, f), append(b.taken, false)
	b.wake()
}

func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.wake()
}

func (b *inbox) wake() {
	close(b.more)
	b.more = make(chan struct{})
}

// take looks for a frame from index from on that nobody took.
func (b *inbox) take(from int, want func(Frame) bool) (f Frame, next int, more <-chan struct{}, found, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := max(from, b.first); i < len(b.frames); i++ {
		if b.taken[i] || !want(b.frames[i]) {
			continue
		}
		b.taken[i] = true
		for b.first < len(b.taken) && b.taken[b.first] {
			b.first++
		}
		return b.frames[i], i + 1, nil, true, b.closed
	}
	return Frame{}, len(b.frames), b.more, false, b.closed
}

// Await returns the first frame for which want is true and that no Await returned before, waiting for it until ctx ends.
// Frames that came earlier and were not wanted stay for others: the order of two kinds of frames need not be known.
// want must be quick and must not call the client.
func (c *Client) Await(ctx context.Context, want func(Frame) bool) (Frame, error) {
	from := 0
	for {
		f, next, more, found, closed := c.inbox.take(from, want)
		switch {
		case found:
			return f, nil
		case closed:
			return Frame{}, fmt.Errorf("%w with code %d; heard: %s", ErrClosed, c.CloseCode(), c.heard())
		}
		from = next
		select {
		case <-more:
		case <-ctx.Done():
			return Frame{}, fmt.Errorf("failed to wait for a frame: %w; heard: %s", ctx.Err(), c.heard())
		}
	}
}

// Frames are all that came so far, taken by Await or not, in order.
func (c *Client) Frames() []Frame {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	return append([]Frame(nil), c.inbox.frames...)
}

// heardLast is how many frames the error of a failed Await shows.
const heardLast = 8

func (c *Client) heard() string {
	frames := c.Frames()
	var b strings.Builder
	fmt.Fprintf(&b, "%d frames", len(frames))
	for _, f := range frames[max(0, len(frames)-heardLast):] {
		b.WriteString("\n\t" + f.String())
	}
	return b.String()
}
