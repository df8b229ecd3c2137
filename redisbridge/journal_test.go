package redisbridge

import (
	"testing"

	"parley/actors"
)

// intoInboxes are all that the messages put into inboxes.
func intoInboxes(work []direct) (all []actors.LogEntry) {
	for _, d := range work {
		all = append(all, d.entries...)
	}
	return all
}

// TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal when it is asked for again: no other node may have it.
func TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		ask := func() []actors.LogEntry {
			work := []direct{
				{waiting: waiting{Message: actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"}}, receiver: "bob"},
			}
			must(t, s.appendDirects(soon(t), work, 0))
			return intoInboxes(work)
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
