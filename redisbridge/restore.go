package redisbridge

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	// restoreBatch is how many messages one call of the restore script holds, and
	// restorePipeline how many calls a pipeline.
	restoreBatch    = 500
	restorePipeline = 100
	// unknown as the id before some messages: it does not matter, or is known already.
	unknown = -1
)

// restoring says whether something is still to be written back: until it is, what is said
// again would be taken for new.
func (b *bridge) restoring(now time.Time) bool {
	return b.store.restoring(now) || b.restores.busy || len(b.restores.line) > 0
}

// restore writes back what waits: what a Redis that has begun anew lacks. Nothing else is
// asked of the logs before.
func (b *bridge) restore(now time.Time) {
	r := &b.restores
	if !r.free(now) || len(r.line) == 0 {
		return
	}
	batch := r.take(len(r.line))
	n := 0
	for _, m := range batch {
		n += len(m.Past) + len(m.Entries)
	}
	b.run(&r.lane, n, func(ctx context.Context) error {
		return b.store.restore(ctx, batch)
	}, func(err error) {
		if err != nil {
			r.putBack(batch)
		}
	})
}

// restore writes back logs, and before the inboxes, from their messages, the conversations:
// they give the ids, and a message may be said again while half of it is back. All goes in
// a few pipelines: a node may hold ten thousand messages, and until they are back another
// loss would be for good.
func (s *Store) restore(ctx context.Context, batch []*actors.Restore) error {
	pipe := s.client.Pipeline()
	found := newConversations()
	for _, m := range batch {
		if m.Log.Private() {
			found.add(m.Entries)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found.messages)) {
		if err := s.restoreLog(ctx, pipe, key, s.keep, inboxLife, unknown, found.messages[key]); err != nil {
			return err
		}
	}
	for _, pair := range found.peers.pairs() {
		pipe.ZAddGT(ctx, peersKey(pair[0]), redis.Z{Score: float64(found.peers[pair]), Member: pair[1]})
	}
	for _, m := range batch {
		life := lifeOf(m.Log)
		if len(m.Past) > 0 {
			if err := s.restoreLog(ctx, pipe, logKey(m.Log), s.keepOf(m.Log), life, unknown, m.Past); err != nil {
				return err
			}
		}
		if err := s.restoreLog(ctx, pipe, logKey(m.Log), s.keepOf(m.Log), life, m.After, m.Entries); err != nil {
			return err
		}
	}
	return flushFrom(ctx, pipe, 1)
}

// restoreLog adds to a pipeline what puts entries back, and sends it when it is long.
func (s *Store) restoreLog(ctx context.Context, pipe redis.Pipeliner, key string, keep int, life time.Duration, after int64, entries []protocol.Entry) error {
	for chunk := range chunksOf(entries) {
		args := make([]any, 0, 3+3*len(chunk))
		args = append(args, keep, int64(life.Seconds()), after)
		for _, e := range chunk {
			var member []byte // none of what is past
			if e.Frame != nil {
				member = e.Payload()
			}
			args = append(args, e.ID, e.Ref, member)
		}
		restoreScript.EvalSha(ctx, pipe, append(logKeys(key), missingKey(key)), args...)
		after = unknown // it is the last of the chunk before
		if err := flushFrom(ctx, pipe, restorePipeline); err != nil {
			return err
		}
	}
	return nil
}

// chunksOf gives what one call holds at a time, and once nothing where there is nothing.
func chunksOf(entries []protocol.Entry) iter.Seq[[]protocol.Entry] {
	if len(entries) == 0 {
		return slices.Values([][]protocol.Entry{nil})
	}
	return slices.Chunk(entries, restoreBatch)
}

// flushFrom sends a pipeline that holds at least n commands.
func flushFrom(ctx context.Context, pipe redis.Pipeliner, n int) error {
	if pipe.Len() < n {
		return nil
	}
	_, err := pipe.Exec(ctx)
	return err
}

// conversations are what inboxes' messages tell of conversations: their own messages,
// by key, and who talks with whom. Both people's inboxes hold a message; here it is once.
type conversations struct {
	messages map[string][]protocol.Entry
	peers    peers
	seen     map[string]bool
}

func newConversations() *conversations {
	return &conversations{messages: map[string][]protocol.Entry{}, peers: peers{}, seen: map[string]bool{}}
}

func (c *conversations) add(entries []protocol.Entry) {
	for _, e := range entries {
		sender, receiver, payload, id, ok := conversationOf(e.Payload())
		if !ok || c.seen[payload] {
			continue
		}
		c.seen[payload] = true
		key := conversationKey(sender, receiver)
		ref := strings.TrimSuffix(e.Ref, ":"+receiver)
		c.messages[key] = append(c.messages[key], protocol.Entry{ID: id, Ref: ref, Frame: protocol.AppendFrame(nil, payload)})
		c.peers.add(sender, receiver, id)
		c.peers.add(receiver, sender, id)
	}
}
