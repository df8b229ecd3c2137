package redisbridge

import (
	"time"

	"parley/actors"
)

const (
	// commitInterval is from one commit of public messages to the next under steady
	// load: what comes meanwhile shares one call of the script, one event on every
	// node, and one wave. It is a little longer than the waves' shortest interval, so that an
	// event finds the one before told. Measured with 30,000 messages a second: back to back a
	// call held 12 of them, which cost Redis 7.0 µs and a node 18 µs each; paced it is
	// about 4 and 8.
	commitInterval = actors.WaveInterval + 2*time.Millisecond
	// promptCommits are so many that go at once before that: where less than a hundred
	// messages a second are said, none waits.
	promptCommits = 20
	// longestPause is how long a commit waits at most, however many nodes there are: up to
	// four of them cost together no more events than one.
	longestPause = 4 * commitInterval
)

// pace spreads commits over time. It is a token bucket of promptCommits, one of which
// comes back every commitInterval; the zero pace is full. Others' commits take tokens,
// too, when their events are heard: every node handles all events, so that what they cost
// must not grow with the number of nodes.
type pace struct {
	paid     time.Time // when all tokens will have come back
	ref      string    // of the first message of this node's last commit
	received time.Time // when that came in
}

// wait is how long the next commit has to wait; not at all, if not positive.
func (p *pace) wait(now time.Time) time.Duration {
	return p.paid.Add(-(promptCommits - 1) * commitInterval).Sub(now)
}

// committed takes a token for this node's commit, whose first message has the ref and came in at
// a time.
func (p *pace) committed(now time.Time, ref string, received time.Time) {
	p.ref, p.received = ref, received
	p.take(now)
}

// heard takes a token for an event, unless it is of this node's last commit: then it notes when its
// first message came in.
func (p *pace) heard(now time.Time, e *actors.Appended) {
	if len(e.Entries) == 0 || e.Entries[0].Ref != p.ref {
		p.take(now)
		return
	}
	e.Received = p.received
}

func (p *pace) take(now time.Time) {
	if p.paid.Before(now) {
		p.paid = now
	}
	p.paid = p.paid.Add(commitInterval)
	if most := now.Add((promptCommits-1)*commitInterval + longestPause); p.paid.After(most) {
		p.paid = most
	}
}
