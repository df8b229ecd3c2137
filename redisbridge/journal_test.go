package redisbridge

import (
	"testing"

	"parley/actors"
)

// TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal when it is asked for again: no other node may have it.
func TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		ask := func() []actors.LogEntry {
			entries, err := s.appendDirects(soon(t), []direct{
				{waiting: waiting{Message: actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"}}, receiver: "bob"},
			}, 0)
			must(t, err)
			return entries
		}
		first, again := ask(), ask()
		if len(first) != 2 || len(again) != 2 {
			t.Fatalf("given were %d entries, and %d when asked again", len(first), len(again))
		}
		for i, e := range first {
			a := again[i]
			if a.Log != e.Log || a.Entry.ID != e.Entry.ID || a.Entry.Ref != e.Entry.Ref || string(a.Entry.Payload()) != string(e.Entry.Payload()) {
				t.Errorf("%+v is given as %+v", e, a)
			}
		}
	})
}
