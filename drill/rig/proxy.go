package rig

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

type linkState int

const (
	flowing  linkState = iota
	cut                // nothing listens, no connection lives
	frozen             // connections live, no byte moves
	deafened           // what clients say goes on, what the server says is swallowed
)

const (
	// chunkSize is how many bytes one step of a copy moves at most: the kernel's usual socket buffer holds several.
	chunkSize = 32 << 10

	// listenTimeout bounds how long Restore tries to get its port back; the range rarely lets anyone else have it.
	listenTimeout = 5 * time.Second

	// dialTimeout bounds a connection to the target on loopback.
	dialTimeout = 5 * time.Second
)

// Proxy is a TCP proxy whose link can be broken in the ways links break.
type Proxy struct {
	addr   string
	target string

	mu       sync.Mutex
	changed  *sync.Cond // broadcast at every change of state and when a link closes
	state    linkState
	listener net.Listener // nil while cut or closed
	links    map[*link]struct{}
	closed   bool

	running sync.WaitGroup
}

// NewProxy starts a proxy on a free loopback port that forwards to target.
func NewProxy(target string) (*Proxy, error) {
	p := &Proxy{target: target, links: make(map[*link]struct{})}
	p.changed = sync.NewCond(&p.mu)
	var last error
	for range startAttempts {
		addr, err := FreeAddr()
		if err != nil {
			return nil, err
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			last = err
			continue
		}
		p.addr = addr
		p.serve(l)
		return p, nil
	}
	return nil, fmt.Errorf("failed to start a proxy: %w", last)
}

// Addr is where clients connect, the same for the whole life of the proxy.
func (p *Proxy) Addr() string { return p.addr }

// Cut closes all connections and refuses new ones at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.enter(cut)
	p.stopListening()
	p.closeLinks(func(*link) bool { return true })
}

// Freeze stops all bytes in both directions; connections stay open, new ones are accepted and hear nothing.
func (p *Proxy) Freeze() { p.breakSoftly(frozen) }

// FreezeConnections stops all bytes of the connections there are, as a firewall does that has forgotten them; those to
// come flow.
func (p *Proxy) FreezeConnections() { p.freezeLinks(func(*link) bool { return true }) }

// FreezePubSub does so to the connections that have subscribed.
func (p *Proxy) FreezePubSub() { p.freezeLinks(func(l *link) bool { return l.pubsub }) }

func (p *Proxy) freezeLinks(which func(*link) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.frozen = l.frozen || which(l)
	}
}

// DropReplies lets through what clients say and swallows what the target says, until Restore, which closes the
// connections that lost something.
func (p *Proxy) DropReplies() { p.breakSoftly(deafened) }

// breakSoftly changes the state of a link that stays; a cut one has nothing to freeze.
func (p *Proxy) breakSoftly(s linkState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.state == cut {
		return
	}
	p.enter(s)
}

// Restore makes the link whole again. What was held back arrives, as on a network that comes back.
func (p *Proxy) Restore() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("failed to restore a closed proxy")
	}
	if p.state == cut {
		l, err := listenAgain(p.addr)
		if err != nil {
			return err
		}
		p.serve(l)
	}
	p.closeLinks(func(l *link) bool { return l.tainted })
	for l := range p.links {
		l.frozen = false
	}
	p.enter(flowing)
	return nil
}

// Close ends everything and waits for its goroutines.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.stopListening()
	p.closeLinks(func(*link) bool { return true })
	p.changed.Broadcast()
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) enter(s linkState) {
	p.state = s
	p.changed.Broadcast()
}

// serve accepts from l until it is closed. Needs mu, or a proxy that nobody else knows yet.
func (p *Proxy) serve(l net.Listener) {
	p.listener = l
	p.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.admit(conn)
		}
	})
}

func (p *Proxy) stopListening() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

func (p *Proxy) closeLinks(which func(*link) bool) {
	for l := range p.links {
		if which(l) {
			l.close()
		}
	}
	p.changed.Broadcast()
}

// listenAgain gets a port back that somebody may hold for a moment.
func listenAgain(addr string) (net.Listener, error) {
	deadline := time.Now().Add(listenTimeout)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return l, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("failed to listen on %s again: %w", addr, err)
		}
		<-tick.C
	}
}
