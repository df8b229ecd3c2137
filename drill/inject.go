package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/drill/check"
)

// injector breaks things by plan and notes what it did.
type injector struct {
	cluster *cluster
	probers []*prober // one for each node
	notify  func(format string, args ...any)
	tape    *tape

	running sync.WaitGroup

	counts *tally

	mu     sync.Mutex
	faults []check.Fault
	kills  []actorKill
	errs   []error
}

// actorKill is a kill that the chaos API confirmed.
type actorKill struct {
	at   time.Time
	node *node
	kind string
	how  string
	name string
}

func newInjector(c *cluster, probers []*prober, t *tape, notify func(string, ...any)) *injector {
	return &injector{cluster: c, probers: probers, tape: t, notify: notify, counts: newTally()}
}

// run injects the whole plan and returns when the last fault is over.
func (in *injector) run(ctx context.Context, start time.Time, plan []fault) {
	defer in.running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for _, f := range plan {
		timer.Reset(time.Until(start.Add(f.At)))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		in.running.Go(func() { in.inject(ctx, f) })
	}
}

func (in *injector) inject(ctx context.Context, f fault) {
	n := in.cluster.nodes[f.Node]
	if f.Name == killActor {
		in.killActor(ctx, n, f)
		return
	}
	if !onRedis(f.Name) {
		n.breaking.Lock()
		defer n.breaking.Unlock()
	}
	if ctx.Err() != nil {
		return
	}
	meanwhile := ""
	if f.Second {
		meanwhile = ", meanwhile"
	}
	in.notify("%s on %s for %v%s", f.Name, n.name, f.For.Round(time.Millisecond), meanwhile)
	done := check.Fault{Name: f.Name, Start: time.Now().UnixMicro(), Disturbs: true}
	err := in.outage(ctx, n, f, &done)
	done.End = time.Now().UnixMicro()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.counts.add(f.Name)
	if f.Second {
		in.counts.add("in the middle of another")
	}
	in.faults = append(in.faults, done)
	if err != nil {
		in.errs = append(in.errs, fmt.Errorf("fault %s: %w", f.Name, err))
	}
}

// outage breaks one thing, waits, and heals it; a drill that is interrupted heals at once.
func (in *injector) outage(ctx context.Context, n *node, f fault, done *check.Fault) error {
	redis := in.cluster.redis
	wait := func() {
		timer := time.NewTimer(f.For)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	switch f.Name {
	case killNode:
		done.Node, done.KillsNode, done.Disturbs = n.name, true, false
		n.hasDied(time.Now())
		err := n.proc.Kill()
		wait()
		return errors.Join(err, n.proc.Restart())
	case drainNode:
		done.Node, done.KillsNode, done.Disturbs = n.name, true, false
		err := drain(n)
		wait()
		return errors.Join(err, n.proc.Restart())
	case killRedis, wipeRedis:
		err := redis.Kill()
		wait()
		if f.Name == wipeRedis {
			done.LosesData = true
			err = errors.Join(err, redis.Wipe())
		}
		return errors.Join(err, redis.Start())
	case pauseRedis:
		err := redis.Pause()
		wait()
		return errors.Join(err, redis.Resume())
	case cutLink, freezeLink, loseReplies:
		done.Node = n.name
		switch f.Name {
		case cutLink:
			n.link.Cut()
		case freezeLink:
			n.link.Freeze()
		default:
			n.link.DropReplies()
		}
		wait()
		return n.link.Restore()
	case killPubSub:
		done.Disturbs = false
		_, err := redis.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub")
		return err
	}
	return fmt.Errorf("no such fault: %q", f.Name)
}

// drainTime is how long a node may take to end, as docs/operations.md says.
const drainTime = 10 * time.Second

// drain tells a node to end, and waits until it has.
func drain(n *node) error {
	n.hasDied(time.Now())
	code, err := n.proc.Terminate(drainTime)
	n.hasDied(time.Now())
	if err == nil && code != 0 {
		err = fmt.Errorf("node %s was told to end, and did with %d", n.name, code)
	}
	return err
}

func (in *injector) killActor(ctx context.Context, n *node, f fault) {
	at := time.Now()
	k, err := n.chaos.kill(ctx, f.Kind, f.How)
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case errors.Is(err, errNoActor):
		in.counts.add("no actor of that kind there")
	case err != nil && (n.diedSince(at.Add(-nodeDeathTime)) || ctx.Err() != nil):
		in.counts.add("no node there")
	case err != nil:
		in.errs = append(in.errs, err)
	default:
		in.counts.add(f.Kind + " " + f.How)
		in.kills = append(in.kills, actorKill{at, n, f.Kind, f.How, k.Name})
		in.tape.note("kill", n.name, k.Name+" "+f.How)
		if f.Calm && (f.Kind != "session" || f.How != "stop") {
			in.probers[f.Node].measure(at, f.Kind+" "+f.How)
		}
	}
}

// nodeDeathTime is how long after kill -9 a node may not answer: the longest outage and its start.
const nodeDeathTime = maxOutage + 5*time.Second

// done returns what was injected, in order.
func (in *injector) done() (faults []check.Fault, kills []actorKill) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.faults), slices.Clone(in.kills)
}
