package redisbridge

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

// reap clears the rooms of a life that is over: of a node that died, or of this one when it has begun
// another.
func (b *bridge) reap(now time.Time) {
	r := &b.reaps
	if !r.free(now) || len(r.line) == 0 {
		return
	}
	over := r.take(1)[0]
	b.run(&r.lane, 1, func(ctx context.Context) error {
		return b.store.reap(ctx, over)
	}, func(error) {}) // what is left undone somebody takes up
}

// reap clears the rooms of a life, as renew.lua names it.
func (s *Store) reap(ctx context.Context, over string) error {
	node, number, ok := cutLast(over, " ")
	life, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return s.client.ZRem(ctx, overKey, over).Err() // nobody knows what that was
	}
	hosted := hostedKey(node, life)
	rooms, err := s.client.SMembers(ctx, hosted).Result()
	if err != nil {
		return err
	}
	slices.Sort(rooms)
	pipe := s.client.Pipeline()
	for some := range slices.Chunk(rooms, gatherBatch) {
		for _, name := range some {
			s.clearOf(ctx, pipe, stranger{actors.Log{Kind: actors.RoomLog, Name: name}, node, life})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
	}
	pipe.Del(ctx, hosted)
	pipe.ZRem(ctx, overKey, over)
	_, err = pipe.Exec(ctx)
	return err
}

// clearOf adds to a pipeline what clears a room of what a node said in a life.
func (s *Store) clearOf(ctx context.Context, pipe redis.Pipeliner, dead stranger) {
	keys := keysOf(dead.room)
	reapScript.EvalSha(ctx, pipe, keys.gather(dead.node), dead.node, keys.namesPrefix(), dead.life, int64(hostedLife.Seconds()))
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
