package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/actors/protocol"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Chat is the running chat of one node: the actor tree, and what outlives each of
// its actors (connections, tails, the roster). Its methods may be called from any
// goroutine.
type Chat struct {
	settings      Settings
	reserved      protocol.ReservedNames
	node          string
	log           zerolog.Logger
	metrics       *Metrics
	produceBridge actor.Producer

	system   *actor.ActorSystem
	root     *actor.RootContext
	census   *census
	workers  *workers // nil where Options.Dispatch has the mailboxes run
	resume   func(connection uint64, goOn func())
	stopped  atomic.Bool // no new top supervisor is to be started
	finished chan struct{}

	// Where the actors are. Names stay the same through every restart.
	bridge, room, dms, sessions *actor.PID

	public     *tail
	roster     roster
	leaving    departures
	inboxes    inboxes
	former     former
	budgets    budgets
	talks      talks
	operations atomic.Uint64
	// changes is how often Redis was found to lack what it had.
	changes atomic.Int64
	// hangingUp: every session is to close its connection once its outbox is empty.
	hangingUp atomic.Bool

	mu          sync.Mutex
	connections map[uint64]*Connection
	serial      uint64
	draining    bool
}

// Options are what a chat is made of.
type Options struct {
	Settings
	// Node is this process's name among those on the same Redis; unique.
	Node string
	// Bridge makes the bridge actor.
	Bridge     actor.Producer
	Log        zerolog.Logger
	Registerer prometheus.Registerer
	// Dispatch gives what runs the mailbox of the actor with that name: a simulation
	// decides what runs next. nil: a few workers, for all.
	Dispatch func(actor string) actor.Dispatcher
	// Resume lets the read loop of that connection go on, which waits in Receive: when is a
	// simulation's to decide. nil: at once.
	Resume func(connection uint64, goOn func())
	// Memory is how much the node remembers of the logs; the zero one is the usual.
	Memory Memory
}

const (
	// respawnPause is how long a top supervisor that was stopped takes to leave the
	// registry, tried again until it has.
	respawnPause = time.Millisecond
	// deadLetterInterval is how long the library keeps a goroutine after a dead letter;
	// what it would log is below our level.
	deadLetterInterval = 10 * time.Millisecond
	// drainNotice is how long clients have to leave by themselves.
	drainNotice = drainSpread + 500*time.Millisecond
)

// ErrDraining says that the node takes no new connections, for it is going away.
var ErrDraining = errors.New("node is draining")

// New makes a chat and starts its actors. An error names the setting that is to blame.
func New(o Options) (*Chat, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	reserved, err := protocol.NewReservedNames(o.ReservedNames)
	if err != nil {
		return nil, err
	}
	memory := o.Memory.orUsual()
	c := &Chat{
		settings: o.Settings, reserved: reserved, node: o.Node, log: o.Log, produceBridge: o.Bridge,
		metrics:     newMetrics(o.Registerer),
		finished:    make(chan struct{}),
		public:      newTail(memory.Public),
		leaving:     departures{},
		inboxes:     inboxes{limit: memory.Inbox},
		budgets:     newBudgets(o.Settings),
		connections: make(map[uint64]*Connection),
	}
	logger := slog.New(zerolog.NewSlogHandler(o.Log.Level(zerolog.WarnLevel)))
	c.system = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return logger }),
		actor.WithDeadLetterThrottleInterval(deadLetterInterval))
	c.root = c.system.Root
	if c.resume = o.Resume; c.resume == nil {
		c.resume = func(_ uint64, goOn func()) { goOn() }
	}
	dispatch := o.Dispatch
	if dispatch == nil {
		c.workers = newWorkers(workersPerCore*runtime.GOMAXPROCS(0), &c.log)
		dispatch = func(string) actor.Dispatcher { return c.workers }
	}
	c.census = newCensus(o.Log, dispatch)
	o.Registerer.MustRegister(newDepths(c.census))
	c.bridge, c.room, c.dms, c.sessions = c.pid(KindBridge), c.pid(KindRoom), c.pid(KindDMs), c.pid(KindSessions)
	c.startTop()
	return c, nil
}

func (c *Chat) pid(kind Kind) *actor.PID {
	return actor.NewPID(c.system.Address(), string(KindChat)+"/"+string(kind))
}

// guardian restarts the top supervisor, however often it fails.
var guardian = actor.NewRestartingStrategy()

// startTop spawns the top supervisor, once the one before has left the registry.
func (c *Chat) startTop() {
	produce := func() actor.Actor { return newTop(c) }
	root := c.root.Copy().WithGuardian(guardian)
	if c.stopped.Load() { // Stop came between two, and found none
		close(c.finished)
		return
	}
	pid, err := c.census.spawn(root, KindChat, string(KindChat), produce)
	switch {
	case err != nil:
		c.after(respawnPause, "start", c.startTop)
	case c.stopped.Load(): // Stop came meanwhile, and found none
		c.root.Stop(pid)
	}
}

// ended follows the end of the top supervisor: it was stopped from outside, and is
// spawned again, or the chat ends.
func (c *Chat) ended() {
	if c.stopped.Load() {
		close(c.finished)
		return
	}
	// Its turn comes when the one that has ended is through with its own, and has left.
	c.census.dispatch(string(KindChat)).Schedule(func() {
		if !contain(&c.log, "start", c.startTop) {
			c.after(respawnPause, "start", c.startTop)
		}
	})
}

// spawn starts a child. It fails only where the name is taken, which a parent that
// waits for Terminated never sees: the panic restarts that parent.
func (c *Chat) spawn(ctx actor.Context, kind Kind, name string, produce func() actor.Actor) *actor.PID {
	pid, err := c.census.spawn(ctx, kind, name, produce)
	if err != nil {
		panic(fmt.Errorf("spawn %s: %w", name, err))
	}
	return pid
}

// Connect takes in a connection that is open. Its first frame follows through the
// socket.
func (c *Chat) Connect(socket Socket, resume Resume) (*Connection, error) {
	conn := &Connection{chat: c, socket: socket, resume: resume}
	conn.space.L = &conn.mu
	conn.state.public.at = resume.Since
	conn.state.inbox.at = Newest
	c.mu.Lock()
	if c.draining {
		c.mu.Unlock()
		return nil, ErrDraining
	}
	c.serial++
	conn.ID = c.serial
	conn.pid = actor.NewPID(c.system.Address(), c.sessions.Id+"/"+sessionName(conn.ID))
	c.connections[conn.ID] = conn
	c.mu.Unlock()
	c.metrics.Connections.Inc()
	c.root.Send(c.sessions, &connected{conn: conn})
	return conn, nil
}

// disconnected tells all who held a connection that it has ended.
func (c *Chat) disconnected(conn *Connection, clean bool) {
	c.metrics.Connections.Dec()
	gone := &Gone{Conn: conn.ID, Clean: clean}
	if claim := conn.claim.Load(); claim != nil {
		gone.Name = claim.name
	}
	c.root.Send(c.room, gone)
	c.root.Send(c.dms, gone)
	c.root.Send(c.sessions, &disconnected{conn: conn})
}

// retire takes a connection out whose session has ended for good.
func (c *Chat) retire(conn *Connection) {
	if claim, has := conn.heldClaim(); has {
		c.former.note(claim, time.Now())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.connections, conn.ID)
}

// liveConnections are those that have, or are to have, a session, the oldest first.
func (c *Chat) liveConnections() []*Connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.connections), func(a, b *Connection) int { return cmp.Compare(a.ID, b.ID) })
}

// Drain lets the node's clients go: each is told to come back elsewhere, what they
// said is stored, then their connections are closed with 1012. It returns when all
// are closed, or ctx ends.
func (c *Chat) Drain(ctx context.Context) {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	c.root.Send(c.sessions, &drainAll{})
	notice, cancel := context.WithTimeout(ctx, drainNotice)
	defer cancel()
	if c.awaitNone(notice) {
		return
	}
	c.hangingUp.Store(true) // for those that are made anew meanwhile
	c.root.Send(c.sessions, &hangUpAll{})
	c.awaitNone(ctx)
}

// awaitNone waits until no connection has a session, and says whether that came to be.
func (c *Chat) awaitNone(ctx context.Context) bool {
	const look = 10 * time.Millisecond
	every := time.NewTicker(look)
	defer every.Stop()
	for len(c.liveConnections()) > 0 {
		select {
		case <-every.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Stop ends all actors. It waits for them until ctx ends.
func (c *Chat) Stop(ctx context.Context) {
	c.stopped.Store(true)
	c.root.Stop(actor.NewPID(c.system.Address(), string(KindChat)))
	select {
	case <-c.finished:
	case <-ctx.Done():
	}
	if c.workers != nil {
		c.workers.stop()
	}
}
