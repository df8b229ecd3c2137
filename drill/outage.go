package main

import (
	"slices"
	"time"
)

// outage breaks one thing for a while, at times another meanwhile, and returns when it is calm again.
func (p *planner) outage(at, last time.Duration, names []string, actors bool) time.Duration {
	name := p.deal(names)
	if !p.apart(name, at) {
		at = max(p.lastWipe, p.lastRing) + apart
	}
	f := fault{At: at, Name: name, Node: p.rand.IntN(p.nodes), For: p.lasting(name)}
	calm := p.between(minCalm, maxCalm)
	overlap := actors && name != wipeRedis && f.For > 0 && p.rand.IntN(overlapOdds) == 0
	second := f.For > 0 && p.rand.IntN(overlapOdds) == 0
	if f.At+f.For >= last {
		return last
	}
	p.add(f)
	end := f.At + f.For
	if second {
		end = max(end, p.second(f, last, names))
	}
	if overlap {
		p.killActor(f.At+f.For/2, false)
	}
	return end + calm
}

// second breaks another thing in the middle of f, if there is one that can be; it returns when that is over.
func (p *planner) second(f fault, last time.Duration, names []string) time.Duration {
	at := f.At + p.between(f.For/4, f.For*3/4)
	fit := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return name == f.Name || onRedis(name) && onRedis(f.Name) || !p.apart(name, at) || !onRedis(name) && p.nodes < 2
	})
	if len(fit) == 0 {
		return 0
	}
	name := fit[p.rand.IntN(len(fit))]
	g := fault{At: at, Name: name, Node: (f.Node + 1 + p.rand.IntN(max(1, p.nodes-1))) % p.nodes, For: p.lasting(name), Second: true}
	if g.At+g.For >= last {
		return 0
	}
	p.add(g)
	return g.At + g.For
}

func (p *planner) lasting(name string) time.Duration {
	switch name {
	case killPubSub:
		return 0
	case drainNode:
		return p.between(minDrain, maxOutage)
	}
	return p.between(minOutage, maxOutage)
}

// apart says whether the fault may begin at that time: what loses data keeps away from what loses data or a ring.
func (p *planner) apart(name string, at time.Duration) bool {
	afterWipe := p.lastWipe == 0 || at >= p.lastWipe+apart
	switch {
	case name == wipeRedis:
		return afterWipe && (p.lastRing == 0 || at >= p.lastRing+apart)
	case losesRing(name):
		return afterWipe
	}
	return true
}

func (p *planner) add(f fault) {
	p.plan = append(p.plan, f)
	switch {
	case f.Name == wipeRedis:
		p.lastWipe = max(p.lastWipe, f.At+f.For)
	case losesRing(f.Name):
		p.lastRing = max(p.lastRing, f.At+f.For)
	}
}

func losesRing(name string) bool { return name == killNode || name == drainNode }

// onRedis says whether the fault concerns Redis itself, which can be broken in one way at a time.
func onRedis(name string) bool {
	return name == killRedis || name == wipeRedis || name == pauseRedis || name == killPubSub
}
