package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errOverloaded ends a run whose server falls behind without end.
var errOverloaded = errors.New("the server does not keep up")

// reading is everything that is counted, at one moment.
type reading struct {
	at                        int64
	heard                     tally
	published                 int64
	servers, redis, generator time.Duration
}

func (r *run) reading() (reading, error) {
	now := reading{at: now(), heard: r.crowd.counts(), published: r.pacer.published()}
	var err error
	if now.servers, err = sum(r.place.servers, cpuTime); err != nil {
		return reading{}, err
	}
	if now.redis, err = sum(r.place.redis, cpuTime); err != nil {
		return reading{}, err
	}
	now.generator, err = sum(self(), cpuTime)
	return now, err
}

// measureWindow opens the window, waits, with the storm if there is one, and reads what the window brought. Deliveries
// count when they arrive in it; latencies belong to the messages that are due in it, also if they arrive later.
func (r *run) measureWindow(ctx context.Context) error {
	before, err := r.reading()
	if err != nil {
		return err
	}
	end := now() + int64(r.pace.measure)
	r.window.until.Store(end)
	r.window.from.Store(now())
	if err := r.storm(ctx); err != nil {
		return err
	}
	err = r.watch(ctx, time.Duration(end-now()))
	if errors.Is(err, errOverloaded) {
		r.window.until.Store(now())
		r.result.Overloaded = err.Error()
	} else if err != nil {
		return err
	}
	after, err := r.reading()
	if err != nil {
		return err
	}
	r.note(before, after)
	return nil
}

// note keeps the difference of two readings.
func (r *run) note(before, after reading) {
	r.result.Seconds = time.Duration(after.at - before.at).Seconds()
	r.result.Published = after.published - before.published
	r.result.Deliveries = after.heard.Deliveries + after.heard.Passing - before.heard.Deliveries - before.heard.Passing
	if r.scenario.storm > 0 || r.scenario.churn > 0 {
		r.result.perMessage = float64(r.result.Deliveries) / float64(r.result.Published) // how many hear one changes
	}
	r.result.Answers = after.heard.Answers - before.heard.Answers
	r.result.PresenceFrames = after.heard.PresenceFrames - before.heard.PresenceFrames
	r.result.PresenceBytes = after.heard.PresenceBytes - before.heard.PresenceBytes
	r.result.ServerCPU = float64(after.servers-before.servers) / float64(time.Microsecond)
	r.result.RedisCPU = float64(after.redis-before.redis) / float64(time.Microsecond)
	r.result.GeneratorCPU = float64(after.generator-before.generator) / float64(time.Microsecond)
	r.result.BacklogSeconds = r.backlog()
}

// storm has many clients come at once, and measures until the last one has joined.
func (r *run) storm(ctx context.Context) error {
	if r.scenario.storm == 0 {
		return nil
	}
	begin := now()
	err := r.crowd.connect(ctx, r.scenario.storm, r.scenario.stormWithin, func(_ int, to *conn) { to.passing = true })
	if err != nil {
		return err
	}
	if err := r.crowd.joined(ctx, r.scenario.clients+r.scenario.storm, 0); err != nil {
		return err
	}
	r.result.JoinSeconds = time.Duration(now() - begin).Seconds()
	r.result.Joins = int64(r.scenario.storm)
	return nil
}

// watch waits, and returns early when the server does not keep up.
func (r *run) watch(ctx context.Context, lasting time.Duration) error {
	end := time.Now().Add(lasting)
	for time.Until(end) > 0 {
		if err := waitUntil(ctx, minTime(end, time.Now().Add(watchPeriod))); err != nil {
			return err
		}
		if behind := r.backlog(); behind > overloadLag {
			return fmt.Errorf("%w: %.0f s of work are under way", errOverloaded, behind)
		}
		if r.pacer.flooded() {
			return fmt.Errorf("%w: it leaves more than %d KiB of a publisher unread", errOverloaded, maxUnsent>>10) //nolint:mnd // KiB
		}
	}
	return nil
}

// backlog is how many seconds of work were sent and have not arrived.
func (r *run) backlog() float64 {
	if r.scenario.rate == 0 {
		return 0
	}
	missing := r.pacer.expected() - r.crowd.counts().Deliveries
	return float64(missing) / (r.scenario.rate * r.scenario.perMessage())
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
