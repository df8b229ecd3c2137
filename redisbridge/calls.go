package redisbridge

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

// calls are append calls for several logs in one pipeline.
type calls struct {
	store *Store
	byKey map[string]*call
	order []*call
	peers peers
}

// call is one of them, and which messages of the batch it holds.
type call struct {
	appendCall
	indexes []int
	cmd     *redis.Cmd
}

func newCalls(s *Store) *calls {
	return &calls{store: s, byKey: map[string]*call{}, peers: peers{}}
}

// of gives the call for a log, made and set up if there is none yet.
func (cs *calls) of(log actors.Log, key string, setUp func(*appendCall)) *call {
	c := cs.byKey[key]
	if c == nil {
		c = &call{appendCall: appendCall{log: log, key: key}}
		setUp(&c.appendCall)
		cs.byKey[key] = c
		cs.order = append(cs.order, c)
	}
	return c
}

func (c *call) add(i int, ref string, since int64, body string) {
	c.indexes = append(c.indexes, i)
	c.appendCall.add(ref, since, body)
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

// placed is what became of a message that is stored.
type placed struct {
	entry protocol.Entry
	prev  int64 // the id before it in the log
	kept  bool  // the log holds it
	again bool  // it was stored before
}

// placed gives what became of the call's messages.
func (c *appendCall) placed(a appended) []placed {
	all := make([]placed, len(a.ids))
	prev := a.prev
	for i, id := range a.ids {
		before, isRepeat := a.repeats[i]
		switch {
		case !isRepeat:
			all[i] = placed{entry: c.entry(i, id), prev: prev, kept: true}
			prev = id
		case before.member == "":
			all[i] = placed{entry: c.entry(i, id), prev: before.prev}
		default:
			all[i] = placed{entry: c.holding(i, id, []byte(before.member)), prev: before.prev, kept: true, again: true}
		}
	}
	return all
}

// kept are those of them that the log holds, and that may have to be written back: also where
// they were stored before, for that time's answer may have been lost.
func (c *appendCall) kept(a appended) (entries []logEntry) {
	for _, p := range c.placed(a) {
		if p.kept {
			entries = append(entries, logEntry{log: c.log, prev: p.prev, entry: p.entry, again: p.again})
		}
	}
	return entries
}

// run sends all in one pipeline, and tells of each message what became of it: a log that
// refuses concerns its own messages alone.
func (cs *calls) run(ctx context.Context, client *redis.Client,
	stored func(c *call, i int, p placed), failed func(i int, err error),
) error {
	pipe := client.Pipeline()
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
		answer, err := parseAppendReply(c.cmd.Slice())
		switch {
		case err != nil:
		case answer.behind:
			cs.store.seen.isBehind(c.key)
			err = errBehind
		case len(answer.ids) != len(c.indexes):
			err = errReply
		default:
			cs.store.seen.saw(c.key, slices.Max(answer.ids), time.Now())
		}
		if err == nil && broken != nil && !isReply(broken) {
			err = broken // the peers after it may be lost: do all again
		}
		if err != nil {
			for _, i := range c.indexes {
				failed(i, err)
			}
			first = err
			continue
		}
		for place, p := range c.placed(answer) {
			stored(c, c.indexes[place], p)
		}
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
	if pipe.Len() == 0 {
		return nil
	}
	_, err := pipe.Exec(ctx)
	return err
}
