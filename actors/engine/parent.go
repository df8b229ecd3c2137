package engine

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Parent is what an actor does about its children: they are spawned for the first who needs them,
// end after the last, and are spawned again when they were killed. It is the actor's own, embedded
// in it, and its methods are called in Receive alone. C is what the actor keeps of each child.
type Parent[C any] struct {
	system   *System
	produce  func(of C) actor.Actor
	children map[string]C
	ending   map[string]struct{} // were told to end, and have not yet
	failures failures
}

// NewParent makes a Parent without children; produce makes each incarnation of a child.
func NewParent[C any](system *System, produce func(of C) actor.Actor) Parent[C] {
	return Parent[C]{
		system: system, produce: produce,
		children: map[string]C{}, ending: map[string]struct{}{}, failures: failures{},
	}
}

// Child gives what is kept of the child with a name, if there is to be one.
func (p *Parent[C]) Child(name string) (of C, ok bool) {
	of, ok = p.children[name]
	return of, ok
}

// Children are all that there are to be, by name.
func (p *Parent[C]) Children() map[string]C { return p.children }

// Spawn starts a child, which there must not be yet; where one of its name is still ending, once it
// has: the library would take the new one for it.
func (p *Parent[C]) Spawn(ctx actor.Context, kind Kind, name string, of C) {
	p.children[name] = of
	if _, is := p.ending[name]; !is {
		p.spawn(ctx, kind, name, of)
	}
}

// spawn fails only where the name is taken, which a parent that waits for Terminated never sees:
// the panic restarts that parent.
func (p *Parent[C]) spawn(ctx actor.Context, kind Kind, name string, of C) {
	produce := p.produce // and not the parent: it may die before
	_, err := p.system.spawn(ctx, ctx.Self().Id, kind, name, func() actor.Actor { return produce(of) })
	if err != nil {
		panic(err)
	}
}

// End stops a child that nobody needs any more.
func (p *Parent[C]) End(ctx actor.Context, name string) {
	delete(p.children, name)
	if _, is := p.ending[name]; is {
		return
	}
	p.ending[name] = struct{}{}
	ctx.Stop(p.system.find(name).pid.Load())
}

// Send sends to a child; what comes between two of its incarnations is lost.
func (p *Parent[C]) Send(ctx actor.Context, name string, message any) {
	if v := p.system.find(name); v != nil {
		ctx.Send(v.pid.Load(), message)
	}
}

// Ended follows the end of a child. Unless it was ended, or over says so of what is kept of it, it
// was killed, and is spawned again.
func (p *Parent[C]) Ended(ctx actor.Context, m *actor.Terminated, over func(of C) bool) {
	name := lastOf(m.Who.Id)
	p.failures.forget(name)
	_, wasEnding := p.ending[name]
	delete(p.ending, name)
	of, again := p.children[name]
	if !again || over(of) {
		delete(p.children, name)
		p.system.gone(name)
		return
	}
	kind := p.system.find(name).kind
	if !wasEnding {
		p.system.restarted(kind)
	}
	p.spawn(ctx, kind, name, of)
}

// Never is for Ended, of children that are always needed again.
func Never[C any](C) bool { return false }

// Failures is how often a child failed of late.
func (p *Parent[C]) Failures(name string) int { return p.failures.count(name) }

// ChildFailed restarts a child that panicked, after a pause if it does so too often. Its mailbox is
// suspended meanwhile and keeps what comes.
func (p *Parent[C]) ChildFailed(supervisor actor.Supervisor, child *actor.PID) {
	v := p.system.of(child.Id)
	if v != nil {
		p.system.restarted(v.kind)
	}
	pause := pauseBefore(p.failures.note(lastOf(child.Id), time.Now()))
	if pause == 0 {
		supervisor.RestartChildren(child)
		return
	}
	p.system.After(pause, "restart", func() { supervisor.RestartChildren(child) })
}
