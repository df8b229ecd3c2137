package redisbridge

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// holding is a claim as whoever writes to its holder has to know it.
type holding struct {
	spelling string
	since    int64 // µs: the holder sees nothing with an id up to this one
}

// holdings gives the claim on each of the names, if there is one.
func (s *Store) holdings(ctx context.Context, names []string) (map[string]holding, error) {
	asked := make(map[string][]*redis.SliceCmd, len(names))
	pipe := s.client.Pipeline()
	for _, name := range names {
		if asked[name] == nil {
			for _, key := range claimKeys(name) {
				asked[name] = append(asked[name], pipe.HMGet(ctx, key, "spelling", "since"))
			}
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	holdings := make(map[string]holding, len(asked))
	for name, forms := range asked {
		for _, form := range slices.Backward(forms) { // the first counts most
			claim := form.Val()
			if spelling, _ := claim[0].(string); spelling != "" {
				since, _ := claim[1].(string)
				at, _ := strconv.ParseInt(since, 10, 64) // none: 0
				holdings[name] = holding{spelling, at}
			}
		}
	}
	return holdings, nil
}
