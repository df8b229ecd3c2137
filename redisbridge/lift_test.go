package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
)

// TestIDsAfterALossAreAboveAllThatWereSeen, whatever the clock says: who has read further would
// be told nothing otherwise.
func TestIDsAfterALossAreAboveAllThatWereSeen(t *testing.T) {
	s := openStore(t, "127.0.0.1:1", "n", 10) // it is not asked for anything
	s.candidate = "the first"
	s.accept(time.Now())
	ahead := time.Now().Add(time.Hour).UnixMicro()
	room, inbox, talk := actors.Public, actors.Inbox("bob"), conversation("alice", "bob")
	s.seen.heard(inbox, ahead, time.Now())
	if floor := s.floor(room); floor != 0 {
		t.Errorf("ids are above %d, though nothing was lost", floor)
	}
	above := func(id int64) {
		t.Helper()
		for _, log := range []actors.Log{room, inbox, talk} {
			if floor := s.floor(log); floor < id+liftBy || floor >= id+liftBy+1_000_000 {
				t.Errorf("%d was seen, and ids of %s are above %d", id, logKey(log), floor)
			}
		}
		if s.floor(talk) == s.floor(conversation("bob", "alice")) {
			t.Error("both directions of a conversation have the same ids")
		}
	}
	s.candidate = "another"
	if !s.accept(time.Now()) {
		t.Error("another Redis is none")
	}
	above(ahead)
	for i, seen := range []func(id int64){
		func(id int64) { s.seen.heard(room, id, time.Now()) },
		func(id int64) { s.seen.wrote(talk, id, time.Now()) },
	} {
		further := ahead + int64(i+1)*10*liftBy
		seen(further)
		s.lift = 0
		s.isBehind(room)
		if floor := s.floor(talk); floor < further {
			t.Errorf("%d was seen, and ids are above %d", further, floor)
		}
	}
}

// TestIDsInALogThatIsBehindAreAboveAllThatWereSeen, and not further ahead of the clock for each
// log that is, nor for each node that finds one.
func TestIDsInALogThatIsBehindAreAboveAllThatWereSeen(t *testing.T) {
	const clock = 1_700_000_000_000_000
	for _, c := range []struct {
		what               string
		lift, newest, want int64
	}{
		{"nothing is ahead", 0, clock - 1, clock - 1 + liftBy},
		{"ids were put ahead long ago", clock - 1, clock, clock + liftBy},
		{"ids are ahead", clock + 1, clock + liftBy/2, clock + 1},
		{"another node has put them ahead", 0, clock + liftBy/2, clock + liftBy},
		{"several have", 0, clock + 3*liftBy, clock + 3*liftBy},
	} {
		s := openStore(t, "127.0.0.1:1", "n", 10) // it is not asked for anything
		s.lift = c.lift
		s.seen.heard(actors.Inbox("bob"), c.newest, time.Now())
		if s.raise(clock); s.lifted() != c.want {
			t.Errorf("%s: they are above %d, not %d", c.what, s.lifted()-clock, c.want-clock)
		}
		log := conversation("alice", "bob")
		s.seen.wrote(log, clock+9*liftBy, time.Now())
		if floor := s.floor(log); floor < clock+9*liftBy {
			t.Errorf("%s: in a log that had further they are above %d", c.what, floor-clock)
		}
	}
}

// TestIDsAreAboveWhatWasPutAheadInEveryLog.
func TestIDsAreAboveWhatWasPutAheadInEveryLog(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		s.lift = time.Now().Add(time.Hour).UnixMicro()
		for _, receiver := range []string{"", "bob"} {
			work := direct(actors.Message{Ref: "alice#1", Sender: "alice", Receiver: receiver, Text: "late"})
			entries, err := s.append(soon(t), work, 0)
			must(t, err)
			if work[0].err != nil || work[0].id <= s.lift {
				t.Errorf("%q is told %d (%v)", receiver, work[0].id-s.lift, work[0].err)
			}
			for _, e := range entries {
				if e.entry.ID <= s.lift {
					t.Errorf("%s has %d", logKey(e.log), e.entry.ID-s.lift)
				}
			}
		}
	})
}
