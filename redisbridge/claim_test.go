package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
)

// claim asks for a name with proof, and gives the verdict.
func claim(t *testing.T, s *Store, name, proof, fresh string) *actors.Claimed {
	t.Helper()
	claimed, err := s.claim(soon(t), []*actors.Claim{{Name: name, Proof: proof, Fresh: fresh}})
	must(t, err)
	return claimed[0]
}

// idle puts back when a claim was last used.
func idle(t *testing.T, s *Store, name string, by time.Duration) {
	t.Helper()
	must(t, s.client.HSet(soon(t), claimKey(actors.Fold(name)), "seen", time.Now().Add(-by).UnixMicro()).Err())
}

func TestNameIsHeldByWhoProvesIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		first := claim(t, s, "alice", "", "token-1")
		if first.Code != "" || first.Token != "token-1" || first.Since != 0 {
			t.Fatalf("a free name: %+v", first)
		}
		for _, c := range []struct {
			why, name, proof, fresh string
			token                   string
			code                    actors.Code
		}{
			{"its repetition, the answer being lost", "alice", "", "token-1", "token-1", ""},
			{"the holder", "alice", "token-1", "token-2", "token-1", ""},
			{"a stranger within the grace", "alice", "", "token-3", "", actors.CodeNameTaken},
			{"a stranger with a wrong token", "alice", "wrong", "token-4", "", actors.CodeNameTaken},
			{"another spelling", "ALICE", "", "token-5", "", actors.CodeNameTaken},
			{"another spelling by the holder", "Alice", "token-1", "token-6", "", actors.CodeNameTaken},
		} {
			got := claim(t, s, c.name, c.proof, c.fresh)
			if got.Code != c.code || got.Token != c.token {
				t.Errorf("%s: %+v", c.why, got)
			}
		}
		if hash, _ := s.client.HGet(soon(t), claimKey(actors.Fold("alice")), "token").Result(); hash != hashOf("token-1") {
			t.Errorf("the token is kept as %q", hash)
		}
	})
}

func TestNameIsFreeAgainAfterTheGraceUnlessItIsPresent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		must(t, s.present(soon(t), false, []string{"alice"}, nil))
		idle(t, s, "alice", time.Hour)
		if got := claim(t, s, "alice", "", "token-2"); got.Code != actors.CodeNameTaken {
			t.Errorf("a name that is present is given away: %+v", got)
		}
		must(t, s.present(soon(t), false, nil, []actors.Departure{{Name: "alice", At: time.Now()}}))
		if got := claim(t, s, "alice", "", "token-2"); got.Code != actors.CodeNameTaken {
			t.Errorf("a name that was just left is given away: %+v", got)
		}
		idle(t, s, "alice", actors.Grace+time.Second)
		before := time.Now().Add(-time.Minute).UnixMicro()
		got := claim(t, s, "Alice", "", "token-2")
		if got.Code != "" || got.Token != "token-2" || got.Since < before {
			t.Errorf("after the grace: %+v", got)
		}
		if got := claim(t, s, "alice", "token-1", "token-3"); got.Code != actors.CodeNameTaken {
			t.Errorf("the former holder still has it: %+v", got)
		}
	})
}

func TestClaimEndsAfterItsLifeButHidesTheFormerHoldersTalk(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		idle(t, s, "alice", claimLife+time.Hour)
		if got := claim(t, s, "alice", "token-1", "token-2"); got.Token != "token-2" || got.Since == 0 {
			t.Errorf("after its life: %+v", got)
		}
		if ttl := s.client.TTL(soon(t), claimKey(actors.Fold("alice"))).Val(); ttl <= claimLife || ttl > 2*claimLife {
			t.Errorf("the claim is kept for %v", ttl)
		}
	})
}

// TestClaimIsAskedAgainWhenSomebodyWasFaster: presence was asked of a spelling that
// the claim no longer has.
func TestClaimIsAskedAgainWhenSomebodyWasFaster(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		two := []*actors.Claim{{Name: "alice", Fresh: "token-1"}, {Name: "Alice", Fresh: "token-2"}}
		claimed, err := s.claim(soon(t), two)
		must(t, err)
		if claimed[0] == nil || claimed[0].Token != "token-1" || claimed[1] != nil {
			t.Fatalf("two at once: %+v", claimed)
		}
		if got := claim(t, s, "Alice", "", "token-2"); got.Code != actors.CodeNameTaken {
			t.Errorf("asked again: %+v", got)
		}
	})
}

func TestReleaseNotesWhenANameWasLeftAndNeverAnEarlierTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		seen := func() int64 { n, _ := s.client.HGet(soon(t), claimKey(actors.Fold("alice")), "seen").Int64(); return n }
		release := func(name string, ago time.Duration) {
			must(t, releaseScript.Run(soon(t), s.client, []string{claimKey(actors.Fold("alice"))}, name, ago.Microseconds()).Err())
		}
		joined := seen()
		release("alice", time.Hour)
		if release("Alice", 0); seen() != joined {
			t.Error("a release of earlier, or of another spelling, is noted")
		}
		idle(t, s, "alice", time.Hour)
		release("alice", 30*time.Minute)
		if ago := time.Since(time.UnixMicro(seen())); ago < 29*time.Minute || ago > 31*time.Minute {
			t.Errorf("left %v ago", ago)
		}
	})
}
