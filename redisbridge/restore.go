package redisbridge

import (
	"context"
	"encoding/json"
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
	for _, log := range slices.SortedFunc(maps.Keys(found.messages), actors.Log.Compare) {
		if err := s.restoreLog(ctx, pipe, log, unknown, found.messages[log]); err != nil {
			return err
		}
	}
	for _, pair := range found.peers.pairs() {
		pipe.ZAddGT(ctx, peersKey(pair[0]), redis.Z{Score: float64(found.peers[pair]), Member: pair[1]})
	}
	for _, m := range batch {
		if len(m.Past) > 0 {
			if err := s.restoreLog(ctx, pipe, m.Log, unknown, m.Past); err != nil {
				return err
			}
		}
		if err := s.restoreLog(ctx, pipe, m.Log, m.After, m.Entries); err != nil {
			return err
		}
	}
	return flushFrom(ctx, pipe, 1)
}

// restoreLog adds to a pipeline what puts entries back, and sends it when it is long.
func (s *Store) restoreLog(ctx context.Context, pipe redis.Pipeliner, log actors.Log, after int64, entries []protocol.Entry) error {
	key := logKey(log)
	for chunk := range chunksOf(entries) {
		args := make([]any, 0, 3+3*len(chunk))
		args = append(args, s.keepOf(log), s.lifeOf(log), after)
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
// and who talks with whom. Both people's inboxes hold a message; here it is once.
type conversations struct {
	messages map[actors.Log][]protocol.Entry
	peers    peers
	seen     map[string]bool
}

func newConversations() *conversations {
	return &conversations{messages: map[actors.Log][]protocol.Entry{}, peers: peers{}, seen: map[string]bool{}}
}

func (c *conversations) add(entries []protocol.Entry) {
	for _, e := range entries {
		sender, receiver, payload, id, ok := conversationOf(e.Payload())
		if !ok || c.seen[payload] {
			continue
		}
		c.seen[payload] = true
		log := conversation(sender, receiver)
		ref := strings.TrimSuffix(e.Ref, ":"+receiver)
		c.messages[log] = append(c.messages[log], protocol.Entry{ID: id, Ref: ref, Frame: protocol.AppendFrame(nil, payload)})
		c.peers.add(sender, receiver, id)
		c.peers.add(receiver, sender, id)
	}
}

// conversationOf reads sender and receiver back from an inbox's payload.
func conversationOf(payload []byte) (sender, receiver, body string, id int64, ok bool) {
	var m struct {
		ID   int64  `json:"id"`
		User string `json:"user"`
		To   string `json:"to"`
	}
	text := string(payload)
	cut := strings.LastIndex(text, `,"cursor":`)
	if cut < 0 || json.Unmarshal(payload, &m) != nil {
		return "", "", "", 0, false
	}
	return m.User, m.To, text[:cut] + "}", m.ID, true
}
