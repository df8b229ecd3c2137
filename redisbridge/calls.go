package redisbridge

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

// calls are append calls for the logs of a batch, in one pipeline.
type calls struct {
	store *Store
	work  []sending
	byLog map[actors.Log]*appendCall
	order []*appendCall
	peers peers
}

func newCalls(s *Store, work []sending) *calls {
	return &calls{store: s, work: work, byLog: map[actors.Log]*appendCall{}, peers: peers{}}
}

// of gives the call for a log, made if there is none yet.
func (cs *calls) of(log actors.Log, fence int64, waits bool) *appendCall {
	c := cs.byLog[log]
	if c == nil {
		s := cs.store
		c = &appendCall{
			log: log, keep: s.keepOf(log), slack: s.slack, life: s.lifeOf(log), seen: s.seen.least(log, time.Now()), floor: s.floor(log),
			fence: fence, waits: waits,
		}
		cs.byLog[log] = c
		cs.order = append(cs.order, c)
	}
	return c
}

// peers are who talks with whom, and the newest id of their talk.
type peers map[[2]string]int64

func (p peers) add(user, peer string, id int64) {
	key := [2]string{user, peer}
	p[key] = max(p[key], id)
}

// pairs gives them in order.
func (p peers) pairs() [][2]string {
	return slices.SortedFunc(maps.Keys(p), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// run sends all in one pipeline, and tells of each message what became of it: a log that
// refuses concerns its own messages alone.
func (cs *calls) run(ctx context.Context, stored func(i int, e logEntry, kept bool)) error {
	pipe := cs.store.client.Pipeline()
	for _, c := range cs.order {
		c.cmd = appendScript.EvalSha(ctx, pipe, c.keys(), c.args()...)
	}
	added := make(map[string]*redis.IntCmd, len(cs.peers))
	for _, pair := range cs.peers.pairs() {
		key := peersKey(pair[0])
		added[key] = pipe.ZAddGT(ctx, key, redis.Z{Score: float64(cs.peers[pair]), Member: pair[1]})
	}
	_, broken := pipe.Exec(ctx)
	first := broken
	for _, c := range cs.order {
		reply, err := c.reply()
		if err == nil && broken != nil && !isReply(broken) {
			err = broken // the peers after it may be lost: do all again
		}
		if err == nil {
			cs.store.seen.wrote(c.log, c.place(reply, stored), time.Now())
			continue
		}
		if errors.Is(err, errBehind) {
			cs.store.isBehind(c.log)
		}
		for _, m := range c.messages {
			cs.work[m.of].err = err
		}
		first = err
	}
	if first == nil {
		first = boundPeers(ctx, pipe, added)
	}
	return first
}

// boundPeers cuts the lists that have grown to what is remembered. They also begin
// to expire here, and again at each join.
func boundPeers(ctx context.Context, pipe redis.Pipeliner, added map[string]*redis.IntCmd) error {
	for _, key := range slices.Sorted(maps.Keys(added)) {
		if added[key].Val() > 0 {
			pipe.ZRemRangeByRank(ctx, key, 0, -peersKeep-1)
			pipe.Expire(ctx, key, inboxLife)
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}
