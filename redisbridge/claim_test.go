package redisbridge

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
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
	must(t, s.client.HSet(soon(t), claimKey(protocol.Fold(name)), "seen", time.Now().Add(-by).UnixMicro()).Err())
}

func TestNameIsHeldByWhoProvesIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		first := claim(t, s, "alice", "", "token-1")
		if first.Code != "" || first.Token != "token-1" || first.Since < time.Now().Add(-time.Minute).UnixMicro() {
			t.Fatalf("a free name: %+v", first)
		}
		for _, c := range []struct {
			why, name, proof, fresh string
			token                   string
			code                    protocol.Code
		}{
			{"its repetition, the answer being lost", "alice", "", "token-1", "token-1", ""},
			{"the holder", "alice", "token-1", "token-2", "token-1", ""},
			{"a stranger within the grace", "alice", "", "token-3", "", protocol.CodeNameTaken},
			{"a stranger with a wrong token", "alice", "wrong", "token-4", "", protocol.CodeNameTaken},
			{"another spelling", "ALICE", "", "token-5", "", protocol.CodeNameTaken},
			{"another spelling by the holder", "Alice", "token-1", "token-6", "", protocol.CodeNameTaken},
		} {
			got := claim(t, s, c.name, c.proof, c.fresh)
			if got.Code != c.code || got.Token != c.token {
				t.Errorf("%s: %+v", c.why, got)
			}
		}
		if hash, _ := s.client.HGet(soon(t), "chat:claim:alice", "token").Result(); hash != hashOf("token-1") {
			t.Errorf("the token is kept as %q", hash)
		}
	})
}

func TestNameIsFreeAgainAfterTheGraceUnlessItIsPresent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		present(t, s, false, []string{"alice"}, nil)
		idle(t, s, "alice", time.Hour)
		if got := claim(t, s, "alice", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("a name that is present is given away: %+v", got)
		}
		present(t, s, false, nil, []actors.Departure{{Name: "alice", At: time.Now()}})
		if got := claim(t, s, "alice", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("a name that was just left is given away: %+v", got)
		}
		idle(t, s, "alice", actors.Grace+time.Second)
		before := time.Now().Add(-time.Minute).UnixMicro()
		got := claim(t, s, "Alice", "", "token-2")
		if got.Code != "" || got.Token != "token-2" || got.Since < before {
			t.Errorf("after the grace: %+v", got)
		}
		if got := claim(t, s, "alice", "token-1", "token-3"); got.Code != protocol.CodeNameTaken {
			t.Errorf("the former holder still has it: %+v", got)
		}
	})
}

// TestClaimsOfThoseWhoKeepTheirTokenLast, and others no longer than a day.
func TestClaimsOfThoseWhoKeepTheirTokenLast(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		life := func() time.Duration { return s.client.TTL(soon(t), "chat:claim:alice").Val() }
		claim(t, s, "alice", "", "token-1")
		if d := life(); d <= 0 || d > claimLife {
			t.Errorf("a claim that may be anybody's whim is kept for %v", d)
		}
		claim(t, s, "alice", "token-1", "token-2")
		if d := life(); d <= claimLife || d > keptClaimLife {
			t.Errorf("that of a holder who came back is kept for %v", d)
		}
	})
}

func TestPresenceCountsBeforeAge(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		present(t, s, false, []string{"alice"}, nil)
		idle(t, s, "alice", 2*keptClaimLife)
		if got := claim(t, s, "alice", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("the name of somebody who is connected was given away: %+v", got)
		}
		if got := claim(t, s, "alice", "token-1", "token-2"); got.Code != "" || got.Token != "token-1" {
			t.Errorf("its holder is told %+v", got)
		}
	})
}

// TestNewClaimSeesNoInboxFromBeforeIt, whether the old claim is still known or not; but the
// first ever to take a name gets what waits for it.
func TestNewClaimSeesNoInboxFromBeforeIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 100)
		claim(t, s, "sender", "", "token")
		if got := claim(t, s, "known", "", "token-1"); got.Since == 0 {
			t.Error("a claim on a name for which nothing waits begins before time")
		}
		send(t, s, "sender", "known", "for the first")
		idle(t, s, "known", time.Hour)
		newest := held(t, s, "chat:inbox:known")[0].Score
		if got := claim(t, s, "known", "", "token-2"); float64(got.Since) < newest {
			t.Errorf("who takes a name that was left sees what is older than %d", got.Since)
		}
		must(t, s.client.Del(soon(t), "chat:claim:known").Err())
		send(t, s, "sender", "known", "kept alive")
		newest = held(t, s, "chat:inbox:known")[1].Score
		if got := claim(t, s, "known", "", "token-3"); float64(got.Since) < newest {
			t.Errorf("who takes a name whose claim is forgotten sees what is older than %d", got.Since)
		}
		must(t, s.client.Del(soon(t), "chat:claim:known").Err())
		if got := claim(t, s, "known", "made up", "token-4"); float64(got.Since) < newest {
			t.Errorf("who shows a token that nobody knows sees what is older than %d", got.Since)
		}
		s.lift = time.Now().Add(time.Minute).UnixMicro() // as after a loss, under a clock that is behind
		must(t, s.client.Del(soon(t), "chat:claim:known").Err())
		if got := claim(t, s, "known", "", "token-5"); got.Since < s.lift {
			t.Errorf("who takes a name while ids are ahead of the clock sees what is older than %d", got.Since)
		}
		send(t, s, "sender", "known", "ahead of the clock")
		must(t, s.client.Del(soon(t), "chat:claim:known").Err())
		newest = held(t, s, "chat:inbox:known")[2].Score
		if got := claim(t, s, "known", "", "token-6"); float64(got.Since) < newest || newest <= float64(s.lift) {
			t.Errorf("of %.0f, which is ahead of the clock, who takes the name sees what is older than %d", newest, got.Since)
		}
		s.lift = 0

		send(t, s, "sender", "new", "waits")
		if got := claim(t, s, "new", "", "token-1"); got.Since != 0 || len(got.Conversations) != 1 {
			t.Errorf("the first to take a name is told %+v", got)
		}
		idle(t, s, "new", time.Hour)
		if got := claim(t, s, "new", "", "token-2"); got.Since == 0 {
			t.Error("the second to take it sees what waited for the first")
		}
	})
}

// TestNameOfTwoFormsTakesBothOrNone: MarIa looks like Marla, and compares equal to Maria.
func TestNameOfTwoFormsTakesBothOrNone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "Maria", "", "token-1")
		if got := claim(t, s, "MarIa", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("beside Maria, MarIa is told %+v", got)
		}
		if got := claim(t, s, "Marla", "", "token-3"); got.Code != "" {
			t.Errorf("after MarIa was refused, Marla is told %+v", got)
		}
		claim(t, s, "Carla", "", "token-1")
		if got := claim(t, s, "CarIa", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("beside Carla, CarIa is told %+v", got)
		}
		if got := claim(t, s, "Caria", "", "token-3"); got.Code != "" {
			t.Errorf("after CarIa was refused, Caria is told %+v", got)
		}
		both := claim(t, s, "IrIs", "", "token-1")
		if both.Code != "" {
			t.Fatalf("a free name of two forms: %+v", both)
		}
		if again := claim(t, s, "IrIs", "token-1", "x"); again.Code != "" || again.Since != both.Since {
			t.Errorf("its holder is told %+v", again)
		}
		for _, other := range []string{"iris", "lrls"} {
			if got := claim(t, s, other, "", "token-2"); got.Code != protocol.CodeNameTaken {
				t.Errorf("beside IrIs, %s is told %+v", other, got)
			}
		}
		if !vouchFor(t, s, actors.HeldClaim{Name: "IrIs", Token: "token-1", Since: both.Since}) {
			t.Error("its claim is somebody else's")
		}
		send(t, s, "Maria", "lrls", "to who looks like that")
		if n := len(held(t, s, "chat:inbox:IrIs")); n != 1 {
			t.Errorf("what is sent to who looks like it came to it %d times", n)
		}
	})
}

// TestWhatWaitsForNobodyIsLittle, and not for long: strangers can make as many names as they
// like.
func TestWhatWaitsForNobodyIsLittle(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 100)
		claim(t, s, "sender", "", "token")
		for i := range 50 {
			send(t, s, "sender", "nobody", strconv.Itoa(i))
		}
		for _, key := range []string{"chat:inbox:nobody", "chat:dm:sender:nobody"} {
			if n := len(held(t, s, key)); n != 20 {
				t.Errorf("%s keeps %d", key, n)
			}
			if d := s.client.TTL(soon(t), key).Val(); d <= 23*time.Hour || d > 24*time.Hour {
				t.Errorf("%s is kept for %v", key, d)
			}
		}
		if n := len(held(t, s, "chat:inbox:sender")); n != 50 {
			t.Errorf("its sender's inbox keeps %d", n)
		}
		claim(t, s, "nobody", "", "token")
		for i := range 50 {
			send(t, s, "sender", "nobody", "now "+strconv.Itoa(i))
		}
		if n := len(held(t, s, "chat:inbox:nobody")); n != 70 {
			t.Errorf("somebody's inbox keeps %d", n)
		}
		if d := s.client.TTL(soon(t), "chat:inbox:nobody").Val(); d <= inboxLife-time.Hour {
			t.Errorf("somebody's inbox is kept for %v", d)
		}
	})
}

// send stores a direct message.
func send(t *testing.T, s *Store, from, to, text string) {
	t.Helper()
	work := direct(actors.Message{Sender: from, Receiver: to, Text: text, Ref: from + "#" + to + text})
	_, err := s.append(soon(t), work, 0)
	must(t, err)
	must(t, work[0].err)
}

// TestNameIsHeldForWhoKeepsItsToken: others have the grace, and are free then.
func TestNameIsHeldForWhoKeepsItsToken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "whim", "", "token-1")
		claim(t, s, "back", "", "token-1")
		claim(t, s, "back", "token-1", "token-2")
		asked := claim(t, s, "asked", "", "token-1")
		verdicts, err := s.vouch(soon(t), []actors.HeldClaim{{Name: "asked", Token: "token-1", Since: asked.Since, Kept: true}})
		must(t, err)
		if verdicts[0] != (vouched{}) {
			t.Fatalf("asking for it: %+v", verdicts[0])
		}
		for name, free := range map[string]bool{"whim": true, "back": false, "asked": false} {
			idle(t, s, name, s.nameHold-time.Minute)
			if got := claim(t, s, name, "", "token-3"); (got.Code == "") != free {
				t.Errorf("a stranger who wants %q is told %+v", name, got)
			}
		}
		if got := claim(t, s, "back", "token-1", "token-3"); got.Code != "" {
			t.Errorf("the holder is told %+v", got)
		}
		idle(t, s, "asked", s.nameHold+time.Minute)
		if got := claim(t, s, "asked", "", "token-3"); got.Code != "" {
			t.Errorf("after the hold a stranger is told %+v", got)
		}
	})
}

func TestAddressHoldsAFewNamesAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		hold := func(name, address string) time.Duration {
			c := claim(t, s, name, "", "token-"+name)
			verdicts, err := s.vouch(soon(t), []actors.HeldClaim{{
				Name: name, Token: "token-" + name, Since: c.Since, Kept: true, Address: netip.MustParseAddr(address),
			}})
			must(t, err)
			return verdicts[0].wait
		}
		for i := range defaultHeldNames {
			if wait := hold("name "+strconv.Itoa(i), "2001:db8::"+strconv.Itoa(i)); wait != 0 {
				t.Errorf("name %d waits %v", i, wait)
			}
		}
		if wait := hold("name 0", "2001:db8::9"); wait != 0 {
			t.Errorf("one that has its place waits %v", wait)
		}
		if wait := hold("one more", "2001:db8::9"); wait < s.nameHold-time.Minute || wait > s.nameHold {
			t.Errorf("one too many waits %v", wait)
		}
		idle(t, s, "one more", actors.Grace+time.Second)
		if got := claim(t, s, "one more", "", "other"); got.Code != "" {
			t.Errorf("a name for which there was no place is held: %+v", got)
		}
		if wait := hold("another's", "192.0.2.1"); wait != 0 {
			t.Errorf("another address waits %v", wait)
		}
		for i := range 3 * defaultHeldNames {
			if wait := hold("local "+strconv.Itoa(i), "127.0.0.1"); wait != 0 {
				t.Errorf("on the same machine one waits %v", wait)
			}
		}
	})
}

// TestSignedNamesAreNobodyElses: two that compare equal are two people, and an open claim is
// not inherited.
func TestSignedNamesAreNobodyElses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		signed := func(name string) *actors.Claimed {
			claimed, err := s.claim(soon(t), []*actors.Claim{{Name: name, Fresh: "f" + name, Signed: true}})
			must(t, err)
			return claimed[0]
		}
		claim(t, s, "alice", "", "token-1")
		claim(t, s, "alice", "token-1", "")
		before := time.Now().UnixMicro()
		got := signed("alice")
		if got.Code != "" || got.Token != "" || got.Since < before-int64(time.Second/time.Microsecond) {
			t.Errorf("a signed identity inherits what was anybody's: %+v", got)
		}
		if again := signed("alice"); again.Code != "" || again.Since != got.Since {
			t.Errorf("the same person again is told %+v", again)
		}
		idle(t, s, "alice", time.Hour*24*7)
		if other := signed("Alice"); other.Code != protocol.CodeNameTaken {
			t.Errorf("another person, whose name compares equal, is told %+v", other)
		}
		if thief := claim(t, s, "alice", "falice", "falice"); thief.Code == "" && thief.Since <= got.Since {
			t.Errorf("without a signed identity one is told %+v", thief)
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
		if got := claim(t, s, "Alice", "", "token-2"); got.Code != protocol.CodeNameTaken {
			t.Errorf("asked again: %+v", got)
		}
	})
}

func TestReleaseNotesWhenANameWasLeftAndNeverAnEarlierTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		claim(t, s, "alice", "", "token-1")
		seen := func() int64 { n, _ := s.client.HGet(soon(t), "chat:claim:alice", "seen").Int64(); return n }
		release := func(name string, ago time.Duration) {
			must(t, releaseScript.Run(soon(t), s.client, []string{"chat:claim:alice"}, name, ago.Microseconds()).Err())
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
