package redisbridge

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

// TestReferenceWithoutItsMessageIsPutBack: the log had trimmed it, and its sender heard no ack.
func TestReferenceWithoutItsMessageIsPutBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("a", 1000)
		entries := written(t, s, "alice#trimmed", "alice#kept")
		must(t, s.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), s.client))
		past := []protocol.Entry{{ID: entries[0].ID, Ref: entries[0].Ref}}
		must(t, s.restore(soon(t), []*actors.Restore{{Past: past, After: entries[0].ID, Entries: entries[1:]}}))
		if all := held(t, s, publicKey); len(all) != 1 {
			t.Errorf("the log has %v", all)
		}
		again, err := s.client.ZScore(soon(t), refsKey(publicKey), entries[0].Ref).Result()
		if err != nil || int64(again) != entries[0].ID {
			t.Errorf("its reference has %f, not %d: %v", again, entries[0].ID, err)
		}
		if n, err := s.client.ZCard(soon(t), missingKey(publicKey)).Result(); err != nil || n != 1 {
			t.Errorf("%d are missing, not the one that nobody put back: %v", n, err)
		}
	})
}

func TestReferencesLastTenMinutes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		id := run(t, s, publics(s, "alice#1")).ids[0]
		young, old := id-9*time.Minute.Microseconds(), id-11*time.Minute.Microseconds()
		must(t, s.client.ZAdd(soon(t), refsKey(publicKey),
			redis.Z{Score: float64(young), Member: "alice#young"}, redis.Z{Score: float64(old), Member: "alice#old"}).Err())
		c := publics(s, "alice#2")
		c.floor = id + time.Second.Microseconds() // old references do not go each time
		run(t, s, c)
		if refs := s.client.ZRange(soon(t), refsKey(publicKey), 0, -1).Val(); !slices.Equal(refs, []string{"alice#young", "alice#1", "alice#2"}) {
			t.Errorf("there are %q", refs)
		}
		if got := run(t, s, publics(s, "alice#young")).ids[0]; got != young {
			t.Errorf("the repeat of %d is %d", young, got)
		}
	})
}
