package rig

import (
	"bytes"
	"net"
)

// link is one connection through a proxy. Its fields belong to the proxy's mutex.
type link struct {
	client  net.Conn
	server  net.Conn // nil until the target was dialed
	tainted bool     // a reply was swallowed
	pubsub  bool     // the client has subscribed to channels
	frozen  bool     // no byte of it moves, whatever the state
	closed  bool
}

func (l *link) close() {
	if l.closed {
		return
	}
	l.closed = true
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

// admit takes in a new connection; frozen, it is accepted and dialed on only after the thaw.
func (p *Proxy) admit(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.state == cut {
		_ = conn.Close()
		return
	}
	l := &link{client: conn}
	p.links[l] = struct{}{}
	p.running.Go(func() { p.connect(l) })
}

func (p *Proxy) connect(l *link) {
	if !p.await(l) {
		p.drop(l)
		return
	}
	server, err := net.DialTimeout("tcp", p.target, dialTimeout)
	if err != nil {
		p.drop(l)
		return
	}
	p.mu.Lock()
	l.server = server
	if l.closed {
		_ = server.Close()
	}
	p.mu.Unlock()
	p.running.Go(func() { p.copy(l, server, l.client, true) })
	p.copy(l, l.client, server, false)
}

// copy moves bytes until either side ends, then closes both: a half-open link is of no use to Redis or a WebSocket.
func (p *Proxy) copy(l *link, from, to net.Conn, reply bool) {
	defer p.drop(l)
	buf := make([]byte, chunkSize)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !reply && bytes.Contains(bytes.ToLower(buf[:n]), []byte("\r\nsubscribe\r\n")) {
				p.mark(l)
			}
			if !p.await(l) {
				return
			}
			if reply && p.swallows(l) {
				continue
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			p.await(l) // the end of a frozen connection isn't told either
			return
		}
	}
}

// await waits while the link is frozen; it returns false when the link is closed.
func (p *Proxy) await(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for (p.state == frozen || l.frozen) && !l.closed {
		p.changed.Wait()
	}
	return !l.closed
}

func (p *Proxy) mark(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.pubsub = true
}

// swallows says whether a reply is to be lost; from the first one on, all of that connection are.
func (p *Proxy) swallows(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == deafened {
		l.tainted = true
	}
	return l.tainted
}

func (p *Proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.close()
	delete(p.links, l)
}
