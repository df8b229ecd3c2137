package redisbridge

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

// presenceBatch is how many names one call of the script changes.
const presenceBatch = 500

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

func newPresenter() presenter {
	return presenter{names: map[string]struct{}{}, changed: map[string]actors.Departure{}}
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
		joined = slices.Sorted(maps.Keys(p.names))
	}
	for _, name := range slices.Sorted(maps.Keys(p.changed)) {
		d := p.changed[name]
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
	b.run(&p.lane, len(joined)+len(left), func(ctx context.Context) (err error) {
		left, err = b.store.present(ctx, whole, joined, left)
		return err
	}, func(err error) {
		if err == nil {
			return
		}
		p.whole = p.whole || whole
		for _, name := range joined {
			p.putBack(name, actors.Departure{})
		}
		for _, d := range left {
			p.putBack(d.Name, d)
		}
	})
}

// putBack has a change wait again that Redis was not told, unless there is a newer one.
func (p *presenter) putBack(name string, d actors.Departure) {
	if _, newer := p.changed[name]; !newer {
		p.changed[name] = d
	}
}

// present tells Redis who came and who left, and gives who did: where joined are all (whole),
// those too of whom nobody lived to say so, who were held until now. It is noted until when a
// name was held before it leaves: else a stranger would find it free that is neither present
// nor noted.
func (s *Store) present(ctx context.Context, whole bool, joined []string, left []actors.Departure) ([]actors.Departure, error) {
	if err := s.release(ctx, left); err != nil {
		return left, err
	}
	args := make([]any, 0, 5+len(joined)+len(left))
	args = append(args, s.node, nodeNamesPrefix, leaseLength.Microseconds(), flag(whole), len(joined))
	for _, name := range joined {
		args = append(args, name)
	}
	for _, d := range left {
		args = append(args, d.Name)
	}
	reply, err := presentScript.Run(ctx, s.client, presenceKeys(s.node), args...).StringSlice()
	if err != nil {
		return left, err
	}
	if len(reply) < 1 {
		return left, errMalformed
	}
	if reply[0] == "1" {
		s.lease.doubt()
	}
	gone := slices.DeleteFunc(departed(reply[1:]), func(d actors.Departure) bool {
		return slices.ContainsFunc(left, func(said actors.Departure) bool { return said.Name == d.Name })
	})
	return append(left, gone...), s.release(ctx, gone)
}

// readMembers reads who is present anywhere.
func (s *Store) readMembers(ctx context.Context) (*actors.Members, error) {
	var names *redis.StringSliceCmd
	var seq *redis.StringCmd
	// Atomically: a number that does not belong to the set would hide a hole.
	_, err := s.client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		names = pipe.SMembers(ctx, membersKey)
		seq = pipe.Get(ctx, membersSeqKey)
		return nil
	})
	if failed(err) {
		return nil, err
	}
	m := &actors.Members{Names: names.Val()}
	m.Seq, _ = strconv.ParseInt(seq.Val(), 10, 64)
	return m, nil
}
