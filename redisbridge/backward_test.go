package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
)

// TestIdsAreAboveTheBeginningOfTheClaims of those who speak and who listen, also where Redis's
// clock was set back: else a repeat would be none, and what is new would seem to be a former
// holder's.
func TestIdsAreAboveTheBeginningOfTheClaims(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		later := time.Now().Add(time.Minute).UnixMicro()
		latest := later + 60_000_000
		c := publics(s)
		c.add(0, "alice#1", later, body("alice", "", "", "said"))
		c.add(0, "bob#1", 0, body("bob", "", "", "behind it"))
		ids := run(t, s, c).ids
		if ids[0] <= later || ids[1] <= ids[0] {
			t.Errorf("%v are not above %d", ids, later)
		}
		if again := run(t, s, c).ids; again[0] != ids[0] {
			t.Errorf("the repeat of %d is %d", ids[0], again[0])
		}
		must(t, s.client.HSet(soon(t), claimKey("alice"), "spelling", "alice", "since", later).Err())
		must(t, s.client.HSet(soon(t), claimKey("bob"), "spelling", "Bob", "since", latest).Err())
		say := func() (placed []logEntry) {
			work := direct(actors.Message{Ref: "alice#d", Since: later, Sender: "alice", Receiver: "bob", Text: "psst"})
			placed, err := s.append(soon(t), work, 0)
			must(t, err)
			if work[0].id <= latest {
				t.Errorf("in the conversation it has the id %d, not above %d", work[0].id, latest)
			}
			return placed
		}
		first, again := say(), say()
		for i, e := range first {
			if since := map[actors.Log]int64{actors.Inbox("alice"): later, actors.Inbox("Bob"): latest}[e.log]; e.entry.ID <= since {
				t.Errorf("in the inbox of %s it has the id %d, not above %d", e.log.Name, e.entry.ID, since)
			}
			if again[i].entry.ID != e.entry.ID {
				t.Errorf("the repeat of %d is %d", e.entry.ID, again[i].entry.ID)
			}
		}
	})
}
