package sim

import (
	"fmt"
	"time"

	"parley/drill/check"
)

// inject does what a fault says, and has it end in its time. What is broken twice is whole
// when both are over.
func (r *run) inject(f Fault) {
	r.world.trace.note("fault %s", f)
	if f.What == killActor {
		if n := r.nodes[f.Node]; n != nil {
			if _, ok := n.killActor(f.Kind, f.How, f.Pick); ok {
				r.count(killActor)
			}
		}
		return
	}
	r.count(f.What)
	seen := &check.Fault{Name: f.What, Start: now()}
	r.faults = append(r.faults, seen)
	end := r.begin(f, seen)
	seen.End = now()
	if end == nil {
		return
	}
	r.underWay++
	seen.End = now() + f.For.Microseconds()
	r.world.after(f.For, "the end of "+f.What, func() {
		r.world.trace.note("end of %s", f)
		end()
		r.underWay--
		seen.End = now()
	})
}

func (f Fault) String() string {
	return fmt.Sprintf("%s %s %s node %d pick %d for %v back %v", f.What, f.Kind, f.How, f.Node, f.Pick, f.For, f.Back)
}

// begin breaks something, and gives how to mend it, nil where that is not to be.
func (r *run) begin(f Fault, seen *check.Fault) (end func()) {
	n := r.nodes[f.Node]
	switch f.What {
	case killNode, drainNode:
		return r.beginNode(f, seen)
	case pauseNode:
		if n == nil || n.paused {
			return nil
		}
		seen.Node, seen.Disturbs = n.name, true
		n.pause(true)
		return func() {
			if !n.link.gone {
				n.pause(false)
			}
		}
	case cutLink, freezeLink, deafenLink, muteLink, slowLink:
		if n == nil {
			return nil
		}
		seen.Node, seen.Disturbs = n.name, true
		m := map[string]mode{cutLink: cut, freezeLink: frozen, deafenLink: deaf, muteLink: mute, slowLink: slow}[f.What]
		n.link.set(m)
		return func() {
			if n.link.mode == m {
				n.link.set(open)
			}
		}
	case freezePubSub:
		if n == nil {
			return nil
		}
		seen.Node, seen.Disturbs = n.name, true
		n.link.ice(true)
		return func() { n.link.ice(false) }
	case severClients, stallClients:
		return r.beginClients(f)
	default:
		return r.beginRedis(f, seen)
	}
}

func (r *run) beginNode(f Fault, seen *check.Fault) (end func()) {
	n := r.nodes[f.Node]
	if n == nil {
		return nil
	}
	r.nodes[f.Node] = nil
	r.dead = append(r.dead, n)
	seen.Node, seen.KillsNode = n.name, true
	if f.What == killNode {
		n.kill()
	} else {
		n.drain()
	}
	return func() { r.startNode(f.Node) }
}

func (r *run) beginClients(f Fault) (end func()) {
	var hit []*client
	for i, c := range r.clients {
		if c.socket != nil && (i+f.Pick)%2 == 0 {
			hit = append(hit, c)
		}
	}
	for _, c := range hit {
		if f.What == severClients {
			c.socket.sever()
		} else {
			c.stall(true)
		}
	}
	if f.What == severClients {
		return nil
	}
	return func() {
		for _, c := range hit {
			c.stall(false)
		}
	}
}

func (r *run) beginRedis(f Fault, seen *check.Fault) (end func()) {
	s := r.redis
	seen.Disturbs = true
	switch f.What {
	case killRedis, wipeRedis, rollRedis:
		if s.down {
			return nil
		}
		s.die(r.links())
		switch f.What {
		case wipeRedis:
			seen.LosesData = true
			r.follower.over(func() { s.lose(time.Hour) })
		case rollRedis:
			seen.LosesData = true
			r.follower.over(func() { s.lose(f.Back) })
		}
		return s.rise
	case pauseRedis:
		if s.paused {
			return nil
		}
		s.pause(true, r.links())
		return func() { s.pause(false, r.links()) }
	case fillRedis:
		s.full = true
		return func() { s.full = false }
	case setClock:
		s.ahead -= f.Back
		s.keepTime()
	case hangUpPubSub:
		for _, l := range r.links() {
			l.hangUp(func(e *connEnd) bool { return e.isPubSub })
		}
	}
	return nil
}
