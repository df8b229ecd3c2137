package redisbridge

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"parley/drill/rig"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The library's dead letters are counted by a goroutine that ends by itself, within a second.
		goleak.IgnoreAnyFunction("github.com/asynkron/protoactor-go/actor.NewDeadLetter.NewThrottle.func4.1"))
}

// patience is how long something may take to become true: CI machines stall.
const patience = 30 * time.Second

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	every := time.NewTicker(2 * time.Millisecond)
	defer every.Stop()
	for end := time.Now().Add(patience); !is(); <-every.C {
		if time.Now().After(end) {
			t.Fatalf("it did not come to be that %s", what)
		}
	}
}

func startRedis(t testing.TB, args ...string) *rig.Redis {
	t.Helper()
	r, err := rig.NewRedis(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// openStore opens a node's store before the Redis at addr.
func openStore(t testing.TB, addr, node string, keep int) *Store {
	t.Helper()
	s, err := Open(Settings{Addr: addr, HistoryKeep: keep, RoomKeep: time.Hour, NameHold: time.Hour}, node, zerolog.Nop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// known lets a store talk to its Redis, as the bridge does when it has begun.
func known(t testing.TB, s *Store) *Store {
	t.Helper()
	_ = s.client.Ping(soon(t)).Err() // refused, for this Redis is not known yet
	s.accept(time.Now())
	must(t, loadScripts(soon(t), s.client))
	return s
}

// onEach runs a test on a real Redis and on the embedded one. open gives stores of
// further nodes on it.
func onEach(t *testing.T, test func(t *testing.T, open func(node string, keep int) *Store)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		r := startRedis(t)
		test(t, func(node string, keep int) *Store { return known(t, openStore(t, r.Addr(), node, keep)) })
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		r := miniredis.RunT(t)
		test(t, func(node string, keep int) *Store {
			s := openStore(t, r.Addr(), node, keep)
			s.embedded = true
			return known(t, s)
		})
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hark hears what a channel bears from now on.
func hark(t *testing.T, s *Store, channel string) func() string {
	t.Helper()
	sub := s.client.Subscribe(soon(t), channel)
	t.Cleanup(func() { _ = sub.Close() })
	if _, err := sub.Receive(soon(t)); err != nil {
		t.Fatal(err)
	}
	return func() string {
		t.Helper()
		m, err := sub.ReceiveMessage(soon(t))
		must(t, err)
		return m.Payload
	}
}

// held gives a log's members and scores, oldest first.
func held(t *testing.T, s *Store, key string) []redis.Z {
	t.Helper()
	all, err := s.client.ZRangeWithScores(soon(t), key, 0, -1).Result()
	must(t, err)
	return all
}
