package sim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	// What is written arrives after a part of latency; one in slowOdds takes up to
	// slowLatency, and while a link is slow all do.
	latency     = 400 * time.Microsecond
	slowOdds    = 100
	slowLatency = 80 * time.Millisecond
	// splitOdds: one in so many chunks arrives in two parts.
	splitOdds = 8
)

// mode is what a link does to what goes over it.
type mode int

const (
	open   mode = iota
	cut         // connections end, and none can be made
	frozen      // nothing arrives, and nothing tells so
	deaf        // replies are lost
	mute        // what is asked is lost
	slow        // everything takes long
)

// link is one node's way to the Redis.
type link struct {
	name      string
	world     *world
	redis     *server
	mode      mode
	pubsubIce bool // what comes over subscriptions that are there does not arrive
	gone      bool // its node is
	nextID    int
	ends      []*connEnd // the near ones of connections that were written to, by id
}

// dial makes a connection; it is called by the node.
func (l *link) dial(context.Context, string, string) (net.Conn, error) {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	if l.mode == cut || l.gone || l.redis.down {
		return nil, &net.OpError{Op: "dial", Net: "sim", Addr: address{}, Err: errors.New("connection refused")}
	}
	near, far := newConn(l.world, l)
	l.redis.serve(far)
	return near, nil
}

// send takes up what was written on some connections since, and decides when it arrives.
// Connections that are new are numbered by what was written: which of two was made first is
// nobody's business, as long as they bear the same.
func (w *world) send(fresh []*connEnd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(fresh, func(a, b *connEnd) int {
		return cmp.Or(strings.Compare(a.link.name, b.link.name), order(a.toRedis, b.toRedis),
			bytes.Compare(a.out, b.out), cmp.Compare(a.id, b.id), order(a.fin, b.fin))
	})
	for _, e := range fresh {
		e.isFresh = false
		if e.id == 0 {
			e.link.nextID++
			e.id, e.peer.id = e.link.nextID, e.link.nextID
			near := e
			if !e.toRedis {
				near = e.peer
			}
			e.link.ends = append(e.link.ends, near)
		}
		if e.toRedis && bytes.Contains(e.out, []byte("\r\nsubscribe\r\n")) {
			e.isPubSub, e.peer.isPubSub = true, true
		}
		if len(e.out) > 0 {
			e.sendChunk(chunk{bytes: e.out})
			e.out = nil
		}
		if e.fin {
			e.sendChunk(chunk{fin: true})
		}
	}
}

func compareChunks(a, b []chunk) int {
	return slices.CompareFunc(a, b, func(a, b chunk) int { return cmp.Or(bytes.Compare(a.bytes, b.bytes), order(a.fin, b.fin)) })
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

func (e *connEnd) sendChunk(c chunk) {
	w := e.world
	if n := len(c.bytes); n > 1 && w.rand.IntN(splitOdds) == 0 {
		at := 1 + w.rand.IntN(n-1)
		e.sendChunk(chunk{bytes: c.bytes[:at:at]})
		c.bytes = c.bytes[at:]
	}
	takes := time.Duration(w.rand.Int64N(int64(latency)))
	if e.link.mode == slow || w.rand.IntN(slowOdds) == 0 {
		takes = time.Duration(w.rand.Int64N(int64(slowLatency)))
	}
	due := time.Now().Add(takes)
	if due.Before(e.last) {
		due = e.last
	}
	e.last = due
	e.chunks = append(e.chunks, c)
	w.put(task{key: e.name(), due: due, do: e.deliver})
}

// name does not tell connections apart: which of those that are idle the node's client takes
// is nobody's business either, only what is written there.
func (e *connEnd) name() string {
	if e.toRedis {
		return e.link.name + "→redis"
	}
	return "redis→" + e.link.name
}

// deliver has the oldest chunk arrive, if it can.
func (e *connEnd) deliver() {
	if len(e.chunks) == 0 {
		return
	}
	if e.blocked() {
		e.stuck = true
		return
	}
	c := e.chunks[0]
	e.chunks = e.chunks[1:]
	e.world.trace.note("  %d bytes, %s", len(c.bytes), digest(c.bytes))
	if e.link.loses(e.toRedis) && !c.fin {
		e.lossy, e.peer.lossy = true, true
		return
	}
	if e.lossy {
		return
	}
	if e.toRedis {
		e.link.redis.keepTime()
	}
	e.peer.arrive(c)
}

func (e *connEnd) blocked() bool {
	l := e.link
	return l.mode == frozen || e.toRedis && l.redis.paused || !e.toRedis && l.pubsubIce && e.isPubSub && e.peer.iced
}

func (l *link) loses(toRedis bool) bool {
	return l.mode == deaf && !toRedis || l.mode == mute && toRedis
}

// set changes what the link does. Connections that have lost bytes end with the fault that
// cost them; what was stuck goes on.
func (l *link) set(m mode) {
	l.world.mu.Lock()
	l.mode = m
	l.world.mu.Unlock()
	l.endAll(func(near *connEnd) bool { return m == cut || m == open && near.lossy })
	l.unstick()
}

// endAll ends connections at once, each in a step of its own: whoever waits for several hears
// of one after the other.
func (l *link) endAll(which func(near *connEnd) bool) {
	for _, near := range l.living() {
		if which(near) {
			l.world.after(0, l.name+" loses a connection", func() {
				near.reset()
				near.peer.reset()
			})
		}
	}
}

// ice freezes the subscriptions that are there, and them alone; a new one is not.
func (l *link) ice(on bool) {
	l.pubsubIce = on
	for _, near := range l.living() {
		near.iced = on
	}
	l.unstick()
}

// unstick delivers what could not arrive.
func (l *link) unstick() {
	for _, near := range l.living() {
		for _, e := range []*connEnd{near, near.peer} {
			if e.stuck && !e.blocked() {
				e.stuck = false
				for range e.chunks {
					l.world.after(0, e.name(), e.deliver)
				}
			}
		}
	}
}

// living are the near ends of the connections that are not over on both ends, in an order of
// what is on its way there.
func (l *link) living() []*connEnd {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	l.ends = slices.DeleteFunc(l.ends, func(e *connEnd) bool {
		return (e.closed || e.inErr != nil) && (e.peer.closed || e.peer.inErr != nil)
	})
	return slices.SortedStableFunc(slices.Values(l.ends), func(a, b *connEnd) int {
		return cmp.Or(order(a.isPubSub, b.isPubSub), compareChunks(a.chunks, b.chunks), compareChunks(a.peer.chunks, b.peer.chunks))
	})
}

// hangUp ends connections from the Redis's side, as its death or an administrator does. What
// was on its way to the node may still arrive, or not.
func (l *link) hangUp(which func(*connEnd) bool) {
	for _, near := range l.living() {
		if !which(near) {
			continue
		}
		if l.world.rand.IntN(2) == 0 && l.mode != frozen {
			for _, c := range near.peer.chunks {
				near.arrive(c)
			}
		}
		near.peer.chunks = nil
	}
	l.endAll(which)
}
