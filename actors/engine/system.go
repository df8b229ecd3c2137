package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// Kind is what an actor is in the tree.
type Kind string

// Options are what a System is made of.
type Options struct {
	Log zerolog.Logger
	// Dispatch gives what runs the mailbox of the actor with that name: a simulation decides what
	// runs next. nil: a few workers, for all.
	Dispatch func(actor string) actor.Dispatcher
	// Restarted hears of each actor that died and is started again. nil: nobody does.
	Restarted func(Kind)
}

// System is the actors of one process: it spawns them, and knows all that live. It belongs to no
// actor: whoever dies stays counted. Its methods may be called from any goroutine.
type System struct {
	// Root sends and stops for those who are no actors.
	Root *actor.RootContext

	library   *actor.ActorSystem
	log       *zerolog.Logger
	dispatch  func(actor string) actor.Dispatcher
	restarted func(Kind)
	workers   *workers // nil where Options.Dispatch has the mailboxes run
	stopped   atomic.Bool
	finished  chan struct{} // closed when the top has ended for good
	top       func()        // starts it

	mu    sync.Mutex
	alive map[string]*vitals

	// The library takes a mailbox from props, and props are large: they are shared,
	// and the mailbox of the one being spawned stands here.
	spawning sync.Mutex
	next     *vitals
	props    *actor.Props
}

const (
	// respawnPause is how long a top that was stopped takes to leave the registry, tried again
	// until it has.
	respawnPause = time.Millisecond
	// deadLetterInterval is how long the library keeps a goroutine after a dead letter;
	// what it would log is below our level.
	deadLetterInterval = 10 * time.Millisecond
)

// New makes a System without actors.
func New(o Options) *System {
	s := &System{
		log: &o.Log, dispatch: o.Dispatch, restarted: o.Restarted,
		finished: make(chan struct{}), alive: make(map[string]*vitals),
	}
	// Dead letters are logged below this level: their text would be people's talk.
	logger := slog.New(zerolog.NewSlogHandler(o.Log.Level(zerolog.WarnLevel)))
	s.library = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return logger }),
		actor.WithDeadLetterThrottleInterval(deadLetterInterval))
	s.Root = s.library.Root
	if s.restarted == nil {
		s.restarted = func(Kind) {}
	}
	if s.dispatch == nil {
		s.workers = newWorkers(workersPerCore*runtime.GOMAXPROCS(0), s.log)
		s.dispatch = func(string) actor.Dispatcher { return s.workers }
	}
	s.props = actor.PropsFromProducer(func() actor.Actor { return &guard{system: s} },
		actor.WithMailbox(func() actor.Mailbox { return &s.next.mailbox }))
	return s
}

// PID gives the actor that has, or will have, that path of names from the top. It stays the same
// through every restart.
func (s *System) PID(path ...string) *actor.PID {
	return actor.NewPID(s.library.Address(), strings.Join(path, "/"))
}

// guardian restarts the top, however often it fails.
var guardian = actor.NewRestartingStrategy()

// Run starts the actor at the top of the tree, and starts it again however it ends, until Stop.
func (s *System) Run(kind Kind, name string, produce func() actor.Actor) {
	root := s.Root.Copy().WithGuardian(guardian)
	s.top = func() {
		if s.stopped.Load() { // Stop came between two, and found none
			close(s.finished)
			return
		}
		pid, err := s.spawn(root, "", kind, name, produce)
		switch {
		case err != nil: // the one before has not left the registry yet
			s.After(respawnPause, "start", s.top)
		case s.stopped.Load(): // Stop came meanwhile, and found none
			s.Root.Stop(pid)
		}
	}
	s.top()
}

// topEnded follows the end of the actor at the top: it was stopped from outside, and is started
// again, or all is over.
func (s *System) topEnded(v *vitals) {
	if s.stopped.Load() {
		close(s.finished)
		return
	}
	// Its turn comes when the one that has ended is through with its own, and has left.
	s.dispatch(v.name).Schedule(func() {
		if !Contain(s.log, "start", s.top) {
			s.After(respawnPause, "start", s.top)
		}
	})
}

// Stop ends all actors. It waits for them until ctx ends.
func (s *System) Stop(ctx context.Context) {
	s.stopped.Store(true)
	for _, v := range s.all() {
		if pid := v.pid.Load(); v.parent == "" && pid != nil {
			s.Root.Stop(pid)
		}
	}
	select {
	case <-s.finished:
	case <-ctx.Done():
	}
	if s.workers != nil {
		s.workers.stop()
	}
}

// spawner is who spawns: an actor's context, or the root's.
type spawner interface {
	SpawnNamed(props *actor.Props, id string) (*actor.PID, error)
}

// spawn starts an actor. The library puts the parent's id and a slash before its
// name; name must be unique all the same, for it is what people see and kill. One
// that lives again keeps its count of restarts.
func (s *System) spawn(by spawner, parent string, kind Kind, name string, produce func() actor.Actor) (*actor.PID, error) {
	v := &vitals{name: name, kind: kind, parent: parent, produce: produce}
	v.mailbox.init(s.dispatch(name))
	v.born.Store(time.Now().UnixNano())
	s.mu.Lock()
	before := s.alive[name]
	if before != nil {
		v.restarts.Store(before.restarts.Load() + 1)
	}
	s.alive[name] = v // before it starts: its guard finds it here
	s.mu.Unlock()

	pid, err := s.spawnWith(v, by)
	if err != nil {
		s.mu.Lock()
		if before == nil {
			delete(s.alive, name)
		} else {
			s.alive[name] = before
		}
		s.mu.Unlock()
		return nil, fmt.Errorf("spawn %s: %w", name, err)
	}
	v.pid.Store(pid)
	return pid, nil
}

// spawnWith lets go of what all spawning shares also where the library panics.
func (s *System) spawnWith(v *vitals, by spawner) (*actor.PID, error) {
	s.spawning.Lock()
	defer s.spawning.Unlock()
	s.next = v
	defer func() { s.next = nil }()
	return by.SpawnNamed(s.props, v.name)
}

// ForgetChildren forgets the children of an actor: they ended with one that did not live to
// see it, and the next one begins with none.
func (s *System) ForgetChildren(of *actor.PID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.alive, func(_ string, v *vitals) bool { return v.parent == of.Id })
}

// gone forgets an actor that ended for good.
func (s *System) gone(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alive, name)
}

// find gives a live actor's vitals, or nil.
func (s *System) find(name string) *vitals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alive[name]
}

// of gives the vitals of the actor with an id of the library's.
func (s *System) of(id string) *vitals { return s.find(lastOf(id)) }

// lastOf is the last name of a path.
func lastOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// successor gives the mailbox of the actor that lives under the name of one that has
// ended, or nil.
func (s *System) successor(of *vitals) *mailbox {
	if v := s.find(of.name); v != nil && v != of {
		return &v.mailbox
	}
	return nil
}

// all gives every live actor's vitals, in no order.
func (s *System) all() []*vitals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.alive))
}
