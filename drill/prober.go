package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/drill/rig"
)

const (
	// calmProbe and busyProbe are the pauses between probes: always some, and many while a kill is measured.
	calmProbe = 200 * time.Millisecond
	busyProbe = 20 * time.Millisecond

	// never is longer than any drill.
	never = 1000 * time.Hour
)

// prober is a talker that stays on one node and measures how long it takes until that node serves again.
type prober struct {
	*talker
	busy chan struct{} // to speak at once

	mu      sync.Mutex
	waiting []probe
	served  []recovery
}

// probe is a kill whose end is awaited: the first message after it that comes back.
type probe struct {
	node   *node
	killed time.Time
	what   string
	after  int // messages up to this one were sent before
}

func newProber(base string, n *node, r *recorder, seed uint64, quiet <-chan struct{}) *prober {
	p := &prober{busy: make(chan struct{}, 1)}
	p.talker = newTalker(base, []*node{n}, r, seed, p, quiet)
	p.talker.home = n
	p.talker.heardMsg = p.hear
	return p
}

// measure starts a measurement, unless the prober is not there itself and would measure its own return.
func (p *prober) measure(killed time.Time, what string) {
	p.talker.mu.Lock()
	after, there := p.talker.seq, p.talker.joined
	p.talker.mu.Unlock()
	if !there {
		return
	}
	p.mu.Lock()
	p.waiting = append(p.waiting, probe{p.home, killed, what, after})
	p.mu.Unlock()
	p.speakNow()
}

// speakNow has the talker say something without waiting for its time.
func (p *prober) speakNow() {
	select {
	case p.busy <- struct{}{}:
	default: // it will anyway
	}
}

func (p *prober) hear(f rig.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return
	}
	m := f.Message()
	seq := sequence(p.talker.base, m.User, m.Text)
	if seq == 0 {
		return
	}
	rest := p.waiting[:0]
	for _, w := range p.waiting {
		if seq <= w.after {
			rest = append(rest, w)
			continue
		}
		r := recovery{w.node, w.what, w.killed, f.At.Sub(w.killed)}
		p.served = append(p.served, r)
		p.recorder.tape.note("served", p.home.name, fmt.Sprintf("%s after %v", r.what, r.took))
	}
	p.waiting = rest
}

// results are the measurements, and those that never ended.
func (p *prober) results() (served []recovery, never []probe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.served), slices.Clone(p.waiting)
}

func (p *prober) pause(*talker) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) > 0 {
		return busyProbe
	}
	return calmProbe
}

func (p *prober) kick() <-chan struct{}             { return p.busy }
func (p *prober) message(t *talker) (message, bool) { return t.compose(""), true }
func (p *prober) whim(*talker) time.Duration        { return never }
func (p *prober) choose(*talker) whim               { return whim{kind: stalling} }

// fence says a last message and returns its id: who heard it has heard all.
func (p *prober) fence(ctx context.Context) (int64, error) {
	p.talker.mu.Lock()
	before := p.talker.lastAck
	p.talker.mu.Unlock()
	p.speakNow()
	var id int64
	err := eventually(ctx, func() bool {
		p.talker.mu.Lock()
		defer p.talker.mu.Unlock()
		id = p.talker.lastAck
		return id > before
	})
	return id, err
}
