package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"parley/actors"
	"parley/actors/engine"
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
	kinds = []engine.Kind{actors.KindChat, actors.KindBridge, actors.KindRoom, actors.KindRooms, actors.KindDMs, actors.KindDM, actors.KindSessions, actors.KindSession}
	hows  = []engine.How{engine.PanicBefore, engine.PanicAfter, engine.Restart, engine.Stop, engine.Poison}
)

// Fault is one line of a plan.
type Fault struct {
	At   time.Duration `json:"at"` // since the start of the chaos
	For  time.Duration `json:"for,omitempty"`
	What string        `json:"what"`
	Node int           `json:"node"`
	Kind engine.Kind   `json:"kind,omitempty"` // of an actor
	How  engine.How    `json:"how,omitempty"`  // it dies
	Pick int           `json:"pick,omitempty"` // which of several
	Back time.Duration `json:"back,omitempty"` // how far data or a clock is taken back; negative: forward
}

// Plan is all that a run depends on.
type Plan struct {
	Seed             uint64        `json:"seed"`
	Nodes            int           `json:"nodes"`
	Clients          []int         `json:"clients"`            // by number; a shrunk plan lacks some
	Rivals           int           `json:"rivals,omitempty"`   // clients besides that fight for names
	Flooders         []int         `json:"flooders,omitempty"` // the clients that say too much
	Rooms            int           `json:"rooms,omitempty"`    // besides the public one
	Keep             int           `json:"keep"`               // HISTORY_KEEP
	Ring             int           `json:"ring"`               // what nodes remember of a log
	FrameRate        float64       `json:"frame_rate,omitempty"`
	MessageRate      float64       `json:"message_rate,omitempty"`
	ConversationRate float64       `json:"conversation_rate,omitempty"` // a minute
	MaxText          int           `json:"max_text,omitempty"`          // bytes; 0: as usual
	Chaos            time.Duration `json:"chaos"`                       // how long things break
	Faults           []Fault       `json:"faults"`
}

// roomNames are those of all rooms, as Redis knows them.
var roomNames = []string{"attic", "barn", "cellar", "den", "entry"}

// rooms are those of the plan.
func (p *Plan) rooms() []string { return roomNames[:p.Rooms] }

// Size bounds what plans are made.
type Size struct {
	Nodes, Clients int
	Chaos          time.Duration
	Kills          int // of actors
}

const (
	minOutage  = 100 * time.Millisecond
	meanOutage = 1500 * time.Millisecond
	maxOutage  = 7 * time.Second // beyond the 5 s after which sends are refused
	// meanCalm is from the end of one outage to the beginning of the next, on average; one in
	// togetherOdds begins in the middle of the one before.
	meanCalm     = 1500 * time.Millisecond
	togetherOdds = 4
	// apart keeps what loses data away from what loses a node's memory: together they may lose
	// a message for good, and no chat can promise otherwise. One in apartOdds plans doesn't care.
	apart     = 12 * time.Second
	apartOdds = 4
	// oftener is how much likelier the end of a process is than anything else.
	oftener = 3
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
	if slices.Contains(mine, setClock) {
		// The judge takes ids for times where it excuses what is lost or trimmed.
		mine = slices.DeleteFunc(mine, func(what string) bool { return what == wipeRedis || what == rollRedis })
		p.Keep = 5000
	}
	if len(mine) > 0 {
		p.breakThings(r, mine)
	}
	p.Rooms = rand.New(rand.NewPCG(seed, 4)).IntN(len(roomNames) + 1)
	p.contend(rand.New(rand.NewPCG(seed, 3)), slices.Contains(mine, setClock))
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return p
}

// contend has clients fight for names, and say too much. Clocks are for the judge of who
// has a name what they are for the others: it takes them to go on.
func (p *Plan) contend(r *rand.Rand, clockIsSet bool) {
	if !clockIsSet && r.IntN(rivalOdds) == 0 {
		p.Rivals = prizes + r.IntN(maxRivals-prizes+1)
	}
	if r.IntN(floodOdds) > 0 {
		return
	}
	p.MessageRate, p.FrameRate, p.Flooders = 1, 20, p.Clients[:1+r.IntN(min(2, len(p.Clients)))]
	if r.IntN(2) == 0 {
		p.ConversationRate = 1
	}
	if r.IntN(2) == 0 {
		p.MaxText = 1024
	}
}

const (
	// Names are fought for in one plan of rivalOdds, by three for each at most, and one of
	// floodOdds has clients that say too much.
	rivalOdds = 2
	maxRivals = 3 * prizes
	floodOdds = 4
)

// killActors spreads so many kills over the chaos, in series and one by one.
func (p *Plan) killActors(r *rand.Rand, kills int) {
	for range kills {
		f := Fault{At: time.Duration(r.Int64N(int64(p.Chaos))), What: killActor, Node: r.IntN(p.Nodes),
			Kind: kinds[r.IntN(len(kinds))], How: hows[r.IntN(len(hows))], Pick: r.IntN(1000)}
		p.Faults = append(p.Faults, f)
	}
}

// pick draws one of what may break: what ends a process more often than the rest.
func pick(r *rand.Rand, mine []string) int {
	for {
		i := r.IntN(len(mine))
		switch mine[i] {
		case killNode, killRedis, wipeRedis, rollRedis:
			return i
		}
		if r.IntN(oftener) == 0 {
			return i
		}
	}
}

func (p *Plan) breakThings(r *rand.Rand, mine []string) {
	careful := r.IntN(apartOdds) > 0
	var lostData, lostMemory time.Duration = -apart, -apart
	for at := time.Duration(0); ; {
		f := Fault{At: at, What: mine[pick(r, mine)], Node: r.IntN(p.Nodes), Pick: r.IntN(1000),
			For: min(maxOutage, minOutage+time.Duration(r.ExpFloat64()*float64(meanOutage)))}
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
