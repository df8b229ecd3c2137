package actors

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// census knows every live actor and spawns them, each under its guard and with a
// mailbox of ours. It belongs to no actor: whoever dies stays counted.
type census struct {
	log      *zerolog.Logger
	dispatch func(actor string) actor.Dispatcher
	mu       sync.Mutex
	alive    map[string]*vitals

	// The library takes a mailbox from props, and props are large: they are shared,
	// and the mailbox of the one being spawned stands here.
	spawning sync.Mutex
	next     *vitals
	props    *actor.Props
}

func newCensus(log zerolog.Logger, dispatch func(actor string) actor.Dispatcher) *census {
	c := &census{log: &log, dispatch: dispatch, alive: make(map[string]*vitals)}
	c.props = actor.PropsFromProducer(func() actor.Actor { return &guard{census: c} },
		actor.WithMailbox(func() actor.Mailbox { return &c.next.mailbox }))
	return c
}

// spawner is who spawns: an actor's context, or the root's.
type spawner interface {
	SpawnNamed(props *actor.Props, id string) (*actor.PID, error)
	Self() *actor.PID
}

// spawn starts an actor. The library puts the parent's id and a slash before its
// name; name must be unique all the same, for it is what people see and kill. One
// that lives again keeps its count of restarts.
func (c *census) spawn(parent spawner, kind Kind, name string, produce func() actor.Actor) (*actor.PID, error) {
	v := &vitals{name: name, kind: kind, produce: produce}
	v.mailbox.init(c.dispatch(name))
	if kind != KindChat {
		v.parent = parent.Self().Id
	}
	v.born.Store(time.Now().UnixNano())
	c.mu.Lock()
	before := c.alive[name]
	if before != nil {
		v.restarts.Store(before.restarts.Load() + 1)
	}
	c.alive[name] = v // before it starts: its guard finds it here
	c.mu.Unlock()

	pid, err := c.spawnWith(v, parent)
	if err != nil {
		c.mu.Lock()
		if before == nil {
			delete(c.alive, name)
		} else {
			c.alive[name] = before
		}
		c.mu.Unlock()
		return nil, err
	}
	v.pid.Store(pid)
	return pid, nil
}

// spawnWith lets go of what all spawning shares also where the library panics.
func (c *census) spawnWith(v *vitals, parent spawner) (*actor.PID, error) {
	c.spawning.Lock()
	defer c.spawning.Unlock()
	c.next = v
	defer func() { c.next = nil }()
	return parent.SpawnNamed(c.props, v.name)
}

// gone forgets an actor that ended for good.
func (c *census) gone(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.alive, name)
}

// prune forgets the actors of a kind: they ended with a parent that did not live to
// see it, and the next one begins with none.
func (c *census) prune(kind Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.alive, func(_ string, v *vitals) bool { return v.kind == kind })
}

// find gives a live actor's vitals, or nil.
func (c *census) find(name string) *vitals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alive[name]
}

// successor gives the mailbox of the actor that lives under the name of one that has
// ended, or nil.
func (c *census) successor(of *vitals) *mailbox {
	if v := c.find(of.name); v != nil && v != of {
		return &v.mailbox
	}
	return nil
}

// of gives the vitals of the actor with an id of the library's.
func (c *census) of(id string) *vitals { return c.find(id[strings.LastIndexByte(id, '/')+1:]) }

// all gives every live actor's vitals, in no order.
func (c *census) all() []*vitals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.alive))
}
