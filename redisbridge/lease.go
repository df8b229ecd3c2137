package redisbridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

const (
	// leaseLength is how long a node's names stay present without a renewal: a killed
	// node's are gone within 5 s, with renewals looking for such leases every second.
	leaseLength   = 4 * time.Second
	renewInterval = time.Second
	// renewalsApart is how long no node renews at most while all is well, with some slack for
	// one that is alone. What is longer, as in an outage, does not count against the others'
	// leases, of which so at least 1.75 s are left when it is over, to come back in.
	renewalsApart = renewInterval + 250*time.Millisecond
)

// errLapsed is a refusal by Redis that changed nothing: the node's lease has ended.
var errLapsed = errors.New("this node's lease has ended")

// lease is what makes a node's names its own. A node that stalls for longer loses them to
// whoever asks, and may not know it when it goes on: so nothing is said under a name,
// and nothing of an inbox is told, unless the lease lasts, and the claims were looked at
// since it last lapsed. Redis has the last word on what is said: the append script is
// given the lease's end. It outlives the bridge.
type lease struct {
	mu sync.Mutex
	// until is when it ends by this node's clock, at the latest.
	until time.Time
	// end is when by Redis's clock, µs since the epoch; 0 before the first.
	end int64
	// doubts counts how often it had lapsed, or may have; settled is up to which of
	// these the claims were looked at.
	doubts, settled int
	// vouch is when the claims are to be looked at, doubted or not.
	vouch time.Time
}

// lasts says whether the node's names are its own.
func (l *lease) lasts(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doubts == l.settled && now.Before(l.until)
}

// fence is what the append script is given.
func (l *lease) fence() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// clock is what Redis's shows at a time of this node's, µs since the epoch, as far as the last
// renewal tells.
func (l *lease) clock(now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end == 0 {
		return now.UnixMicro()
	}
	return l.end - l.until.Sub(now).Microseconds()
}

// renewed notes a renewal that was asked for at a time. One that begins after the end of
// the lease it follows is doubted, too: another may have come between whose answer was lost,
// and with it that the lease had lapsed.
func (l *lease) renewed(asked time.Time, r renewal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.lapsed || r.end-leaseLength.Microseconds() > l.end {
		l.doubtLocked()
	}
	l.until, l.end = asked.Add(leaseLength), r.end
}

// doubt has the claims looked at before anything else is said.
func (l *lease) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubtLocked()
}

// doubtLocked has nothing to do before the first lease: without one there are no claims.
func (l *lease) doubtLocked() {
	if l.end != 0 {
		l.doubts++
	}
}

// doubted gives the number of the newest doubt, and whether it is settled.
func (l *lease) doubted() (number int, settled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doubts, l.doubts == l.settled
}

// settle ends the doubts up to a number: the claims were looked at, and are to be again at
// a time.
func (l *lease) settle(number int, again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled, l.vouch = max(l.settled, number), again
}

func (l *lease) nextVouch() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vouch
}

// renewal is what Redis answers to one.
type renewal struct {
	lapsed bool
	names  int64    // present on this node by Redis's account
	end    int64    // of the lease, µs
	next   int64    // when the first of the other nodes' leases ends, µs; 0: there are none
	over   []string // lives of which this node is to clear the rooms
	left   []string // names that only nodes held whose lease ran out
}

// renew renews the lease, which also removes the names of nodes that died. If it
// had run out, or Redis holds fewer names than it was told, all are told again.
func (b *bridge) renew(now time.Time) {
	p := &b.presence
	due := now.Sub(p.renewed) >= renewInterval || !p.expiry.IsZero() && !now.Before(p.expiry) || !b.store.life.isKnown()
	if !p.renewal.free(now) || !due {
		return
	}
	p.renewed, p.expiry = now, time.Time{}
	settled := p.settled() && !p.busy
	expected := len(p.names)
	var r renewal
	b.run(&p.renewal, 1, func(ctx context.Context) (err error) {
		if r, err = b.store.renewLease(ctx, leaseLength); err != nil {
			return err
		}
		return b.store.release(ctx, departed(r.left))
	}, func(err error) {
		if err == nil {
			b.takesWrites()
		}
		if r.end != 0 {
			b.store.lease.renewed(now, r)
			b.reaps.line = append(b.reaps.line, r.over...)
			b.renewBefore(time.Now(), r.next)
		}
		if r.lapsed {
			b.store.life.begin(now)
		}
		if err == nil && (r.lapsed && len(p.names) > 0 || settled && p.declared && r.names != int64(expected)) {
			p.redeclare()
		}
		if err == nil && (r.lapsed || settled && p.declared && r.names != int64(expected)) {
			b.gatherer.redeclare()
		}
	})
}

// renewBefore has the lease renewed when another's ends, if that is before the next time: so the names
// of a node that died are gone when they may be.
func (b *bridge) renewBefore(now time.Time, end int64) {
	wait := time.Duration(end-b.store.lease.clock(now)) * time.Microsecond
	if end != 0 && wait < renewInterval {
		wait = max(wait, lookInterval)
		b.presence.expiry = now.Add(wait)
		b.wake(now, wait)
	}
}

// departed are names whose node or room died: the time is near enough.
func departed(names []string) []actors.Departure {
	left := make([]actors.Departure, len(names))
	for i, name := range names {
		left[i] = actors.Departure{Name: name, At: time.Now()}
	}
	return left
}

// renewLease renews the lease. As in present, it is noted until when the names of dead nodes
// were held before they leave.
func (s *Store) renewLease(ctx context.Context, length time.Duration) (renewal, error) {
	dead, err := s.namesOfTheDead(ctx)
	if err != nil {
		return renewal{}, fmt.Errorf("renew lease: %w", err)
	}
	if err := s.release(ctx, departed(dead)); err != nil {
		return renewal{}, fmt.Errorf("renew lease: %w", err)
	}
	life, former := s.life.current()
	args := []any{
		s.node, nodeNamesPrefix, length.Microseconds(), renewalsApart.Microseconds(),
		life, reapPatience.Microseconds(), reapAfter.Microseconds(),
	}
	for _, over := range former {
		args = append(args, over)
	}
	reply, err := renewScript.Run(ctx, s.client, append(presenceKeys(s.node), renewedKey, livesKey, overKey), args...).StringSlice()
	if err != nil {
		return renewal{}, fmt.Errorf("renew lease: %w", err)
	}
	s.life.told(life, former)
	return parseRenewal(reply)
}

// parseRenewal reads what the script answered; what of it can be read is given with an error, too.
func parseRenewal(reply []string) (renewal, error) {
	const head = 5
	if len(reply) < head {
		return renewal{}, errMalformed
	}
	r, over := renewal{lapsed: reply[0] == "1"}, int64(0)
	var bad error
	for i, n := range []*int64{&r.names, &r.end, &r.next, &over} {
		var err error
		if *n, err = strconv.ParseInt(reply[1+i], 10, 64); err != nil {
			bad = errMalformed
		}
	}
	if over < 0 || over > int64(len(reply)-head) {
		return r, errMalformed
	}
	r.over, r.left = reply[head:head+over], reply[head+over:]
	return r, bad
}

// namesOfTheDead are those that were present on nodes whose lease has run out, or may have
// when Redis is told.
func (s *Store) namesOfTheDead(ctx context.Context) (names []string, err error) {
	nodes, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: nodesKey, ByScore: true, Start: "-inf", Stop: s.lease.clock(time.Now().Add(renewInterval)),
	}).Result()
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		if node == s.node {
			continue
		}
		of, err := s.client.SMembers(ctx, nodeNamesPrefix+node).Result()
		if err != nil {
			return nil, err
		}
		names = append(names, of...)
	}
	return names, nil
}

// release notes when names were last held.
func (s *Store) release(ctx context.Context, left []actors.Departure) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, d := range left {
			for _, key := range claimKeys(d.Name) {
				releaseScript.EvalSha(ctx, pipe, []string{key}, d.Name, time.Since(d.At).Microseconds())
			}
		}
		return nil
	})
	return err
}

// Retire shortens this node's lease to the grace: its clients have so long to come
// back elsewhere before others are told that they left. It waits for Redis, no
// longer than ctx.
func (s *Store) Retire(ctx context.Context) error {
	_, err := s.renewLease(ctx, actors.Grace)
	return err
}
