package redisbridge

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

// presenceBatch is how many names one call of the script changes.
const presenceBatch = 500

// presenter writes which names are online on this node: in the public room.
type presenter struct {
	lane
	standing
	renewal lane
	renewed time.Time // when the lease was last renewed
	expiry  time.Time // when another node's ends; zero: none that comes before the next renewal
}

func newPresenter() presenter { return presenter{standing: newStanding()} }

// announce tells Redis what has changed.
func (b *bridge) announce(now time.Time) {
	p := &b.presence
	if !p.free(now) || p.settled() {
		return
	}
	n := p.take()
	b.run(&p.lane, len(n.joined)+len(n.left), func(ctx context.Context) (err error) {
		n.left, err = b.store.present(ctx, n)
		return err
	}, func(err error) {
		if err != nil {
			p.putBack(n)
		}
	})
}

// present tells Redis who came and who left, and gives who did: where joined are all (whole),
// those too of whom nobody lived to say so, who were held until now. It is noted until when a
// name was held before it leaves: else a stranger would find it free that is neither present
// nor noted.
func (s *Store) present(ctx context.Context, n news) ([]actors.Departure, error) {
	left := n.left
	if err := s.release(ctx, left); err != nil {
		return left, err
	}
	args := n.args([]any{s.node, nodeNamesPrefix, leaseLength.Microseconds(), flag(n.whole)})
	reply, err := presentScript.Run(ctx, s.client, presenceKeys(s.node), args...).StringSlice()
	if err != nil {
		return left, err
	}
	if len(reply) < 1 {
		return left, errMalformed
	}
	if reply[0] == "1" {
		s.lease.doubt()
		s.life.begin(time.Now())
	}
	gone := slices.DeleteFunc(departed(reply[1:]), func(d actors.Departure) bool {
		return slices.ContainsFunc(left, func(said actors.Departure) bool { return said.Name == d.Name })
	})
	return append(left, gone...), s.release(ctx, gone)
}

// readMembers reads who is present in rooms anywhere. Each number is read before its set: what the set
// has beyond is told again, and changes nothing.
func (s *Store) readMembers(ctx context.Context, of []*actors.ReadMembers) ([]*actors.Members, error) {
	names, seqs := make([]*redis.StringSliceCmd, len(of)), make([]*redis.StringCmd, len(of))
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, m := range of {
			seqs[i] = pipe.Get(ctx, seqOfMembers(m.Log))
			names[i] = pipe.SMembers(ctx, membersOf(m.Log))
		}
		return nil
	})
	if failed(err) {
		return nil, err
	}
	members := make([]*actors.Members, len(of))
	for i := range of {
		members[i] = &actors.Members{Names: names[i].Val()}
		members[i].Seq, _ = strconv.ParseInt(seqs[i].Val(), 10, 64) // none yet: 0
	}
	return members, nil
}
