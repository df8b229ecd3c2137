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
	if seen := ahead + 10*liftBy; s.floor(seen) != seen {
		t.Errorf("ids are above %d in a log that has %d", s.floor(seen), seen)
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
		s.saw(c.newest)
		if s.raise(clock); s.floor(0) != c.want {
			t.Errorf("%s: they are above %d, not %d", c.what, s.floor(0)-clock, c.want-clock)
		}
		s.seen.saw("a log", clock+9*liftBy, time.Now())
		if floor := s.floorOf("a log"); floor < clock+9*liftBy {
			t.Errorf("%s: in a log that had further they are above %d", c.what, floor-clock)
		}
	}
}
