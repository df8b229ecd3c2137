package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"parley/actors"
)

// What can break.
const (
	killActor    = "actor"         // an actor dies in one of five ways
	killNode     = "node-kill"     // a node is killed with -9 and started again
	drainNode    = "node-drain"    // a node is told to go (SIGTERM) and started again
	pauseNode    = "node-pause"    // a node's process is stopped and goes on
	killRedis    = "redis-kill"    // the Redis is killed and started again with its data
	wipeRedis    = "redis-wipe"    // likewise without its data
	rollRedis    = "redis-roll"    // likewise with the data of some seconds before
	pauseRedis   = "redis-pause"   // the Redis is stopped and goes on
	fillRedis    = "redis-full"    // the Redis has no memory left for a while
	setClock     = "redis-clock"   // the Redis's clock is set, forward or back, and stays so
	cutLink      = "link-cut"      // a node's connections to the Redis end, new ones are refused
	freezeLink   = "link-freeze"   // they fall silent, and nothing tells so
	deafenLink   = "link-deaf"     // what a node asks is done, the answers are lost
	muteLink     = "link-mute"     // what it asks is lost
	slowLink     = "link-slow"     // everything takes long
	freezePubSub = "pubsub-freeze" // subscriptions that are there fall silent, and they alone
	hangUpPubSub = "pubsub-kill"   // the Redis hangs up on all subscribers
	severClients = "client-cut"    // a part of a node's clients lose their connections at once
	stallClients = "client-stall"  // a part of them stop reading
)

var outages = []string{killNode, drainNode, pauseNode, killRedis, wipeRedis, rollRedis, pauseRedis, fillRedis, setClock,
	cutLink, freezeLink, deafenLink, muteLink, slowLink, freezePubSub, hangUpPubSub, severClients, stallClients}

var (
	kinds = []actors.Kind{actors.KindChat, actors.KindBridge, actors.KindRoom, actors.KindDMs, actors.KindDM, actors.KindSessions, actors.KindSession}
	hows  = []actors.How{actors.PanicBefore, actors.PanicAfter, actors.Restart, actors.Stop, actors.Poison}
)

// Fault is one line of a plan.
type Fault struct {
	At   time.Duration `json:"at"` // since the start of the chaos
	For  time.Duration `json:"for,omitempty"`
	What string        `json:"what"`
	Node int           `json:"node"`
	Kind actors.Kind   `json:"kind,omitempty"` // of an actor
	How  actors.How    `json:"how,omitempty"`  // it dies
	Pick int           `json:"pick,omitempty"` // which of several
	Back time.Duration `json:"back,omitempty"` // how far data or a clock is taken back; negative: forward
}

// Plan is all that a run depends on.
type Plan struct {
	Seed        uint64        `json:"seed"`
	Nodes       int           `json:"nodes"`
	Clients     []int         `json:"clients"` // by number; a shrunk plan lacks some
	Keep        int           `json:"keep"`    // HISTORY_KEEP
	Ring        int           `json:"ring"`    // what nodes remember of a log
	FrameRate   float64       `json:"frame_rate,omitempty"`
	MessageRate float64       `json:"message_rate,omitempty"`
	Chaos       time.Duration `json:"chaos"` // how long things break
	Faults      []Fault       `json:"faults"`
}

// Size bounds what plans are made.
type Size struct {
	Nodes, Clients int
	Chaos          time.Duration
	Kills          int // of actors
}

const (
	minOutage = 100 * time.Millisecond
	maxOutage = 7 * time.Second
	// meanCalm is from the end of one outage to the beginning of the next, on average; one in
	// togetherOdds begins in the middle of the one before.
	meanCalm     = 2 * time.Second
	togetherOdds = 4
	// apart keeps what loses data away from what loses a node's memory: together they may lose
	// a message for good, and no chat can promise otherwise. One in apartOdds plans doesn't care.
	apart     = 12 * time.Second
	apartOdds = 4
	// farthest is how far data is taken back, and a clock set.
	farthest = 5 * time.Second
	// A plan leaves out each kind of outage with these odds in ten: what few of them do is
	// found only where the others don't hide it.
	leftOutOf10 = 6
)

// newPlan makes a plan of a seed: the same each time.
func newPlan(seed uint64, size Size) Plan {
	r := rand.New(rand.NewPCG(seed, 1))
	p := Plan{Seed: seed, Nodes: 1 + r.IntN(size.Nodes), Keep: []int{60, 200, 5000}[r.IntN(3)], Ring: []int{50, 120, 1000}[r.IntN(3)], Chaos: size.Chaos}
	for i := range 2 + r.IntN(size.Clients-1) {
		p.Clients = append(p.Clients, i)
	}
	if r.IntN(4) == 0 {
		p.MessageRate, p.FrameRate = 1, 20
	}
	mine := slices.DeleteFunc(slices.Clone(outages), func(string) bool { return r.IntN(10) < leftOutOf10 })
	if size.Kills > 0 {
		p.killActors(r, size.Kills)
	}
	if len(mine) > 0 {
		p.breakThings(r, mine)
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return p
}

// killActors spreads so many kills over the chaos, in series and one by one.
func (p *Plan) killActors(r *rand.Rand, kills int) {
	for range kills {
		f := Fault{At: time.Duration(r.Int64N(int64(p.Chaos))), What: killActor, Node: r.IntN(p.Nodes),
			Kind: kinds[r.IntN(len(kinds))], How: hows[r.IntN(len(hows))], Pick: r.IntN(1000)}
		p.Faults = append(p.Faults, f)
	}
}

func (p *Plan) breakThings(r *rand.Rand, mine []string) {
	careful := r.IntN(apartOdds) > 0
	var lostData, lostMemory time.Duration = -apart, -apart
	for at := time.Duration(0); ; {
		f := Fault{At: at, What: mine[r.IntN(len(mine))], Node: r.IntN(p.Nodes), Pick: r.IntN(1000),
			For: minOutage + time.Duration(r.Int64N(int64(maxOutage-minOutage)))}
		switch f.What {
		case hangUpPubSub, severClients, setClock:
			f.For = 0
		}
		switch f.What {
		case rollRedis:
			f.Back = time.Duration(r.Int64N(int64(farthest)))
		case setClock:
			f.Back = time.Duration(r.Int64N(int64(2*farthest))) - farthest
		}
		if careful {
			switch f.What {
			case wipeRedis, rollRedis:
				f.At = max(f.At, lostMemory+apart)
				lostData = f.At + f.For
			case killNode, drainNode:
				f.At = max(f.At, lostData+apart)
				lostMemory = f.At + f.For
			}
		}
		if f.At+f.For >= p.Chaos {
			return
		}
		p.Faults = append(p.Faults, f)
		if r.IntN(togetherOdds) == 0 {
			at = f.At + f.For/2
		} else {
			at = f.At + f.For + time.Duration(r.ExpFloat64()*float64(meanCalm))
		}
	}
}
