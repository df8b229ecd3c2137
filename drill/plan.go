package main

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Faults by their names on the command line.
const (
	killActor   = "actor"       // an actor dies in one of five ways
	killNode    = "node"        // a node is killed with -9 and started again
	drainNode   = "drain"       // a node is told to end with SIGTERM, and started again when it has
	killRedis   = "redis-kill"  // Redis is killed with -9 and started again with its data
	wipeRedis   = "redis-wipe"  // the same without its data
	pauseRedis  = "redis-pause" // Redis is stopped and goes on
	cutLink     = "link-cut"    // a node's connections to Redis end, new ones are refused
	freezeLink  = "link-freeze" // they fall silent, and TCP says nothing
	loseReplies = "link-deaf"   // what a node asks is done, the answers are lost
	killPubSub  = "pubsub"      // Redis hangs up on all subscribers
)

var allFaults = []string{killActor, killNode, drainNode, killRedis, wipeRedis, pauseRedis, cutLink, freezeLink, loseReplies, killPubSub}

const (
	// warmUp and coolDown are the parts of a drill without new faults: to measure before, and to heal.
	warmUp   = 3 * time.Second
	coolDown = 5 * time.Second

	// Kills of actors come in series with these pauses: what is missed must be served within 250 ms, so that each kill of
	// a series is measured alone.
	minKillPause = 500 * time.Millisecond
	maxKillPause = time.Second
	minSeries    = 2
	maxSeries    = 6

	// Other faults last between these; the longest is beyond the 5 s after which sends are refused.
	minOutage = 300 * time.Millisecond
	maxOutage = 7 * time.Second

	// minDrain is how long a node takes that is told to end: its clients have 2.5 s.
	minDrain = 3 * time.Second

	// minCalm and maxCalm lie between two faults that are no kills of actors.
	minCalm = 2 * time.Second
	maxCalm = 5 * time.Second

	// apart keeps what loses data away from what loses a ring: together they may lose a message for good, and no chat
	// can promise otherwise.
	apart = 12 * time.Second

	// overlapOdds is how often an actor is killed in the middle of another fault, and how often a second fault begins
	// there: one in so many.
	overlapOdds = 3
)

// fault is one line of the plan.
type fault struct {
	At   time.Duration // since the start
	For  time.Duration // how long it lasts; 0 for what is done at once
	Name string
	Node int    // which one, where it concerns one
	Kind string // of an actor
	How  string // it dies
	Calm bool   // nothing else is broken then: what it costs can be measured

	Second bool // it begins in the middle of another
}

// planFaults says what is broken when. The same arguments make the same plan.
func planFaults(seed uint64, duration time.Duration, names []string, nodes int) []fault {
	if len(names) == 0 || nodes == 0 {
		return nil
	}
	p := &planner{rand: rand.New(rand.NewPCG(seed, uint64(duration))), nodes: nodes}
	last := duration - coolDown
	others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == killActor })
	actors := len(others) < len(names)
	for at := warmUp; at < last; {
		if actors && (len(others) == 0 || p.rand.IntN(2) == 0) {
			at = p.series(at, last)
			continue
		}
		at = p.outage(at, last, others, actors)
	}
	slices.SortStableFunc(p.plan, func(a, b fault) int { return int(a.At - b.At) })
	return p.plan
}

type planner struct {
	rand  *rand.Rand
	nodes int
	deck  []death
	hand  []string // the outages that are still to come before one comes again
	plan  []fault

	lastWipe, lastRing time.Duration // when data, and when a node's ring, were last lost
}

func (p *planner) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(p.rand.Int64N(int64(hi-lo)))
}

// series kills some actors one after the other.
func (p *planner) series(at, last time.Duration) time.Duration {
	for range minSeries + p.rand.IntN(maxSeries-minSeries+1) {
		if at >= last {
			break
		}
		p.killActor(at, true)
		at += p.between(minKillPause, maxKillPause)
	}
	return at
}

func (p *planner) killActor(at time.Duration, calm bool) {
	d := p.draw()
	p.plan = append(p.plan, fault{At: at, Name: killActor, Node: p.rand.IntN(p.nodes), Kind: d.kind, How: d.how, Calm: calm})
}
