package load

import "math"

// bar is one thing that must hold: a figure with its limit.
type bar struct {
	scenario string
	beside   string // another scenario whose results count, too; may be empty
	what     string
	figure   func(book) float64 // NaN: not measured in this run
	limit    float64
	atLeast  bool // the limit is the least, not the most
}

func (b bar) held(figure float64) bool {
	if b.atLeast {
		return figure >= b.limit
	}
	return figure <= b.limit
}

// whole is 1 where everything arrived without backlog; its bar is 1.
const whole = "complete, no backlog (1 = yes)"

// bars are what is wanted of Parley, mostly as ratios within one run, so that they hold on any machine.
var bars = []bar{
	{scenario: "fanout-1000x2000", what: whole, figure: complete, limit: 1, atLeast: true},
	{
		scenario: "fanout-1000x2000", what: "CPU per delivery / Centrifuge with its write delay",
		figure: against(result.serverPerDelivery, onDelayed), limit: 0.35,
	},
	{
		// Where both take all that is offered, the offer is what is measured: so the most that each delivered counts.
		scenario: "fanout-1000x5000", beside: "fanout-1000x2000", what: "most deliveries/s / Centrifuge's with its write delay",
		figure: mostDeliveries, limit: 2.3, atLeast: true,
	},
	{
		scenario: "fanout-500x1000", what: "CPU per delivery / Centrifuge, better setting",
		figure: against(result.serverPerDelivery, onCentrifuge, onDelayed), limit: 0.75,
	},
	{
		scenario: "fanout-500x1000", what: "p99 / Centrifuge, better setting",
		figure: against(p99, onCentrifuge, onDelayed), limit: 1,
	},
	{
		scenario: "fanout-10000x5", what: "CPU per delivery / Centrifuge, better setting",
		figure: against(result.serverPerDelivery, onCentrifuge, onDelayed), limit: 1,
	},
	{
		scenario: "fanout-10000x5", what: "CPU per delivery / bare gws loop",
		figure: against(result.serverPerDelivery, onBare), limit: 1.15,
	},
	{
		scenario: "fanout-10000x5", what: "p99 / Centrifuge, better setting",
		figure: against(p99, onCentrifuge, onDelayed), limit: 0.5,
	},
	{
		scenario: "publish-20x30000", what: "server CPU per message / Centrifuge, better setting",
		figure: against(result.serverPerMessage, onCentrifuge, onDelayed), limit: 0.45,
	},
	{
		scenario: "publish-20x30000", what: "Redis CPU per message / Centrifuge, better setting",
		figure: against(result.redisPerMessage, onCentrifuge, onDelayed), limit: 0.4,
	},
	{scenario: "publish-20x30000", what: whole, figure: complete, limit: 1, atLeast: true},
	{
		scenario: "pingpong", what: "p50 / (1.2 × a round trip through Redis + 300 µs)",
		figure: own(func(r result) float64 { return r.P50 / (roundTimes*r.RoundP50 + roundPlus) }), limit: 1,
	},
	{
		scenario: "idle-10000", what: "memory of a connection, KiB",
		figure: own(func(r result) float64 { return r.memoryPerClient() / kibibyte }), limit: 7.8,
	},
	{
		scenario: "idle-10000", what: "memory of a connection / Centrifuge, better setting",
		figure: against(result.memoryPerClient, onCentrifuge, onDelayed), limit: 0.55,
	},
	{scenario: "idle-10000", what: "CPU while idle, % of a core", figure: own(result.serverPercent), limit: 2},
	{scenario: "rooms-10000x500", what: whole, figure: complete, limit: 1, atLeast: true},
	{
		scenario: "rooms-10000x500", what: "CPU per delivery / Centrifuge, better setting",
		figure: against(result.serverPerDelivery, onCentrifuge, onDelayed), limit: 0.75,
	},
	{
		scenario: "rooms-10000x500", what: "p99 / Centrifuge, better setting",
		figure: against(p99, onCentrifuge, onDelayed), limit: 1,
	},
	{
		scenario: "rooms-idle-10000", what: "memory of a connection, its ten rooms included, KiB",
		figure: own(func(r result) float64 { return r.memoryPerClient() / kibibyte }), limit: 12,
	},
	{
		scenario: "rooms-idle-10000", what: "memory of a connection / Centrifuge, better setting",
		figure: against(result.memoryPerClient, onCentrifuge, onDelayed), limit: 0.5,
	},
	{scenario: "rooms-idle-10000", what: "CPU while idle, % of a core", figure: own(result.serverPercent), limit: 4},
	{scenario: "dm-1000x5000", what: whole, figure: complete, limit: 1, atLeast: true},
	{scenario: "dm-1000x5000", what: "p99, ms", figure: own(inMilliseconds(p99)), limit: 50},
	{
		scenario: "joinstorm-5000", what: "seconds until all joined and told",
		figure: own(func(r result) float64 { return r.JoinSeconds }), limit: 10,
	},
	{
		// Telling everybody of every join would be 2,500 frames a join.
		scenario: "joinstorm-5000", what: "presence frames per join",
		figure: own(result.presencePerJoin), limit: 250,
	},
	{scenario: "joinstorm-5000", what: "p99 of others' messages, ms", figure: own(inMilliseconds(p99)), limit: 250},
	{scenario: "nodes-1-2-4", what: "CPU per delivery / one node, worst", figure: worstOfNodes, limit: 1.1},
}

const (
	kibibyte = 1 << 10

	roundTimes = 1.2
	roundPlus  = 300 // µs
)

// p99 is nothing where nothing arrived.
func p99(r result) float64 {
	if r.Timed == 0 {
		return math.NaN()
	}
	return r.P99
}

func inMilliseconds(figure func(result) float64) func(result) float64 {
	return func(r result) float64 { return figure(r) / 1e3 } //nolint:mnd // µs to ms
}

// book holds the results of one scenario.
type book []result

func (b book) of(target string, nodes int) (result, bool) {
	for _, r := range b {
		if r.Target == target && r.Nodes == nodes {
			return r, true
		}
	}
	return result{}, false
}

// own is a figure of Parley alone.
func own(figure func(result) float64) func(book) float64 {
	return func(b book) float64 {
		r, ok := b.of(onParley, 1)
		if !ok {
			return math.NaN()
		}
		return figure(r)
	}
}

// against is a figure of Parley over that of a peer, or of the best of several (the least; one alone where more is better).
func against(figure func(result) float64, peers ...string) func(book) float64 {
	return func(b book) float64 {
		best := math.NaN()
		for _, p := range peers {
			r, ok := b.of(p, 1)
			if f := figure(r); ok && !math.IsNaN(f) && !(best <= f) { //nolint:staticcheck // NaN <= x is false: the first one counts
				best = f
			}
		}
		return own(figure)(b) / best
	}
}

// mostDeliveries is the most that Parley delivered a second over the most that Centrifuge did.
func mostDeliveries(b book) float64 {
	most := map[string]float64{}
	for _, r := range b {
		most[r.Target] = max(most[r.Target], r.deliveryRate())
	}
	return most[onParley] / most[onDelayed]
}

func complete(b book) float64 {
	return own(func(r result) float64 {
		if r.complete() {
			return 1
		}
		return 0
	})(b)
}

// worstOfNodes is the dearest delivery of several nodes over that of one.
func worstOfNodes(b book) float64 {
	one, ok := b.of(onParley, 1)
	if !ok {
		return math.NaN()
	}
	worst := math.NaN()
	for _, r := range b {
		if ratio := r.serverPerDelivery() / one.serverPerDelivery(); r.Nodes > 1 && !(worst >= ratio) { //nolint:staticcheck // NaN
			worst = ratio
		}
	}
	return worst
}
