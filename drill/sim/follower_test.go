package sim

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"parley/drill/witness"
)

// TestWhatWasPutBackAndPushedOutAtOnceWasThere: between two looks what a Redis had lost is written back, and trimmed, for
// more has waited to be stored.
func TestWhatWasPutBackAndPushedOutAtOnceWasThere(t *testing.T) {
	t.Parallel()
	w := newWorld(1, nil)
	s, err := newServer(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.mini.Close)
	r := &run{world: w, redis: s}
	r.follower.follow(r)
	r.redis.look = r.follower.look
	client := redis.NewClient(&redis.Options{DisableIdentity: true,
		Dialer: func(context.Context, string, string) (net.Conn, error) { return s.mini.Dial() }})
	t.Cleanup(func() { _ = client.Close() })
	script := redis.NewScript(`
		redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
		redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -3)
		if ARGV[3] ~= '' then redis.call('SET', '{' .. KEYS[1] .. '}:trimmed', ARGV[3]) end
		return 1`)
	if err := script.Load(t.Context(), client).Err(); err != nil {
		t.Fatal(err)
	}
	add := func(id int, trimmed string) {
		member := fmt.Sprintf(`{"type":"msg","id":%d,"user":"p1","text":"p1-1_%d","time":1}`, id, id)
		if err := script.EvalSha(t.Context(), client, []string{witness.PublicKey}, id, member, trimmed).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(1, "")
	add(2, "")
	s.die(nil)
	r.follower.over(func() { s.lose(snapshotInterval) })
	s.rise()
	for id := 1; id <= 2; id++ {
		add(id, "")
	}
	add(3, "1")
	logs := r.follower.logs()
	if len(logs.Public) != 3 || logs.Public[0].ID != 1 || !logs.Public[0].Trimmed {
		t.Errorf("the log had %+v", logs.Public)
	}
}
