package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
)

// TestOfTwoWhoHaveGoneTheLaterHolderIsWrittenBack: two nodes remember two holders of a name that
// Redis has forgotten. The earlier one, who comes back with the token, is not to be told what was
// sent to the later.
func TestOfTwoWhoHaveGoneTheLaterHolderIsWrittenBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		earlier := actors.HeldClaim{Name: "alice", Token: "token-1", Since: 17, Left: time.Now().Add(-time.Minute)}
		later := actors.HeldClaim{Name: "alice", Token: "token-2", Since: 30, Left: time.Now().Add(-time.Second * 30)}
		for _, order := range [][]actors.HeldClaim{{earlier, later}, {later, earlier}} {
			must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
			for _, c := range order {
				vouchFor(t, s, c)
			}
			if got := claim(t, s, "alice", "token-1", "x"); got.Since <= later.Since {
				t.Errorf("the earlier one is told what was said to the later: %+v", got)
			}
		}
		must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
		vouchFor(t, s, earlier)
		claim(t, s, "alice", "token-1", "x")
		if vouchFor(t, s, later) {
			t.Error("one who has gone has the name of somebody who has come back")
		}
	})
}

// TestLaterHolderHasTheNameThoughRedisWasTakenBack to when it was somebody else's; unless that one is back by now.
func TestLaterHolderHasTheNameThoughRedisWasTakenBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		for why, left := range map[string]time.Time{"is there": {}, "has gone": time.Now().Add(-time.Minute)} {
			must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
			claim(t, s, "alice", "", "token-1")
			later := actors.HeldClaim{Name: "alice", Token: "token-2", Since: time.Now().UnixMicro(), Left: left}
			// That a connection of the later one has ended may be noted before the claim is written back.
			must(t, releaseScript.Run(soon(t), s.client, []string{"chat:claim:alice"}, "alice", 0).Err())
			if !vouchFor(t, s, later) {
				t.Errorf("a later holder who %s has lost the name", why)
			}
			if got := claim(t, s, "alice", "token-1", "x"); got.Code == "" && got.Since <= later.Since {
				t.Errorf("the earlier one is told what was said to one who %s: %+v", why, got)
			}

			must(t, s.client.Del(soon(t), "chat:claim:alice").Err())
			claim(t, s, "alice", "", "token-1")
			later.Since = time.Now().UnixMicro()
			claim(t, s, "alice", "token-1", "x")
			if vouchFor(t, s, later) {
				t.Errorf("one who %s has the name of somebody who is back", why)
			}
		}
	})
}

func TestClaimsFollowEachOtherThoughTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		idle(t, s, "alice", time.Hour)
		ahead := time.Now().Add(time.Minute).UnixMicro()
		must(t, s.client.HSet(soon(t), "chat:claim:alice", "since", ahead).Err())
		if got := claim(t, s, "alice", "", "token-2"); got.Since <= ahead {
			t.Errorf("the next claim is of %d, and the one before of %d", got.Since, ahead)
		}
	})
}
