package load

import (
	"fmt"
	"time"
)

// scenario is one kind of work.
type scenario struct {
	name string

	clients    int     // members for the whole run
	rate       float64 // messages/s of all publishers together
	size       int     // of a text, bytes
	publishers int     // how many of the members publish, in turn
	direct     float64 // the share of direct messages
	churn      float64 // clients/s that leave while as many come

	// rooms is how many rooms there are, each member being in so many (each) of them, and all that is said is said there;
	// 0: everybody talks to everybody.
	rooms, each int

	// storm is how many more clients come within stormWithin while the members talk.
	storm       int
	stormWithin time.Duration

	fromSend bool // latency counts from the send: where the generator's own lateness is as large as what is measured
	pair     bool // only the second member's deliveries are timed
	round    bool // a bare round trip through Redis is measured beside it

	nodes   []int    // on how many nodes, one after the other; none: one
	targets []string // which servers do it
}

// Names of the targets.
const (
	onParley     = "parley"
	onCentrifuge = "centrifuge"
	onDelayed    = "centrifuge-delay" // with its write delay
	onBare       = "bare"
)

const (
	textSize       = 60 // bytes: a line of chat
	usualTalkers   = 50 // how many publish where nothing else is said: more would not change what a server does
	stormMembers   = 2
	stormRate      = 50   // messages/s of the pair in the storm
	stormDirect    = 0.9  // so 5 a second go to everyone, and the storm isn't drowned in deliveries
	pingpongRate   = 100  // messages/s: each has long arrived when the next one leaves
	defaultClients = 100  // of a scenario made on the command line
	defaultRate    = 1000 // likewise, messages/s
)

// scenarios are the works that the bars speak of, in the order they are run.
var scenarios = []scenario{
	{
		name: "pingpong", clients: 2, rate: pingpongRate, publishers: 1, fromSend: true, pair: true, round: true,
		targets: []string{onParley},
	},
	{
		name: "fanout-500x1000", clients: 500, rate: 1_000, publishers: usualTalkers,
		targets: []string{onParley, onCentrifuge, onDelayed},
	},
	{
		name: "fanout-1000x2000", clients: 1_000, rate: 2_000, publishers: usualTalkers,
		targets: []string{onParley, onDelayed},
	},
	{
		// More than a server can take that writes for each delivery, or for a few.
		name: "fanout-1000x5000", clients: 1_000, rate: 5_000, publishers: usualTalkers,
		targets: []string{onParley, onDelayed},
	},
	{
		name: "fanout-10000x5", clients: 10_000, rate: 5, publishers: usualTalkers,
		targets: []string{onParley, onCentrifuge, onDelayed, onBare},
	},
	{
		name: "publish-20x30000", clients: 20, rate: 30_000, publishers: 20,
		targets: []string{onParley, onCentrifuge, onDelayed},
	},
	{
		name: "idle-10000", clients: 10_000,
		targets: []string{onParley, onCentrifuge, onDelayed, onBare},
	},
	{
		// Ten people in each room.
		name: "rooms-10000x500", clients: 10_000, rate: 500, publishers: 1_000, rooms: 10_000, each: 10,
		targets: []string{onParley, onCentrifuge, onDelayed},
	},
	{
		name: "rooms-idle-10000", clients: 10_000, rooms: 10_000, each: 10,
		targets: []string{onParley, onCentrifuge, onDelayed},
	},
	{
		name: "dm-1000x5000", clients: 1_000, rate: 5_000, publishers: 1_000, direct: 1,
		targets: []string{onParley},
	},
	{
		name: "joinstorm-5000", clients: stormMembers, rate: stormRate, publishers: 1, direct: stormDirect, pair: true,
		storm: 5_000, stormWithin: 5 * time.Second,
		targets: []string{onParley},
	},
	{
		// Many clients: that is what one adds nodes for. Each message is one more thing to do on each node, and a delivery to
		// each client is done once.
		name: "nodes-1-2-4", clients: 2_000, rate: 500, publishers: usualTalkers, nodes: []int{1, 2, 4},
		targets: []string{onParley},
	},
}

// find returns the scenario of that name.
func find(name string) (scenario, error) {
	for _, s := range scenarios {
		if s.name == name {
			return s.complete(), nil
		}
	}
	return scenario{}, fmt.Errorf("no such scenario: %q", name)
}

// complete fills in what most scenarios share.
func (s scenario) complete() scenario {
	if s.size == 0 {
		s.size = textSize
	}
	if len(s.nodes) == 0 {
		s.nodes = []int{1}
	}
	return s
}

// validate says what is wrong with a scenario, most likely with one from the command line.
func (s scenario) validate() error {
	switch {
	case s.clients < 1 || s.clients+s.storm > maxClients:
		return fmt.Errorf("%d clients: there must be 1 to %d", s.clients+s.storm, maxClients)
	case s.rate < 0 || s.rate > maxRate:
		return fmt.Errorf("a rate of %v messages/s: it must be 0 to %d", s.rate, maxRate)
	case s.size < stampSize || s.size > maxText:
		return fmt.Errorf("texts of %d bytes: they must be of %d to %d", s.size, stampSize, maxText)
	case s.publishers > s.clients || s.rate > 0 && s.publishers < 1:
		return fmt.Errorf("%d publishers among %d clients", s.publishers, s.clients)
	case s.direct < 0 || s.direct > 1:
		return fmt.Errorf("a share of %v direct messages: it must be 0 to 1", s.direct)
	case s.direct > 0 && s.clients < 2:
		return fmt.Errorf("direct messages need two clients")
	case s.rooms > 0 && (s.each < 1 || s.each > s.rooms || s.clients*s.each%s.rooms != 0 || s.rooms%stride == 0 || s.direct > 0 || s.churn > 0 || s.storm > 0):
		return fmt.Errorf("%d rooms, of which each of %d clients is in %d", s.rooms, s.clients, s.each)
	case s.churn < 0 || s.churn > maxChurn:
		return fmt.Errorf("a churn of %v clients/s: it must be 0 to %d", s.churn, maxChurn)
	}
	return nil
}

const (
	maxClients = 19_000  // a process here may open 20,000 files
	maxRate    = 200_000 // messages/s: more than one pacer can write
	maxText    = 4 << 10 // bytes: what Parley takes unless told otherwise
	maxChurn   = 1_000   // clients/s
)
