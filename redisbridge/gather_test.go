package redisbridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/actors"
)

var den = actors.Room("Den")

// gatherIn tells who is in a room on a node, in its life.
func gatherIn(t *testing.T, s *Store, life int64, n news) {
	t.Helper()
	must(t, s.gather(soon(t), life, []told{{
		news: n, log: den, room: "Den", begins: len(n.joined) > 0, ends: len(n.joined) == 0,
	}}, nil))
}

// inRoom reads who is in the room, sorted, and the number of the last event.
func inRoom(t *testing.T, s *Store) ([]string, int64) {
	t.Helper()
	read, err := s.readMembers(soon(t), []*actors.ReadMembers{{Log: den}})
	must(t, err)
	slices.Sort(read[0].Names)
	return read[0].Names, read[0].Seq
}

// TestRoomsAreToldOfFirstAndLastConnectionsAnywhere, over the channel of their log, and numbered.
func TestRoomsAreToldOfFirstAndLastConnectionsAnywhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		renew(t, a)
		renew(t, b)
		heard := hark(t, a, logKey(den))
		for range 2 { // the second time nothing changes
			gatherIn(t, a, 1, news{joined: []string{"alice", "ann"}})
			gatherIn(t, b, 1, news{joined: []string{"alice"}})
		}
		gatherIn(t, a, 1, news{left: departures("alice", "nobody")})
		gatherIn(t, b, 1, news{joined: []string{"bob"}, left: departures("alice")})
		gatherIn(t, a, 1, news{whole: true})
		for seq, want := range []string{"@1\n+alice\n+ann", "@2\n+bob\n-alice", "@3\n-ann"} {
			if got := heard(); got != want {
				t.Errorf("event %d is %q, not %q", seq+1, got, want)
			}
		}
		if names, seq := inRoom(t, b); !slices.Equal(names, []string{"bob"}) || seq != 3 {
			t.Errorf("%q are in it, by event %d", names, seq)
		}
		if got := members(t, a); len(got) != 0 {
			t.Errorf("%q are online by it", got)
		}
	})
}

// TestRoomsAreClearedOfALifeThatIsOver, but not of what was said again in a later one, nor of who is
// there on another node; and nobody is told twice.
func TestRoomsAreClearedOfALifeThatIsOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		renew(t, a)
		renew(t, b)
		gatherIn(t, a, 1, news{joined: []string{"alice", "ann"}})
		gatherIn(t, b, 7, news{joined: []string{"bob", "ann"}})
		heard := hark(t, a, logKey(den))
		for range 2 {
			must(t, b.reap(soon(t), "a 1"))
		}
		gatherIn(t, a, 2, news{joined: []string{"alice"}})
		must(t, b.reap(soon(t), "a 1"))
		if names, _ := inRoom(t, b); !slices.Equal(names, []string{"alice", "ann", "bob"}) {
			t.Errorf("%q are in it", names)
		}
		must(t, a.reap(soon(t), "b 7"))
		for _, want := range []string{"@3\n-alice", "@4\n+alice", "@5\n-ann\n-bob"} {
			got := strings.Split(heard(), "\n")
			slices.Sort(got[1:])
			if got := strings.Join(got, "\n"); got != want {
				t.Errorf("told %q, not %q", got, want)
			}
		}
		if names, _ := inRoom(t, b); !slices.Equal(names, []string{"alice"}) {
			t.Errorf("%q are left", names)
		}
	})
}

// TestDeadNodesRoomsAreClearedByWhoRenewsNext, by that one alone as long as it is at it; and by whoever
// comes into one of them where nobody has.
func TestDeadNodesRoomsAreClearedByWhoRenewsNext(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		dead, a, b := open("dead", 10), open("a", 10), open("b", 10)
		for _, s := range []*Store{dead, a, b} {
			s.life.begin(time.Now())
			renew(t, s)
		}
		life, _ := dead.life.current()
		gatherIn(t, dead, life, news{joined: []string{"ghost"}})
		expire(t, a, "dead")
		r, err := a.renewLease(soon(t), leaseLength)
		must(t, err)
		if want := []string{fmt.Sprint("dead ", life)}; !slices.Equal(r.over, want) {
			t.Fatalf("%q are to be cleared, not %q", r.over, want)
		}
		if r, err := b.renewLease(soon(t), leaseLength); err != nil || len(r.over) > 0 {
			t.Errorf("another is to clear %q, too (%v)", r.over, err)
		}
		if names, _ := inRoom(t, b); !slices.Equal(names, []string{"ghost"}) {
			t.Errorf("before, %q are in it", names)
		}
		life, _ = b.life.current()
		gatherIn(t, b, life, news{joined: []string{"bob"}}) // and a has died with it
		if names, _ := inRoom(t, b); !slices.Equal(names, []string{"bob"}) {
			t.Errorf("after somebody came, %q are in it", names)
		}
		must(t, a.reap(soon(t), r.over[0]))
		if n, err := a.client.Exists(soon(t), overKey, hostedKey("dead", life)).Result(); err != nil || n != 0 {
			t.Errorf("%d keys are left of it (%v)", n, err)
		}
	})
}

// TestNodesFormerLivesAreOver after a time, and no sooner.
func TestNodesFormerLivesAreOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a := open("a", 10)
		now := time.Now()
		a.life.begin(now)
		first, _ := a.life.current()
		a.life.begin(now)
		if second, former := a.life.current(); second <= first || !slices.Equal(former, []int64{first}) {
			t.Fatalf("after %d comes %d, and %v are over", first, second, former)
		}
		renew(t, a)
		if _, former := a.life.current(); len(former) > 0 {
			t.Errorf("%v is told again", former)
		}
		r, err := a.renewLease(soon(t), leaseLength)
		if must(t, err); len(r.over) > 0 {
			t.Errorf("%q are to be cleared at once", r.over)
		}
		must(t, a.client.ZIncrBy(soon(t), overKey, -float64(reapAfter.Microseconds()), fmt.Sprint("a ", first)).Err())
		if r, err = a.renewLease(soon(t), leaseLength); err != nil || !slices.Equal(r.over, []string{fmt.Sprint("a ", first)}) {
			t.Errorf("%q are to be cleared (%v)", r.over, err)
		}
	})
}

// TestLifeThatARedisWasTakenBackToIsOver, though it had been told of that before.
func TestLifeThatARedisWasTakenBackToIsOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a := open("a", 10)
		a.life.begin(time.Now())
		first, _ := a.life.current()
		renew(t, a)
		a.life.begin(time.Now())
		renew(t, a)
		must(t, a.client.Del(soon(t), overKey).Err())
		must(t, a.client.HSet(soon(t), livesKey, "a", first).Err())
		a.life.begin(time.Now())
		renew(t, a)
		if err := a.client.ZScore(soon(t), overKey, fmt.Sprint("a ", first)).Err(); err != nil {
			t.Errorf("nobody is to clear the rooms of the first life: %v", err)
		}
		renew(t, a)
		third, _ := a.life.current()
		if err := a.client.ZScore(soon(t), overKey, fmt.Sprint("a ", third)).Err(); err == nil {
			t.Error("its present life is over")
		}
	})
}

// TestLeaseIsRenewedWhenAnothersEnds is that the next of these is told.
func TestLeaseIsRenewedWhenAnothersEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		renew(t, a)
		if r, err := a.renewLease(soon(t), leaseLength); err != nil || r.next != 0 {
			t.Errorf("alone, the next ends at %d (%v)", r.next, err)
		}
		ends, err := b.renewLease(soon(t), leaseLength/2)
		must(t, err)
		if r, err := a.renewLease(soon(t), leaseLength); err != nil || r.next != ends.end {
			t.Errorf("the next ends at %d, not %d (%v)", r.next, ends.end, err)
		}
	})
}
