package redisbridge

import (
	"slices"
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
)

func noted(log actors.Log, prev, id int64) logEntry {
	return logEntry{log: log, prev: prev, entry: protocol.Entry{ID: id}}
}

// links gives of what is to be written back to a log which ids come right after which.
func (j *journal) links(log actors.Log) (links [][2]int64) {
	for _, m := range j.chains() {
		prev := m.After
		for _, e := range m.Entries {
			if m.Log == log {
				links = append(links, [2]int64{prev, e.ID})
			}
			prev = e.ID
		}
	}
	return links
}

// TestJournalSaysOfEachEntryWhatWasBefore: others stored some in between.
func TestJournalSaysOfEachEntryWhatWasBefore(t *testing.T) {
	j := newJournal(0)
	for _, e := range []logEntry{
		noted(actors.Inbox("bob"), 0, 1), noted(actors.Inbox("eve"), 1, 2), noted(actors.Inbox("bob"), 3, 4), noted(actors.Public, 8, 9), noted(actors.Inbox("bob"), 4, 5), noted(actors.Inbox("bob"), 1, 3), noted(actors.Inbox("bob"), 3, 4), noted(actors.Inbox("bob"), 7, 8), noted(actors.Public, 9, 11),
		noted(actors.Room("Den"), 0, 6), noted(actors.Room("den"), 6, 7), noted(actors.Room("Attic"), 0, 7),
	} {
		j.note([]logEntry{e}, time.Now())
	}
	for log, want := range map[actors.Log][][2]int64{
		actors.Inbox("bob"): {{0, 1}, {1, 3}, {3, 4}, {4, 5}, {7, 8}}, actors.Inbox("eve"): {{1, 2}}, actors.Public: {{8, 9}, {9, 11}},
		actors.Room("Den"): {{0, 6}, {6, 7}}, actors.Room("Attic"): {{0, 7}},
	} {
		if got := j.links(log); !slices.Equal(got, want) {
			t.Errorf("%q: gives back %v, not %v", log, got, want)
		}
	}
}

// TestJournalForgetsWhatOthersHold: of inboxes after a time, of the public log once its events
// have had the time to come, and have; of both the oldest where there are too many.
func TestJournalForgetsWhatOthersHold(t *testing.T) {
	j := newJournal(3)
	began := time.Now()
	count := func(log actors.Log) int { return len(j.links(log)) }
	j.note([]logEntry{noted(actors.Inbox("bob"), 0, 1), noted(actors.Public, 0, 2), noted(actors.Public, 2, 3)}, began)
	j.heard(2)
	j.note(nil, began.Add(unheardAge))
	if n := count(actors.Public); n != 2 {
		t.Errorf("%d public entries are held at once", n)
	}
	j.note(nil, began.Add(unheardAge+time.Second))
	if got := j.links(actors.Public); !slices.Equal(got, [][2]int64{{2, 3}}) {
		t.Errorf("%v is unheard", got)
	}
	j.note([]logEntry{noted(actors.Inbox("bob"), 1, 4)}, began.Add(journalAge))
	if n := count(actors.Inbox("bob")); n != 2 {
		t.Errorf("%d direct messages are held for %v", n, journalAge)
	}
	j.note([]logEntry{noted(actors.Inbox("bob"), 4, 5)}, began.Add(journalAge+time.Second))
	if got := j.links(actors.Inbox("bob")); !slices.Equal(got, [][2]int64{{1, 4}, {4, 5}}) {
		t.Errorf("after that, %v", got)
	}
	j.note([]logEntry{noted(actors.Inbox("eve"), 0, 6), noted(actors.Inbox("eve"), 6, 7)}, began.Add(journalAge+time.Second))
	if n := count(actors.Inbox("bob")) + count(actors.Inbox("eve")); n != 3 {
		t.Errorf("%d are held, of 3 at most", n)
	}
	again := noted(actors.Inbox("eve"), 6, 7)
	again.again = true
	j.note([]logEntry{again, again}, began.Add(journalAge+time.Second))
	if n := count(actors.Inbox("bob")); n != 1 {
		t.Errorf("what is asked for again takes the place of others: %d are left", n)
	}
	all := make([]logEntry, unheardLimit+1)
	for i := range all {
		all[i] = noted(actors.Public, int64(i+9), int64(i+10))
	}
	j.note(all, began)
	if n := count(actors.Public); n != unheardLimit {
		t.Errorf("%d public entries are held", n)
	}
}

// TestJournalTakesWhatIsSaidAgainForTheNewest: its sender may hear only then that it is stored.
func TestJournalTakesWhatIsSaidAgainForTheNewest(t *testing.T) {
	j := newJournal(2)
	began := time.Now()
	j.note([]logEntry{noted(actors.Inbox("bob"), 0, 1), noted(actors.Inbox("eve"), 0, 2)}, began)
	again := noted(actors.Inbox("bob"), -1, 1)
	again.again = true
	j.note([]logEntry{again}, began.Add(journalAge))
	j.note([]logEntry{noted(actors.Inbox("eve"), 2, 3)}, began.Add(journalAge+time.Second))
	if got := j.links(actors.Inbox("bob")); !slices.Equal(got, [][2]int64{{0, 1}}) {
		t.Errorf("of what was said again it has %v", got)
	}
	if got := j.links(actors.Inbox("eve")); !slices.Equal(got, [][2]int64{{2, 3}}) {
		t.Errorf("of the others it has %v", got)
	}
}

// TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal when it is asked for again: no other node
// may have it.
func TestDirectMessageWhoseReplyWasLostIsGivenToTheJournal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		ask := func() []logEntry {
			work := direct(actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"})
			entries, err := s.append(soon(t), work, 0)
			must(t, err)
			return entries
		}
		first, again := ask(), ask()
		if len(first) != 2 || len(again) != 2 {
			t.Fatalf("given were %d entries, and %d when asked again", len(first), len(again))
		}
		for i, e := range first {
			a := again[i]
			if a.log != e.log || !a.again || a.entry.ID != e.entry.ID || a.entry.Ref != e.entry.Ref || string(a.entry.Payload()) != string(e.entry.Payload()) {
				t.Errorf("%+v is given as %+v", e, a)
			}
		}
	})
}
