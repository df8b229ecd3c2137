package load

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// connectRate, per second, is how fast clients come where it isn't the coming that is measured; to enter a room counts as
	// much.
	connectRate = 2_500

	// timedPerSecond is about how many deliveries are timed: of 2 million a second every eighth.
	timedPerSecond = 250_000

	// drainTimeout is how long what is under way may take to arrive after the last message.
	drainTimeout = 5 * time.Second

	// overloadLag is how many seconds of work may pile up before the run is stopped: it would only fill memory.
	overloadLag = 15

	// watchPeriod is how often it is looked at whether the server keeps up.
	watchPeriod = 250 * time.Millisecond
)

// place is where a run goes: the addresses of the nodes, and the processes whose CPU and memory are read.
type place struct {
	addrs   []string
	servers []int
	redis   []int
	redisAt string // for the round trip
}

// pace is how long the parts of a run take.
type pace struct {
	settle  time.Duration
	warmUp  time.Duration
	measure time.Duration
}

// run is one scenario against one target.
type run struct {
	scenario scenario
	place    place
	pace     pace
	window   *window
	crowd    *crowd
	pacer    *pacer
	result   result
}

// measure does it all: connect, warm up, measure, drain.
func measure(ctx context.Context, s scenario, d dialect, at place, p pace) (result, error) {
	r := &run{scenario: s, place: at, pace: p, window: &window{}}
	r.result = result{Scenario: s.name, Nodes: len(at.addrs), Clients: s.clients, perMessage: s.perMessage()}
	if s.direct > 0 && !d.directs() {
		return result{}, fmt.Errorf("failed to run %s: this server has no direct messages", s.name)
	}
	every := max(1, int(s.rate*s.perMessage()/timedPerSecond))
	if s.pair {
		every = 1
	}
	var err error
	if r.crowd, err = newCrowd(d, at.addrs, r.window, every); err != nil {
		return result{}, err
	}
	err = r.all(ctx, d)
	r.crowd.close()
	if err != nil {
		return result{}, err
	}
	r.read()
	return r.result, nil
}

func (r *run) all(ctx context.Context, d dialect) error {
	if err := r.gather(ctx); err != nil {
		return err
	}
	if r.scenario.round {
		p50, err := roundTrip(ctx, r.place.redisAt)
		if err != nil {
			return err
		}
		r.result.RoundP50 = p50
	}
	members := r.crowd.first(r.scenario.clients)
	r.pacer = &pacer{scenario: r.scenario, dialect: d, members: members, publishers: spread(members, r.scenario.publishers)}
	return r.publish(ctx)
}

// gather connects the clients and looks at the servers' memory before and after.
func (r *run) gather(ctx context.Context) error {
	var err error
	if r.result.MemoryBefore, err = sum(r.place.servers, residentBytes); err != nil {
		return err
	}
	within := time.Duration(r.scenario.clients*(1+r.scenario.each)) * time.Second / connectRate
	err = r.crowd.connect(ctx, r.scenario.clients, within, func(number int, to *conn) {
		to.timed = !r.scenario.pair || number == 1
		to.rooms = r.scenario.roomsOf(number)
	})
	if err != nil {
		return err
	}
	if err := r.crowd.joined(ctx, r.scenario.clients, r.scenario.clients*r.scenario.each); err != nil {
		return err
	}
	if err := waitUntil(ctx, time.Now().Add(r.pace.settle)); err != nil {
		return err
	}
	r.result.MemoryAfter, err = sum(r.place.servers, residentBytes)
	return err
}

// publish has the members talk: first to warm up, then measured.
func (r *run) publish(ctx context.Context) error {
	talking, hush := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer hush()
	running.Go(func() { r.pacer.run(talking) })
	churned := make(chan error, 1)
	running.Go(func() {
		churned <- churn(talking, r.crowd, r.scenario.churn, r.pace.warmUp+r.pace.measure)
	})
	if err := r.watch(ctx, r.pace.warmUp); err != nil {
		return err
	}
	if err := r.measureWindow(ctx); err != nil {
		return err
	}
	hush()
	if err := <-churned; err != nil {
		return err
	}
	running.Wait() // the last message is sent
	return r.drain(ctx)
}

// drain waits for what is still under way.
func (r *run) drain(ctx context.Context) error {
	r.result.Expected = r.pacer.expected()
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	_ = r.crowd.await(ctx, func(t tally) bool { return t.Deliveries >= r.result.Expected }) // what is missing is a result
	t := r.crowd.counts()
	r.result.Delivered, r.result.Errors, r.result.Closed = t.Deliveries, t.Errors, t.Closed
	r.result.Note = firstOf(r.crowd.firstFailure(), r.crowd.lastWords())
	return nil
}

// read takes the percentiles from the ears, which belong to nobody else any more.
func (r *run) read() {
	all := newHistogram()
	for _, l := range r.crowd.loops {
		all.Merge(l.ear.latencies)
	}
	r.result.Timed = all.TotalCount()
	r.result.P50 = microseconds(all, 50)    //nolint:mnd // percentiles
	r.result.P99 = microseconds(all, 99)    //nolint:mnd // likewise
	r.result.P999 = microseconds(all, 99.9) //nolint:mnd // likewise
	r.result.Max = float64(all.Max()) / float64(time.Microsecond)
}

func microseconds(h *hdrhistogram.Histogram, percentile float64) float64 {
	return float64(h.ValueAtPercentile(percentile)) / float64(time.Microsecond)
}

// perMessage is how many deliveries a message makes on average.
func (s scenario) perMessage() float64 {
	if s.rooms > 0 {
		return float64(s.clients * s.each / s.rooms)
	}
	return (1-s.direct)*float64(s.clients) + 2*s.direct //nolint:mnd // sender and receiver
}

// roomsOf are the numbers of the rooms that a member is in: each room has as many members as any other, who have few other
// rooms in common.
func (s scenario) roomsOf(number int) []int {
	rooms := make([]int, s.each)
	for i := range rooms {
		rooms[i] = (number + i*stride) % s.rooms
	}
	return rooms
}

// spread picks n of the members evenly, so that publishers are on all nodes and loops.
func spread(members []*conn, n int) []*conn {
	picked := make([]*conn, 0, n)
	for i := range n {
		picked = append(picked, members[i*len(members)/n])
	}
	return picked
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// self is the generator's own process.
func self() []int { return []int{os.Getpid()} }
