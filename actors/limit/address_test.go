package limit

import (
	"net/netip"
	"testing"
	"time"
)

func TestAddressesCountTheirSiteAndTheNetworkAroundIt(t *testing.T) {
	one := 1.0
	a := NewAddresses(&one, 0, time.Second, time.Second)
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
	a := NewAddresses(&one, 0, time.Second, time.Second)
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
	byDefault := NewAddresses(nil, 1, time.Second, time.Second)
	for range 10 {
		if wait := byDefault.Take(loopback, 1, start); wait != 0 {
			t.Fatalf("by default loopback waits %s", wait)
		}
	}
	one := 1.0
	set := NewAddresses(&one, 1, time.Second, time.Second)
	if set.Spend(loopback, 3, start); set.Debt(loopback, start) != time.Second {
		t.Errorf("where it is set loopback owes %s", set.Debt(loopback, start))
	}
	none := 0.0
	if unset := NewAddresses(&none, 1, time.Second, time.Second); unset.Limits(loopback) || unset.Take(loopback, 1000, start)+unset.Take(loopback, 1000, start) > 0 {
		t.Error("0 is a limit")
	}
}
