package redisbridge

import (
	"testing"

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
