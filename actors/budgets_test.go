package actors

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"parley/actors/protocol"
)

// budgeted starts a chat whose addresses have budgets.
func budgeted(t *testing.T, set func(*Settings)) (*Chat, *fakeRedis) {
	t.Helper()
	redis := newFakeRedis()
	settings := defaults
	set(&settings)
	return startChatWith(t, producerOf(redis), settings, zerolog.Nop()), redis
}

// connectFrom opens a connection from an address.
func connectFrom(t *testing.T, chat *Chat, address string, since int64) *client {
	t.Helper()
	u := &client{fakeSocket: newFakeSocket(), t: t}
	u.dial(chat, Resume{Since: since, DMSince: Newest, Address: netip.MustParseAddr(address)})
	u.hears(`{"type":"init"`)
	return u
}

func joinFrom(t *testing.T, chat *Chat, address, name string) *client {
	t.Helper()
	u := connectFrom(t, chat, address, Newest)
	u.say("join:" + name)
	u.hears(`{"type":"joined"`)
	return u
}

func (u *client) isLimited(ref string) {
	u.t.Helper()
	if f := u.hears(`"ref":"` + ref + `"`); !strings.Contains(f, `"code":"rate_limited"`) || !strings.Contains(f, `"retry_ms":`) {
		u.t.Errorf("it is answered with %s", f)
	}
}

func (u *client) isTaken(ref string) {
	u.t.Helper()
	if f := u.hears(`"ref":"` + ref + `"`); !strings.Contains(f, `{"type":"ack"`) {
		u.t.Errorf("it is answered with %s", f)
	}
}

func TestAddressHasOneBudgetForAllItsNames(t *testing.T) {
	t.Parallel()
	slow := 0.1 // with its burst one message
	for what, c := range map[string]struct {
		set   func(*Settings)
		frame string
	}{
		"messages":      {func(s *Settings) { s.MessageRatePerIP = &slow }, "msg#%s:%s:hello"},
		"conversations": {func(s *Settings) { s.ConversationRatePerIP = &slow }, "dm#%s:%s:peer:hello"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			chat, _ := budgeted(t, c.set)
			one, two := joinFrom(t, chat, "2001:db8::1", "one"), joinFrom(t, chat, "2001:db8::2", "two")
			other := joinFrom(t, chat, "192.0.2.1", "other")
			one.say(fmt.Sprintf(c.frame, "a", "one"))
			one.isTaken("a")
			two.say(fmt.Sprintf(c.frame, "b", "two"))
			two.isLimited("b")
			other.say(fmt.Sprintf(c.frame, "c", "other"))
			other.isTaken("c")
		})
	}
}

func TestJoinsOfAnAddressAreCounted(t *testing.T) {
	t.Parallel()
	two := 2.0
	chat, _ := budgeted(t, func(s *Settings) { s.JoinRatePerIP = &two })
	joinFrom(t, chat, "192.0.2.1", "one")
	joinFrom(t, chat, "192.0.2.1", "two")
	third := connectFrom(t, chat, "192.0.2.1", Newest)
	third.say("join#j:three")
	third.isLimited("j")
	joinFrom(t, chat, "192.0.2.2", "elsewhere")
}

// TestPagesOfHistoryDrawOnTheBytesOfAnAddress: what one frame of a few bytes makes others send
// is what it costs.
func TestPagesOfHistoryDrawOnTheBytesOfAnAddress(t *testing.T) {
	t.Parallel()
	few := 500.0 // 8,000 at once
	chat, redis := budgeted(t, func(s *Settings) { s.ByteRatePerIP = &few })
	redis.say(200)
	u := connectFrom(t, chat, "192.0.2.1", Newest)
	for i := range 10 {
		u.say(fmt.Sprintf("history#h%d:", i))
	}
	u.isLimited("h9")
	if n := len(u.heardOf("history")); n == 0 || n > 3 {
		t.Errorf("%d pages were told", n)
	}
	other := connectFrom(t, chat, "192.0.2.2", Newest)
	other.say("history#h:")
	other.hears(`{"type":"history"`)
}

// TestWhoOwesBytesMayStillJoinAndPing: the address is shared, and the link has to be known to live.
func TestWhoOwesBytesMayStillJoinAndPing(t *testing.T) {
	t.Parallel()
	few := 10.0
	chat, _ := budgeted(t, func(s *Settings) { s.ByteRatePerIP = &few })
	chat.budgets.bytes.Spend(netip.MustParseAddr("192.0.2.1"), 1_000_000, time.Now())
	u := joinFrom(t, chat, "192.0.2.1", "alice")
	u.say("ping:there?")
	u.hears(`{"type":"pong"`)
	u.say("ping#long:" + strings.Repeat("x", 1000))
	u.isLimited("long")
	u.say("msg#m:alice:hello")
	u.isLimited("m")
}

// TestResumeBeyondTheBudgetIsPacedAndWhole: never cut short.
func TestResumeBeyondTheBudgetIsPacedAndWhole(t *testing.T) {
	t.Parallel()
	some := 100_000.0
	chat, redis := budgeted(t, func(s *Settings) { s.ByteRatePerIP = &some })
	address := netip.MustParseAddr("192.0.2.1")
	redis.say(5_000)
	chat.budgets.bytes.Spend(address, int(bytesBurst.Seconds()*some), time.Now()) // others of it have spent it
	began := time.Now()
	u := connectFrom(t, chat, "192.0.2.1", 0)
	live := connectFrom(t, chat, "192.0.2.1", Newest)
	redis.say(10)
	live.hasHeardAll("msg", redis.logOf(Public), 5_000-20)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	size := 0
	for _, m := range redis.log(Public) {
		size += len(m)
	}
	least := time.Duration(float64(size-2*chunkBytes) / some * float64(time.Second)) // the first and the last part are told on credit
	if took := time.Since(began); took < least {
		t.Errorf("%d bytes took %v, at %v a second", size, took, some)
	}
}

func TestWhatASlowListenerMissedCostsItsAddressNothing(t *testing.T) {
	t.Parallel()
	some := 10_000.0 // 160,000 at once
	chat, redis := budgeted(t, func(s *Settings) { s.ByteRatePerIP = &some })
	address := netip.MustParseAddr("192.0.2.1")
	u := connectFrom(t, chat, "192.0.2.1", Newest)
	u.clog(0)
	redis.say(3_000)
	eventually(t, "it is behind", func() bool { return u.refusedWrites() > 0 })
	u.unclog()
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	if wait := chat.budgets.bytes.Wait(address, 150_000, time.Now()); wait > 0 {
		t.Errorf("it has paid for it: %v", wait)
	}
}

func TestHoldIsAskedForOnceAndAcked(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	u.say("hold#early:")
	if f := u.hears(`"ref":"early"`); !strings.Contains(f, string(protocol.CodeNotJoined)) {
		t.Errorf("without a name it is answered with %s", f)
	}
	u.say("join:alice")
	u.hears(`{"type":"joined"`)
	for _, ref := range []string{"one", "two"} {
		u.say("hold#" + ref + ":")
		u.isTaken(ref)
	}
	u.say("hold:")
	u.say("ping:behind it")
	u.hears("behind it")
	redis.mu.Lock()
	held := redis.held
	redis.mu.Unlock()
	if len(held) != 1 || held[0].Name != "alice" || !held[0].Kept {
		t.Errorf("asked of Redis: %+v", held)
	}
	if c := redis.claimed(t)["alice"]; !c.Kept {
		t.Errorf("the claim is vouched for as %+v", c)
	}
}

// TestClaimsOutlastTheirConnections for a while: should Redis lose them, who comes back has
// the name as it was.
func TestClaimsOutlastTheirConnections(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	connect(t, chat, Newest)
	claims := redis.claimed(t)
	if len(claims) != 2 || claims["alice"].Session == nil || claims["alice"].Token == "" || !claims["bob"].Left.IsZero() {
		t.Errorf("there are %+v", claims)
	}
	bob.leave(true)
	eventually(t, "bob's claim is a former one", func() bool { return !redis.claimed(t)["bob"].Left.IsZero() })
	if c := redis.claimed(t); c["alice"].Session == nil || c["bob"].Session != nil || c["bob"].Token != claims["bob"].Token {
		t.Errorf("there are %+v", c)
	}
	_ = alice
}

// TestWhoseClaimIsLostIsClosedWith4009AndWhatItSaidIsDropped: the name is somebody else's.
func TestWhoseClaimIsLostIsClosedWith4009AndWhatItSaidIsDropped(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	redis.stow(isAppend)
	alice.say("msg#a:alice:on its way")
	eventually(t, "it is on its way", func() bool { return redis.stowing() == 1 })
	alice.say("msg#b:alice:waits")
	chat.root.Send(alice.conn.pid, &ClaimLost{})
	<-alice.end
	if codes := alice.closes(); codes[0] != protocol.CloseNameLost {
		t.Errorf("closed with %d", codes)
	}
	alice.say("msg#c:alice:too late")
	eventually(t, "its session has ended", func() bool { return len(chat.liveConnections()) == 1 })
	redis.release()
	bob.say("msg#d:bob:after it")
	bob.isTaken("d")
	if redis.count(Public, "waits") > 0 || redis.count(Public, "too late") > 0 {
		t.Errorf("stored: %q", redis.log(Public))
	}
	if _, known := redis.claimed(t)["alice"]; known {
		t.Error("a claim that was lost is vouched for")
	}
}

func TestFormerClaimsAreBoundedAndForgotten(t *testing.T) {
	var f former
	now := time.Now()
	for i := range 2 * formerLimit {
		f.note(HeldClaim{Name: fmt.Sprint(i)}, now)
	}
	if all := f.all(now); len(all) != formerLimit || all[0].Name != fmt.Sprint(formerLimit) {
		t.Errorf("%d are kept, from %q on", len(all), all[0].Name)
	}
	if n := len(f.all(now.Add(formerAge + time.Second))); n != 0 {
		t.Errorf("%d are kept after their time", n)
	}
}
