package actors

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// Chat is the running chat of one node: the actor tree, and what outlives each of
// its actors (connections, tails, the rosters). Its methods may be called from any
// goroutine.
type Chat struct {
	settings      Settings
	reserved      protocol.ReservedNames
	kept          map[Log]string // the rooms of the settings, as they are spelled
	node          string
	log           zerolog.Logger
	metrics       *metrics
	produceBridge actor.Producer
	system        *engine.System
	root          *actor.RootContext // the system's
	resume        func(connection uint64, goOn func())

	// Where the actors are. Names stay the same through every restart.
	bridge, room, rooms, dms, sessions *actor.PID

	books      books
	former     former
	budgets    budgets
	peers      peers
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
	// Dispatch is the engine's: a simulation decides what runs next. nil is the usual.
	Dispatch func(actor string) actor.Dispatcher
	// Resume lets the read loop of that connection go on, which waits in Receive: when is a
	// simulation's to decide. nil: at once.
	Resume func(connection uint64, goOn func())
	// Memory is how much the node remembers of the logs; the zero one is the usual.
	Memory Memory
}

// The kinds of actors, top down.
const (
	KindChat     engine.Kind = "chat"
	KindBridge   engine.Kind = "bridge"
	KindRoom     engine.Kind = "room"
	KindRooms    engine.Kind = "rooms"
	KindDMs      engine.Kind = "dms"
	KindDM       engine.Kind = "dm"
	KindSessions engine.Kind = "sessions"
	KindSession  engine.Kind = "session"
)

// drainNotice is how long clients have to leave by themselves.
const drainNotice = drainSpread + 500*time.Millisecond

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
	kept, err := keptRooms(o.Rooms)
	if err != nil {
		return nil, err
	}
	c := &Chat{
		settings: o.Settings, kept: kept, reserved: reserved, node: o.Node, log: o.Log, produceBridge: o.Bridge,
		metrics:     newMetrics(o.Registerer),
		resume:      o.Resume,
		books:       books{memory: o.Memory.orUsual()},
		budgets:     newBudgets(o.Settings),
		connections: make(map[uint64]*Connection),
	}
	if c.resume == nil {
		c.resume = func(_ uint64, goOn func()) { goOn() }
	}
	c.system = engine.New(engine.Options{Log: o.Log, Dispatch: o.Dispatch, Restarted: c.metrics.restarted})
	c.root = c.system.Root
	o.Registerer.MustRegister(newDepths(c.system))
	c.bridge, c.sessions = c.pid(KindBridge), c.pid(KindSessions)
	c.room, c.rooms, c.dms = c.pid(KindRoom), c.pid(KindRooms), c.pid(KindDMs)
	c.system.Run(KindChat, string(KindChat), func() actor.Actor { return newTop(c) })
	return c, nil
}

func (c *Chat) pid(kind engine.Kind) *actor.PID { return c.system.PID(string(KindChat), string(kind)) }

// of is who hands on what is for a log's actor, or is that.
func (c *Chat) of(log Log) *actor.PID {
	switch {
	case log.Private():
		return c.dms
	case log.Named():
		return c.rooms
	}
	return c.room
}

// Connect takes in a connection that is open. Its first frame follows through the
// socket.
func (c *Chat) Connect(socket Socket, resume Resume) (*Connection, error) {
	conn := &Connection{chat: c, socket: socket, resume: resume}
	conn.state.follow(everyone, resume.Since)
	c.mu.Lock()
	if c.draining {
		c.mu.Unlock()
		return nil, ErrDraining
	}
	c.serial++
	conn.ID = c.serial
	conn.pid = c.system.PID(c.sessions.Id, sessionName(conn.ID))
	c.connections[conn.ID] = conn
	c.mu.Unlock()
	c.metrics.Connections.Inc()
	c.root.Send(c.sessions, &connected{conn: conn})
	return conn, nil
}

// ended tells all who held a connection that it has ended.
func (c *Chat) ended(conn *Connection, clean bool) {
	c.metrics.Connections.Dec()
	gone := &gone{Conn: conn, Clean: clean}
	c.root.Send(c.room, gone)
	c.root.Send(c.rooms, gone)
	c.root.Send(c.dms, gone)
	c.root.Send(c.sessions, gone)
}

// Actors lists the live actors, parents before children of the same kind together.
func (c *Chat) Actors() []engine.Info {
	return slices.SortedFunc(slices.Values(c.system.Live()), func(a, b engine.Info) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
}

// Kill kills the named actor, or where name is empty one of the kind at random, and
// says which. A session that is stopped hangs up on its connection.
func (c *Chat) Kill(name string, kind engine.Kind, how engine.How) (engine.Info, error) {
	if name == "" {
		name = c.system.Any(kind)
	}
	if how == engine.Stop {
		for _, conn := range c.liveConnections() {
			if sessionName(conn.ID) == name {
				conn.hangUp(protocol.CloseRestart, "session stopped")
			}
		}
	}
	return c.system.Kill(name, how)
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
func (c *Chat) Stop(ctx context.Context) { c.system.Stop(ctx) }
