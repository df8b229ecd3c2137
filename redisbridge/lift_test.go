package redisbridge

import (
	"testing"
	"time"
)

// TestIDsAfterALossAreAboveAllThatWereSeen, whatever the clock says: who has read further would
// be told nothing otherwise.
func TestIDsAfterALossAreAboveAllThatWereSeen(t *testing.T) {
	s := openStore(t, "127.0.0.1:1", "n", 10) // it is not asked for anything
	s.candidate = "the first"
	s.accept(time.Now())
	ahead := time.Now().Add(time.Hour).UnixMicro()
	s.saw(ahead)
	if floor := s.floor(0); floor != 0 {
		t.Errorf("ids are above %d, though nothing was lost", floor)
	}
	s.candidate = "another"
	if !s.accept(time.Now()) || s.floor(0) < ahead+liftBy {
		t.Errorf("with another Redis ids are above %d, and %d was seen", s.floor(0), ahead)
	}
	further := ahead + 10*liftBy
	s.saw(further)
	if s.raise(); s.floor(0) < further+liftBy {
		t.Errorf("in a log that is behind ids are above %d, and %d was seen", s.floor(0), further)
	}
	if seen := further + 10*liftBy; s.floor(seen) != seen {
		t.Errorf("ids are above %d in a log that has %d", s.floor(seen), seen)
	}
}
