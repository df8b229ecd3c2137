package redisbridge

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

func departures(names ...string) []actors.Departure {
	left := make([]actors.Departure, len(names))
	for i, name := range names {
		left[i] = actors.Departure{Name: name, At: time.Now()}
	}
	return left
}

// members reads who is present, sorted.
func members(t *testing.T, s *Store) []string {
	t.Helper()
	m, err := membersRead(t, s)
	must(t, err)
	slices.Sort(m.Names)
	return m.Names
}

// expire ends a node's lease, as if it had not renewed it.
func expire(t *testing.T, s *Store, node string) {
	t.Helper()
	must(t, s.client.Do(soon(t), "ZADD", nodesKey, time.Now().Add(-time.Second).UnixMicro(), node).Err())
}

func renew(t *testing.T, s *Store) (lapsed bool, count int64) {
	t.Helper()
	r, err := s.renewLease(soon(t), leaseLength)
	must(t, err)
	return r.lapsed, r.names
}

// present tells who came and who left.
func present(t *testing.T, s *Store, whole bool, joined []string, left []actors.Departure) {
	t.Helper()
	_, err := s.present(soon(t), news{whole, joined, left})
	must(t, err)
}

// TestFirstAndLastConnectionAnywhereAreTold, by one event for each change, numbered.
func TestFirstAndLastConnectionAnywhereAreTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		heard := hark(t, a, membersKey)
		for range 2 { // the second time nothing changes
			present(t, a, false, []string{"alice", "ann"}, nil)
			present(t, b, false, []string{"alice"}, nil)
		}
		present(t, a, false, nil, departures("alice", "nobody"))
		present(t, b, false, []string{"bob"}, departures("alice"))
		for seq, want := range []string{"1\n+alice\n+ann", "2\n+bob\n-alice"} {
			if got := heard(); got != want {
				t.Errorf("event %d is %q, not %q", seq+1, got, want)
			}
		}
		if got := members(t, b); !slices.Equal(got, []string{"ann", "bob"}) {
			t.Errorf("present are %q", got)
		}
		m, err := membersRead(t, a)
		if must(t, err); m.Seq != 2 {
			t.Errorf("the set is numbered %d", m.Seq)
		}
	})
}

func TestNodeThatTellsAllItsNamesTakesTheOthersBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		present(t, a, false, []string{"x", "y", "z"}, nil)
		present(t, b, false, []string{"y"}, nil)
		heard := hark(t, a, membersKey)
		present(t, a, true, []string{"z", "new"}, nil)
		if got := parsePresence(heard()); !slices.Equal(got.Joined, []string{"new"}) || !slices.Equal(got.Left, []string{"x"}) {
			t.Errorf("told %+v", got)
		}
		if got := members(t, a); !slices.Equal(got, []string{"new", "y", "z"}) {
			t.Errorf("present are %q", got)
		}
	})
}

// TestNameThatIsFoundToHaveLeftWasHeldUntilNow: who was told of its departure has died with
// that, and its hold begins with its last connection all the same; but not of who is still
// there, on this node or another.
func TestNameThatIsFoundToHaveLeftWasHeldUntilNow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		for _, name := range []string{"gone", "stays", "both"} {
			claim(t, a, name, "", "token of "+name)
			idle(t, a, name, 9*time.Minute) // as much as renewing claims may be late
		}
		present(t, a, false, []string{"gone", "stays", "both"}, nil)
		present(t, b, false, []string{"both"}, nil)
		present(t, a, true, []string{"stays"}, nil)
		if c := claim(t, a, "gone", "", "token of a stranger"); c.Code != protocol.CodeNameTaken {
			t.Errorf("right after it has left, a stranger is told %+v", c)
		}
		for name, want := range map[string]bool{"gone": true, "stays": false, "both": false} {
			seen, err := a.client.HGet(soon(t), claimKey(name), "seen").Int64()
			if must(t, err); (time.Since(time.UnixMicro(seen)) < time.Minute) != want {
				t.Errorf("%s was last held %v ago", name, time.Since(time.UnixMicro(seen)))
			}
		}
	})
}

// TestNameLeavesOnlyWhenItIsNotedThatItWasHeld: between the two a stranger would have it before the grace is over.
func TestNameLeavesOnlyWhenItIsNotedThatItWasHeld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("a", 10)
		present(t, s, false, []string{"alice"}, nil)
		must(t, s.client.Set(soon(t), "chat:claim:alice", "nothing can be noted here", 0).Err())
		if _, err := s.present(soon(t), news{left: departures("alice")}); err == nil || !slices.Equal(members(t, s), []string{"alice"}) {
			t.Errorf("present are %q though nobody knows until when", members(t, s))
		}
		must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
		present(t, s, false, nil, departures("alice"))
		if got := members(t, s); len(got) != 0 {
			t.Errorf("present are %q", got)
		}
	})
}

// TestNamesOfADeadNodeAreTakenBackOnce, by any node that lives, but for those that
// are present elsewhere.
func TestNamesOfADeadNodeAreTakenBackOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b, dead := open("a", 10), open("b", 10), open("dead", 10)
		for _, s := range []*Store{a, b} {
			renew(t, s)
		}
		present(t, dead, false, []string{"x", "both"}, nil)
		present(t, a, false, []string{"both"}, nil)
		heard := hark(t, a, membersKey)
		expire(t, a, "dead")
		for _, s := range []*Store{a, b, a} {
			if lapsed, _ := renew(t, s); lapsed {
				t.Error("a node that lives has lapsed")
			}
		}
		present(t, b, false, []string{"end"}, nil)
		for _, want := range []string{"2\n-x", "3\n+end"} {
			if got := heard(); got != want {
				t.Errorf("told %q, not %q", got, want)
			}
		}
		if n := a.client.Exists(soon(t), nodeNamesPrefix+"dead").Val(); n != 0 {
			t.Error("the dead node's names are kept")
		}
	})
}

// TestNamesOfADeadNodeLeaveOnlyWhenItIsNotedThatTheyWereHeld: likewise.
func TestNamesOfADeadNodeLeaveOnlyWhenItIsNotedThatTheyWereHeld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s, dead := open("a", 10), open("dead", 10)
		renew(t, s)
		present(t, dead, false, []string{"alice"}, nil)
		must(t, s.client.Set(soon(t), "chat:claim:alice", "nothing can be noted here", 0).Err())
		expire(t, s, "dead")
		if _, err := s.renewLease(soon(t), leaseLength); err == nil || !slices.Equal(members(t, s), []string{"alice"}) {
			t.Errorf("present are %q though nobody knows until when (%v)", members(t, s), err)
		}
		must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
		if renew(t, s); len(members(t, s)) != 0 {
			t.Errorf("present are %q", members(t, s))
		}
	})
}

// TestNodeWhoseOwnLeaseRanOutTakesNobodysNames: the first one back after an outage
// of Redis would take everybody's.
func TestNodeWhoseOwnLeaseRanOutTakesNobodysNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		present(t, a, false, []string{"ann"}, nil)
		present(t, b, false, []string{"bob"}, nil)
		expire(t, a, "a")
		expire(t, a, "b")
		if lapsed, count := renew(t, a); !lapsed || count != 1 {
			t.Errorf("lapsed %v, with %d names", lapsed, count)
		}
		if lapsed, _ := renew(t, b); !lapsed {
			t.Error("the second one back has not lapsed")
		}
		renew(t, a)
		if got := members(t, a); !slices.Equal(got, []string{"ann", "bob"}) {
			t.Errorf("present are %q", got)
		}
	})
}

// pass has time pass for Redis in which it hears of nobody, as while it is stopped, or when
// its clock is set forward.
func pass(t *testing.T, s *Store, d time.Duration) {
	t.Helper()
	ctx := soon(t)
	for _, node := range held(t, s, nodesKey) {
		must(t, s.client.ZIncrBy(ctx, nodesKey, -float64(d.Microseconds()), node.Member.(string)).Err())
	}
	must(t, s.client.DecrBy(ctx, renewedKey, d.Microseconds()).Err())
}

// TestTimeInWhichNobodyRenewsIsNobodysDeath: one node may renew twice before another one does
// at all, for it has a new bridge, or was faster; or only the other's lease has run out.
func TestTimeInWhichNobodyRenewsIsNobodysDeath(t *testing.T) {
	t.Parallel()
	for _, away := range []time.Duration{leaseLength - renewInterval/2, leaseLength + renewInterval, time.Hour} {
		onEach(t, func(t *testing.T, open func(string, int) *Store) {
			a, b := open("a", 10), open("b", 10)
			present(t, b, false, []string{"bob"}, nil)
			renew(t, b)
			pass(t, b, renewInterval-time.Millisecond)
			renew(t, a)
			pass(t, a, away)
			for range 3 {
				renew(t, a)
				if got := members(t, a); !slices.Equal(got, []string{"bob"}) {
					t.Fatalf("after %v without Redis present are %q", away, got)
				}
			}
			for range 5 {
				pass(t, a, renewInterval)
				renew(t, a)
			}
			if got := members(t, a); len(got) != 0 {
				t.Errorf("5 s after %v without Redis, of a node that did not come back, present are %q", away, got)
			}
		})
	}
}

// TestNodesDieByTheClockOfRedis: by a node's own, where the two differ, nobody's names would
// be noted before they leave, or everybody's with each renewal.
func TestNodesDieByTheClockOfRedis(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, lives, dead := open("a", 10), open("lives", 10), open("dead", 10)
		present(t, lives, false, []string{"liv"}, nil)
		present(t, dead, false, []string{"ded"}, nil)
		for _, ahead := range []time.Duration{-time.Hour, 0, time.Hour} {
			now := time.Now()
			lasts := func(node string, d time.Duration) {
				must(t, a.client.ZAdd(soon(t), nodesKey, redis.Z{Score: float64(now.Add(ahead + d).UnixMicro()), Member: node}).Err())
			}
			lasts("lives", leaseLength-renewInterval)
			lasts("dead", -renewInterval)
			a.lease.renewed(now, renewal{end: now.Add(ahead + leaseLength).UnixMicro()})
			names, err := a.namesOfTheDead(soon(t))
			if must(t, err); !slices.Equal(names, []string{"ded"}) {
				t.Errorf("where its clock is %v ahead, dead are %q", ahead, names)
			}
		}
	})
}

func TestNodeThatRetiresShortensItsLease(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a := open("a", 10)
		renew(t, a)
		must(t, a.Retire(soon(t)))
		end := a.client.ZScore(soon(t), nodesKey, "a").Val()
		if left := time.Until(time.UnixMicro(int64(end))); left > actors.Grace {
			t.Errorf("the lease lasts another %v", left)
		}
	})
}

// membersRead reads who is online.
func membersRead(t *testing.T, s *Store) (*actors.Members, error) {
	t.Helper()
	read, err := s.readMembers(soon(t), []*actors.ReadMembers{{Log: actors.Public}})
	if err != nil {
		return nil, err
	}
	return read[0], nil
}
