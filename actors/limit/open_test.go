package limit

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestOpenCountsTheSiteAndTheNetworkAroundIt(t *testing.T) {
	var o Open
	const most = 2
	for site := range 4 {
		addr := netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%d::1", site))
		for range most {
			if o.Full(addr, most) {
				t.Fatalf("%s is full too early", addr)
			}
			o.Add(addr)
		}
		if !o.Full(addr.Next(), most) {
			t.Errorf("the /64 of %s is not full", addr)
		}
	}
	for addr, full := range map[string]bool{
		"2001:db8:0:9::1": true, "2001:db8:1::1": false, "192.0.2.1": false, "::ffff:192.0.2.1": false,
	} {
		if o.Full(netip.MustParseAddr(addr), most) != full {
			t.Errorf("%s is full: %v", addr, !full)
		}
	}
	if o.Full(netip.MustParseAddr("2001:db8::1"), 0) {
		t.Error("without a limit it is full")
	}
}

func TestOpenForgetsWhoHasNone(t *testing.T) {
	var o Open
	for _, text := range []string{"2001:db8::1", "192.0.2.1", "::ffff:192.0.2.1"} {
		o.Add(netip.MustParseAddr(text))
	}
	o.Add(netip.Addr{})
	if o.All() != 4 || len(o.by) != 3 || !o.Full(netip.MustParseAddr("192.0.2.1"), 2) {
		t.Errorf("counted %d, %v", o.All(), o.by)
	}
	for _, text := range []string{"2001:db8::1", "192.0.2.1", "::ffff:192.0.2.1"} {
		o.Remove(netip.MustParseAddr(text))
	}
	o.Remove(netip.Addr{})
	if o.All() != 0 || len(o.by) != 0 {
		t.Errorf("left are %d, %v", o.All(), o.by)
	}
}
