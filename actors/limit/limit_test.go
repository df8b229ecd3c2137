package limit

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Unix(1_795_430_400, 0)

func TestBucketGivesItsBurstAndThenItsRate(t *testing.T) {
	b := New[string](2, 3)
	for i := range 3 {
		if wait := b.Take("alice", 1, start); wait != 0 {
			t.Fatalf("take %d waits %s", i, wait)
		}
	}
	if wait := b.Take("alice", 1, start); wait != 500*time.Millisecond {
		t.Errorf("one too many waits %s", wait)
	}
	if wait := b.Take("bob", 1, start); wait != 0 {
		t.Errorf("another key waits %s", wait)
	}
	if wait := b.Take("alice", 1, start.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("after its wait it waits %s", wait)
	}
}

func TestNoRateIsNoLimit(t *testing.T) {
	b := New[string](0, 3)
	if b.Take("alice", 1000, start) != 0 || b.Spend("alice", 1000, start) != 0 || b.Wait("alice", 1, start) != 0 {
		t.Error("something waits")
	}
}

// TestSpendingGoesIntoDebtThatIsPaidBack, and is no more than a full bucket.
func TestSpendingGoesIntoDebtThatIsPaidBack(t *testing.T) {
	b := New[string](10, 100)
	if debt := b.Spend("alice", 150, start); debt != 5*time.Second {
		t.Errorf("the debt is %s", debt)
	}
	for range 10 {
		b.Spend("alice", 1000, start)
	}
	if wait := b.Wait("alice", 0, start.Add(9*time.Second)); wait != time.Second {
		t.Errorf("a second before it is paid one waits %s", wait)
	}
	if wait := b.Take("alice", 1, start.Add(10*time.Second)); wait == 0 || wait > 200*time.Millisecond {
		t.Errorf("with nothing owed and nothing there one waits %s", wait)
	}
}

func TestMoreThanABucketHoldsIsAllThatItHolds(t *testing.T) {
	b := New[string](1, 5)
	if wait := b.Take("alice", 1000, start); wait != 0 {
		t.Errorf("a full bucket has one wait %s", wait)
	}
	if wait := b.Take("alice", 1000, start); wait != 5*time.Second {
		t.Errorf("an empty one %s", wait)
	}
}

func TestWhoStaysAwayIsForgotten(t *testing.T) {
	b := New[int](1, 2)
	for i := range 100 {
		b.Take(i, 1, start)
	}
	if len(b.byKey) != 100 {
		t.Fatalf("%d are known", len(b.byKey))
	}
	b.Take(1000, 1, start.Add(time.Minute))
	if len(b.byKey) != 1 || b.used.Len() != 1 {
		t.Errorf("%d are known, %d in order", len(b.byKey), b.used.Len())
	}
}

func TestKeysAreBounded(t *testing.T) {
	b := New[int](0.001, 1)
	for i := range mostKeys + 100 {
		b.Take(i, 1, start)
	}
	if len(b.byKey) > mostKeys || b.used.Len() != len(b.byKey) {
		t.Errorf("%d are known, %d in order", len(b.byKey), b.used.Len())
	}
}

// TestNobodyTakesMoreThanBurstAndRate holds a bucket to what it is for, whatever is asked of it.
func TestNobodyTakesMoreThanBurstAndRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSecond, burst := float64(rapid.IntRange(1, 100).Draw(t, "rate")), rapid.IntRange(1, 50).Draw(t, "burst")
		b := New[string](perSecond, float64(burst))
		now, taken := start, 0
		for range rapid.IntRange(1, 200).Draw(t, "takes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "pause")) * time.Millisecond)
			n := rapid.IntRange(1, burst).Draw(t, "n")
			waits := b.Wait("k", n, now)
			got := b.Take("k", n, now)
			if (waits > 0) != (got > 0) {
				t.Fatalf("Wait says %s and Take %s", waits, got)
			}
			if got == 0 {
				taken += n
			}
		}
		if most := float64(burst) + perSecond*now.Sub(start).Seconds() + 1e-6; float64(taken) > most {
			t.Fatalf("%d were taken, %f at most", taken, most)
		}
	})
}

func TestAddressesCountTheirSiteAndTheNetworkAroundIt(t *testing.T) {
	one := 1.0
	a := NewAddresses(&one, 0, time.Second, 1)
	for _, addr := range []string{"2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1", "2001:db8:0:4::1"} {
		if wait := a.Take(netip.MustParseAddr(addr), 1, start); wait != 0 {
			t.Errorf("%s waits %s", addr, wait)
		}
	}
	for addr, free := range map[string]bool{
		"2001:db8:0:1:ffff::9": false, // the first's /64
		"2001:db8:0:5::1":      false, // its /48
		"2001:db8:1::1":        true,
		"192.0.2.1":            true,
	} {
		if wait := a.Take(netip.MustParseAddr(addr), 1, start); (wait == 0) != free {
			t.Errorf("%s waits %s", addr, wait)
		}
	}
	if wait := a.Take(netip.MustParseAddr("::ffff:192.0.2.1"), 1, start); wait == 0 {
		t.Error("an IPv4 address has another budget when it is written in IPv6")
	}
	for range 2 {
		if a.Take(netip.Addr{}, 1, start) != 0 {
			t.Error("who has no address is limited")
		}
	}
}

func TestWhoIsRefusedByItsSitePaysNothingForItsNetwork(t *testing.T) {
	one := 1.0
	a := NewAddresses(&one, 0, time.Second, 1)
	site := netip.MustParseAddr("2001:db8::1")
	for range 100 {
		a.Take(site, 1, start)
	}
	if wait := a.Take(netip.MustParseAddr("2001:db8:0:2::1"), 1, start); wait != 0 {
		t.Errorf("its neighbour waits %s", wait)
	}
}

func TestDefaultsSpareLoopbackAndSettingsDoNot(t *testing.T) {
	loopback := netip.MustParseAddr("::1")
	byDefault := NewAddresses(nil, 1, time.Second, 1)
	for range 10 {
		if wait := byDefault.Take(loopback, 1, start); wait != 0 {
			t.Fatalf("by default loopback waits %s", wait)
		}
	}
	one := 1.0
	set := NewAddresses(&one, 1, time.Second, 1)
	if set.Spend(loopback, 3, start); set.Debt(loopback, start) != time.Second {
		t.Errorf("where it is set loopback owes %s", set.Debt(loopback, start))
	}
	none := 0.0
	if NewAddresses(&none, 1, time.Second, 1) != nil {
		t.Error("0 is a limit")
	}
}
