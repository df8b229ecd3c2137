package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/engine"
	"parley/redisbridge"
)

const (
	// stopLimit and drainLimit are how long a node may take to end and to let its clients go,
	// as main has it.
	stopLimit  = 5 * time.Second
	drainLimit = 10 * time.Second
)

// node is one life of a server: a killed one is another when it is back.
type node struct {
	name    string // of the life: a.1, a.2, …
	world   *world
	link    *link
	chat    *actors.Chat
	store   *redisbridge.Store
	sockets map[*socket]struct{}
	paused  bool
	parked  []task // what was due while it was paused
	leaving bool   // it takes no connections any more
	over    bool   // all of it has ended; under the world's mutex
	errors  *[]string
}

// startNode starts a server.
func startNode(w *world, redis *server, name string, p Plan, errs *[]string) (*node, error) {
	n := &node{name: name, world: w, sockets: map[*socket]struct{}{}, errors: errs,
		link: &link{name: name, world: w, redis: redis}}
	log := zerolog.New(logged{n}).Level(zerolog.WarnLevel)
	registry := prometheus.NewRegistry()
	settings := redisbridge.Settings{Addr: "redis:6379", HistoryKeep: p.Keep, RoomKeep: roomKeep, NameHold: nameHold}
	store, err := redisbridge.OpenIn(redisbridge.Surroundings{Dial: n.link.dial, Go: n.spawn, Journal: journalRings * p.Ring}, settings, name, log, registry)
	if err != nil {
		return nil, fmt.Errorf("open the store of %s: %w", name, err)
	}
	n.store = store
	n.chat, err = actors.New(actors.Options{
		Settings: actors.Settings{HistorySize: historySize, MaxTextBytes: cmp.Or(p.MaxText, maxText), FrameRate: p.FrameRate,
			MessageRate: p.MessageRate, ConversationRate: p.ConversationRate, RoomsPerConnection: len(roomNames), RoomsPerNode: len(roomNames)},
		Node: name, Bridge: store.Actor, Log: log, Registerer: registry,
		Dispatch: func(name string) actor.Dispatcher { return &turns{node: n, key: n.name + "/" + name} },
		Resume: func(connection uint64, goOn func()) {
			w.post(task{key: fmt.Sprintf("%s/reader-%d", n.name, connection), held: n.hold, do: goOn})
		},
		Memory: actors.Memory{Public: p.Ring, Room: p.Ring, Inbox: p.Ring},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), store.Close())
	}
	n.sweep()
	return n, nil
}

// spawn does work that waits for the Redis: each begins in a step of its own, for which of two
// finds the idle connection is nobody's to decide but the world's.
func (n *node) spawn(lane string, work func()) {
	n.world.post(task{key: n.name + "/bridge/" + lane, held: n.hold, do: func() { go work() }})
}

const (
	historySize  = 20
	journalRings = 4 // a journal holds so many times what a ring does
	maxText      = 4096
	// nameHold is short, so that rivals wait for its end, too.
	nameHold      = 6 * time.Second
	roomKeep      = time.Hour
	sweepInterval = time.Second
)

// turns has one actor's mailbox run in the world's steps, one message at a time.
type turns struct {
	node *node
	key  string
}

// Schedule makes a turn possible.
func (t *turns) Schedule(run func()) {
	t.node.world.post(task{key: t.key, held: t.node.hold, do: func() {
		defer func() {
			if reason := recover(); reason != nil { // as a worker's: it is logged there, and a fault
				t.node.fail(fmt.Sprintf("%s: a panic left its mailbox: %v", t.key, reason))
				t.Schedule(run)
			}
		}()
		run()
	}})
}

// Throughput is one: what else happens between two messages is the world's to say.
func (t *turns) Throughput() int { return 1 }

// hold keeps what is due while the node is paused.
func (n *node) hold(t task) bool {
	if n.paused {
		n.parked = append(n.parked, t)
	}
	return n.paused
}

// pause stops the process, or lets it go on.
func (n *node) pause(on bool) {
	n.paused = on
	if !on {
		for _, t := range n.parked {
			n.world.put(task{key: t.key, due: time.Now(), held: t.held, do: t.do})
		}
		n.parked = nil
	}
}

// logged hears what the server logs. An error that is no killing is a fault.
type logged struct{ node *node }

// WriteLevel implements zerolog.LevelWriter.
func (l logged) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level >= zerolog.ErrorLevel && !strings.Contains(string(line), "killed on request") {
		l.node.fail(strings.TrimSpace(string(line)))
	}
	return len(line), nil
}

// Write takes lines without a level.
func (l logged) Write(line []byte) (int, error) { return len(line), nil }

func (n *node) fail(what string) {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	*n.errors = append(*n.errors, n.name+": "+what)
}

func (n *node) sweep() {
	if n.ended() {
		return
	}
	for _, s := range n.all() {
		s.sweep()
	}
	n.world.after(sweepInterval, n.name+" sweeps", n.sweep)
}

// all are its connections, in an order of their own.
func (n *node) all() []*socket {
	return slices.SortedFunc(maps.Keys(n.sockets), func(a, b *socket) int { return strings.Compare(a.name, b.name) })
}

// kill ends it as kill -9 does. What of it still runs can reach nobody: it is let go of in
// order, for the bubble waits for its goroutines.
func (n *node) kill() {
	n.leave(true)
	for _, s := range n.all() {
		s.sever()
	}
	for _, near := range n.link.living() {
		if n.world.rand.IntN(2) == 0 && n.link.mode != frozen && n.link.mode != mute {
			n.link.redis.keepTime()
			for _, c := range near.chunks { // what it had asked is done all the same
				near.peer.arrive(c)
			}
		}
		near.chunks = nil
	}
	n.link.endAll(func(*connEnd) bool { return true })
	n.pause(false)
	n.end(func() {})
}

// drain ends it as SIGTERM does, in the order of main.
func (n *node) drain() {
	n.leave(false)
	n.end(func() {
		ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
		defer cancel()
		n.chat.Drain(ctx)
		_ = n.store.Retire(ctx) // a lease that is not shortened runs out by itself
	})
}

func (n *node) leave(dead bool) {
	n.leaving = true
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	n.link.gone = dead
}

// end stops what is left, on a goroutine that the world waits for.
func (n *node) end(first func()) {
	go func() {
		first()
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		n.chat.Stop(ctx)
		if ctx.Err() != nil {
			n.fail("its actors did not end in time")
		}
		_ = n.store.Close()
		n.world.mu.Lock()
		n.over = true
		n.world.mu.Unlock()
		n.world.signal()
	}()
}

func (n *node) ended() bool {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return n.over
}

// killActor kills one actor: the picked one of those of the kind. It says which.
func (n *node) killActor(kind engine.Kind, how engine.How, pick int) (name string, ok bool) {
	var of []engine.Info
	for _, a := range n.chat.Actors() {
		if a.Kind == kind {
			of = append(of, a)
		}
	}
	if len(of) == 0 {
		return "", false
	}
	name = of[pick%len(of)].Name
	_, err := n.chat.Kill(name, kind, how)
	return name, err == nil
}
