package redisbridge

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

// readPages reads pages of history. A conversation's peer is found under the
// spelling that its claim has.
func (s *Store) readPages(ctx context.Context, pages []*actors.ReadPage) ([]*actors.Page, error) {
	var names []string
	for _, p := range pages {
		if p.Peer != "" {
			names = append(names, p.Peer)
		}
	}
	holdings, err := s.holdings(ctx, names)
	if err != nil {
		return nil, err
	}
	pipe := s.client.Pipeline()
	peers := make([]string, len(pages))
	halves := make([][2]*redis.ZSliceCmd, len(pages))
	for i, p := range pages {
		if p.Peer == "" {
			halves[i][0] = pageOf(ctx, pipe, p.Log, p)
			continue
		}
		peers[i] = p.Peer
		if h, claimed := holdings[p.Peer]; claimed {
			peers[i] = h.spelling
		}
		halves[i][0] = pageOf(ctx, pipe, conversation(p.User, peers[i]), p)
		if peers[i] != p.User {
			halves[i][1] = pageOf(ctx, pipe, conversation(peers[i], p.User), p)
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	read := make([]*actors.Page, len(pages))
	for i, p := range pages {
		entries := entriesOf(halves[i][0].Val(), nil, true)
		if halves[i][1] != nil {
			entries = append(entries, entriesOf(halves[i][1].Val(), nil, true)...)
			slices.SortFunc(entries, func(a, b protocol.Entry) int { return int(a.ID - b.ID) })
		}
		read[i] = &actors.Page{Op: p.Op, Peer: peers[i], Entries: entries}
		if extra := len(entries) - p.Limit; extra > 0 {
			read[i].Entries, read[i].More = entries[extra:], true
		}
	}
	return read, nil
}

// pageOf asks for one more than a page, to see whether there are older ones.
func pageOf(ctx context.Context, pipe redis.Pipeliner, log actors.Log, p *actors.ReadPage) *redis.ZSliceCmd {
	return pipe.ZRevRangeByScoreWithScores(ctx, logKey(log), &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(p.After, 10), Max: "(" + strconv.FormatInt(p.Before, 10), Count: int64(p.Limit + 1),
	})
}
