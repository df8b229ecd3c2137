package redisbridge

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

const (
	// lease is how long a node's names stay present without it: a killed node's are
	// gone within 5 s, with renewals looking for such leases every second.
	lease         = 4 * time.Second
	renewInterval = time.Second
	// presenceBatch is how many names one call of the script changes.
	presenceBatch = 500
)

// presenter writes which names are present on this node. It holds what the room
// wants and what of it Redis may not know yet, so that an outage only delays it.
type presenter struct {
	lane
	renewal lane
	names   map[string]struct{} // present on this node
	changed map[string]actors.Departure
	whole   bool // Redis is to be told that these are all
	// declared: the room has said which are all. Before, a name that is not among
	// them may yet come, from a session that has not entered again.
	declared bool
	renewed  time.Time // when the lease was last renewed
}

func (p *presenter) init() {
	p.name, p.renewal.name = "presence", "renew"
	p.names = map[string]struct{}{}
	p.changed = map[string]actors.Departure{}
}

// change takes what the room says. The last word on a name counts.
func (p *presenter) change(m *actors.Present) {
	if m.Whole {
		clear(p.names)
		clear(p.changed)
		p.whole, p.declared = true, true
	}
	for _, name := range m.Joined {
		p.names[name] = struct{}{}
		p.changed[name] = actors.Departure{}
	}
	for _, d := range m.Left {
		delete(p.names, d.Name)
		p.changed[d.Name] = d
	}
}

// redeclare has all names told again: Redis may have lost them.
func (p *presenter) redeclare() {
	if p.declared {
		p.whole = true
		return
	}
	for name := range p.names {
		p.changed[name] = actors.Departure{}
	}
}

// announce tells Redis what has changed.
func (b *bridge) announce(now time.Time) {
	p := &b.presence
	if !p.free(now) || (len(p.changed) == 0 && !p.whole) {
		return
	}
	whole := p.whole
	var joined []string
	var left []actors.Departure
	if whole {
		for name := range p.names {
			joined = append(joined, name)
		}
	}
	for name, d := range p.changed {
		if len(joined)+len(left) >= presenceBatch && !whole {
			break
		}
		switch {
		case d.Name != "":
			left = append(left, d)
		case !whole:
			joined = append(joined, name)
		}
		delete(p.changed, name)
	}
	p.whole = false
	b.run(&p.lane, len(joined)+len(left), func(ctx context.Context) error {
		return b.store.present(ctx, whole, joined, left)
	}, func(err error) {
		if err == nil {
			return
		}
		p.whole = p.whole || whole
		for _, name := range joined {
			p.restore(name, actors.Departure{})
		}
		for _, d := range left {
			p.restore(d.Name, d)
		}
	})
}

// restore puts back a change that Redis was not told, unless there is a newer one.
func (p *presenter) restore(name string, d actors.Departure) {
	if _, newer := p.changed[name]; !newer {
		p.changed[name] = d
	}
}

func (s *Store) present(ctx context.Context, whole bool, joined []string, left []actors.Departure) error {
	args := make([]any, 0, 5+len(joined)+len(left))
	args = append(args, s.node, nodeNamesPrefix, lease.Microseconds(), flag(whole), len(joined))
	for _, name := range joined {
		args = append(args, name)
	}
	for _, d := range left {
		args = append(args, d.Name)
	}
	if err := presentScript.Run(ctx, s.client, presenceKeys(s.node), args...).Err(); err != nil {
		return err
	}
	if len(left) == 0 {
		return nil
	}
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, d := range left {
			releaseScript.EvalSha(ctx, pipe, []string{claimKey(actors.Fold(d.Name))}, d.Name, time.Since(d.At).Microseconds())
		}
		return nil
	})
	return err
}

// renew renews the lease, which also removes the names of nodes that died. If it
// had run out, or Redis holds fewer names than it was told, all are told again.
func (b *bridge) renew(now time.Time) {
	p := &b.presence
	if !p.renewal.free(now) || now.Sub(p.renewed) < renewInterval {
		return
	}
	p.renewed = now
	settled := len(p.changed) == 0 && !p.whole && !p.busy
	expected := len(p.names)
	var lapsed bool
	var count int64
	b.run(&p.renewal, 1, func(ctx context.Context) (err error) {
		lapsed, count, err = b.store.renewLease(ctx, lease)
		return err
	}, func(err error) {
		if err == nil && (lapsed && len(p.names) > 0 || settled && p.declared && count != int64(expected)) {
			p.redeclare()
		}
	})
}

func (s *Store) renewLease(ctx context.Context, length time.Duration) (lapsed bool, count int64, err error) {
	reply, err := renewScript.Run(ctx, s.client, presenceKeys(s.node), s.node, nodeNamesPrefix, length.Microseconds()).Int64Slice()
	if err != nil {
		return false, 0, fmt.Errorf("renew lease: %w", err)
	}
	if len(reply) != 2 {
		return false, 0, errReply
	}
	return reply[0] == 1, reply[1], nil
}

// Retire shortens this node's lease to the grace: its clients have so long to come
// back elsewhere before others are told that they left. It waits for Redis, no
// longer than ctx.
func (s *Store) Retire(ctx context.Context) error {
	_, _, err := s.renewLease(ctx, actors.Grace)
	return err
}
