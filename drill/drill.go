package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"parley/drill/check"
	"parley/drill/check/linear"
)

const (
	// gatherTime bounds how long all clients may take to be there at the start.
	gatherTime = 30 * time.Second

	// quietTime bounds how long all may take to have everything after the last fault: refusals come after 5 s, reconnect
	// waits are at most 4 s, and a loaded machine needs its time.
	quietTime = 45 * time.Second

	// settleTime is waited at the end, so that presence can be seen to be true: longer than it may be false.
	settleTime = 8 * time.Second

	// steadyTime lies between the arrival of all clients and the measurement of what a node costs with them.
	steadyTime = 2 * time.Second

	progressEvery = 5 * time.Second
	askEvery      = 50 * time.Millisecond
)

// errFailed is why a drill exits with 1.
var errFailed = errors.New("a promise was broken")

// drill is one run.
type drill struct {
	options
	out     *printer
	cluster *cluster
	tape    *tape
	records *recorder
	closes  *closes
	did     *tally    // what clients did beside talking
	talkers []*talker // with the probers
	// contenders are the others: of those that fight for a name one can be there at the end.
	contenders []*talker

	probers  []*prober
	logs     *logReader
	follower *follower // nil where servers are not drill's own
	quiet    chan struct{}

	talking sync.WaitGroup
}

func newDrill(ctx context.Context, o options, stdout io.Writer) (*drill, error) {
	d := &drill{options: o, out: &printer{w: stdout, start: time.Now()}, closes: &closes{}, did: newTally(), quiet: make(chan struct{})}
	var err error
	if d.tape, err = openTape(o.history); err != nil {
		return nil, err
	}
	d.out.printf("seed %d, %d clients, %g messages/s, %v, faults: %v", o.seed, o.clients, o.rate, o.duration, o.faults)
	if d.cluster, err = startCluster(ctx, o); err != nil {
		return nil, errors.Join(err, d.tape.close())
	}
	d.records = &recorder{tape: d.tape}
	if d.cluster.logsAt != "" {
		d.logs = newLogReader(d.cluster.logsAt)
	}
	if d.cluster.keep > 0 {
		d.follower = newFollower(d.cluster.logsAt, d.cluster.keep)
		d.follower.start(ctx)
	}
	d.cast()
	return d, nil
}

// run is the course of a drill.
func (d *drill) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer d.talking.Wait()
	defer cancel()
	idle := d.cluster.footprint(ctx)
	for _, t := range slices.Concat(d.talkers, d.contenders) {
		d.talking.Go(func() { t.run(ctx) })
	}
	if err := d.gather(ctx); err != nil {
		return err
	}
	pause(ctx, steadyTime)
	before := d.cluster.footprint(ctx)

	in := newInjector(d.cluster, d.probers, d.tape, d.tell)
	d.out.printf("all %d clients are there", len(d.talkers))
	d.inject(ctx, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	close(d.quiet)
	late := d.settle(ctx)
	pause(ctx, settleTime)
	after := d.cluster.footprint(ctx)
	h, err := d.history(ctx, in)
	if err != nil {
		return err
	}
	s := &summary{drill: d, injector: in, report: check.Check(h), second: linear.Check(h, linear.Lag), history: h,
		idle: idle, before: before, after: after, late: late}
	s.print(d.out.w)
	if s.failed() {
		return errFailed
	}
	return nil
}

// gather waits until all have joined; some may have gone again for a while.
func (d *drill) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, gatherTime)
	defer cancel()
	missing := 0
	err := eventually(ctx, func() bool {
		missing = 0
		for _, t := range d.talkers {
			if !t.arrived() {
				missing++
			}
		}
		return missing == 0
	})
	if err != nil {
		return fmt.Errorf("%d of %d clients could not join: %w", missing, len(d.talkers), err)
	}
	return nil
}

// unsettled counts the clients that are not there, or wait for an answer.
func (d *drill) unsettled() int {
	n := 0
	for _, t := range d.talkers {
		if _, settled, _, _ := t.status(); !settled {
			n++
		}
	}
	return n
}

// inject runs the plan while clients talk, for the whole duration.
func (d *drill) inject(ctx context.Context, in *injector) {
	start := time.Now()
	plan := planFaults(d.seed, d.duration, d.faults, len(d.cluster.nodes))
	ctx, cancel := context.WithDeadline(ctx, start.Add(d.duration))
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { in.run(ctx, start, plan) })
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			d.progress(in)
		}
	}
	running.Wait()
}

func (d *drill) tell(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	d.tape.note("fault", "", what)
	d.out.printf("%s", what)
}

// settle waits until every client has everything; it returns what was still missing when time was up.
func (d *drill) settle(ctx context.Context) (late []string) {
	ctx, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	if eventually(ctx, func() bool { return d.unsettled() == 0 }) != nil {
		for _, t := range d.talkers {
			if name, settled, _, _ := t.status(); !settled {
				late = append(late, name+" is not there or waits for an answer")
			}
		}
		return late
	}
	fence, err := d.probers[0].fence(ctx)
	if err != nil {
		return append(late, "the last message was not acked")
	}
	behind := func() (late []string) {
		for _, t := range d.talkers {
			name, _, since, dmSince := t.status()
			if since < fence {
				late = append(late, fmt.Sprintf("%s has public messages up to %d of %d", name, since, fence))
			}
			if d.logs == nil {
				continue
			}
			late = append(late, d.behindInRooms(ctx, t)...)
			if newest, err := d.logs.newest(ctx, name); err != nil || dmSince < newest {
				late = append(late, fmt.Sprintf("%s has direct messages up to %d of %d (%v)", name, dmSince, newest, err))
			}
		}
		return late
	}
	_ = eventually(ctx, func() bool { late = behind(); return len(late) == 0 }) // what is late is told
	return late
}

// behindInRooms says in which rooms a client lacks something.
func (d *drill) behindInRooms(ctx context.Context, t *talker) (late []string) {
	for room, place := range t.places() {
		if newest, err := d.logs.newestIn(ctx, room); err != nil || place < newest {
			late = append(late, fmt.Sprintf("%s has messages in %s up to %d of %d (%v)", t.base, room, place, newest, err))
		}
	}
	return late
}

// history takes what there is to judge.
func (d *drill) history(ctx context.Context, in *injector) (*check.History, error) {
	h := &check.History{Strangers: len(d.urls) > 0}
	h.End = time.Now().UnixMicro()
	h.Connections = d.records.seal()
	h.Faults, _ = in.done()
	if d.logs == nil {
		h.LogsUnread = true
		return h, nil
	}
	if d.cluster.keep > 0 {
		h.Hold = nameHold.Microseconds()
	}
	var err error
	if h.Logs, err = d.logs.read(ctx); err == nil && d.follower != nil {
		err = d.follower.complete(ctx, &h.Logs)
	}
	h.Logs.Keep = d.cluster.keep
	return h, err
}

func (d *drill) close() error {
	var errs []error
	if d.logs != nil {
		errs = append(errs, d.logs.close())
	}
	if d.follower != nil {
		errs = append(errs, d.follower.close())
	}
	return errors.Join(append(errs, d.cluster.close(), d.tape.close())...)
}

// eventually waits until done is true.
func eventually(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
