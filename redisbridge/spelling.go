package redisbridge

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// spellings gives the spelling that the claim on each of the names has, if there is one.
func (s *Store) spellings(ctx context.Context, names []string) (map[string]string, error) {
	asked := make(map[string][]*redis.StringCmd, len(names))
	pipe := s.client.Pipeline()
	for _, name := range names {
		if asked[name] == nil {
			for _, key := range claimKeys(name) {
				asked[name] = append(asked[name], pipe.HGet(ctx, key, "spelling"))
			}
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	spellings := make(map[string]string, len(asked))
	for name, forms := range asked {
		for _, spelling := range slices.Backward(forms) { // the first counts most
			if spelling.Val() != "" {
				spellings[name] = spelling.Val()
			}
		}
	}
	return spellings, nil
}
