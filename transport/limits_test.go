package transport

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"pgregory.net/rapid"
)

func newTestAdmission(s LimitSettings) (*admission, *handClock) {
	a, clock := newAdmission(s, s.capacity(0).upgraded), newHandClock()
	a.now = clock.now
	return a, clock
}

func openOf(a *admission) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open.All()
}

func TestAdmissionTellsWhyAndHowToGoOn(t *testing.T) {
	stranger, other, loopback := netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("203.0.113.6"), netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		why      string
		settings LimitSettings
		before   []netip.Addr
		ip       netip.Addr
		want     refusal
		status   int
	}{
		{"nobody there", LimitSettings{MaxConnections: 1}, nil, stranger, "", 0},
		{"full", LimitSettings{MaxConnections: 1}, []netip.Addr{other}, stranger, totalReached, http.StatusServiceUnavailable},
		{"no total", LimitSettings{}, []netip.Addr{other, other}, stranger, "", 0},
		{"too many of one", LimitSettings{MaxConnectionsPerIP: new(1)}, []netip.Addr{stranger}, stranger, ipReached, http.StatusTooManyRequests},
		{"too many of another", LimitSettings{MaxConnectionsPerIP: new(1)}, []netip.Addr{other}, stranger, "", 0},
		{"too fast", LimitSettings{ConnectRatePerIP: new(2.0)}, []netip.Addr{stranger, stranger}, stranger, ipTooFast, http.StatusTooManyRequests},
		{"another too fast", LimitSettings{ConnectRatePerIP: new(2.0)}, []netip.Addr{other, other}, stranger, "", 0},
		{"a set limit counts for loopback", LimitSettings{MaxConnectionsPerIP: new(1)}, []netip.Addr{loopback}, loopback, ipReached, http.StatusTooManyRequests},
		{"a set rate counts for loopback", LimitSettings{ConnectRatePerIP: new(1.0)}, []netip.Addr{loopback}, loopback, ipTooFast, http.StatusTooManyRequests},
		{"switched off", LimitSettings{MaxConnectionsPerIP: new(0), ConnectRatePerIP: new(0.0)}, repeat(stranger, 1000), stranger, "", 0},
		{"default per address", LimitSettings{ConnectRatePerIP: new(0.0)}, repeat(stranger, defaultConnectionsPerIP), stranger, ipReached, http.StatusTooManyRequests},
		{"default rate", LimitSettings{}, repeat(stranger, defaultConnectRatePerIP), stranger, ipTooFast, http.StatusTooManyRequests},
		{"no default for loopback", LimitSettings{}, repeat(loopback, 1000), loopback, "", 0},
		{"no address", LimitSettings{MaxConnectionsPerIP: new(1)}, repeat(netip.Addr{}, 10), netip.Addr{}, "", 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			a, _ := newTestAdmission(c.settings)
			for _, ip := range c.before {
				if _, v := a.admit(ip); !v.ok() {
					t.Fatalf("%v refused too early: %+v", ip, v)
				}
			}
			release, v := a.admit(c.ip)
			if v.reason != c.want || v.ok() != (release != nil) {
				t.Fatalf("verdict %+v, want %q", v, c.want)
			}
			if v.ok() {
				return
			}
			w := httptest.NewRecorder()
			v.refuse(w)
			if wait, err := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != c.status || err != nil || wait < 1 {
				t.Errorf("answered %d, Retry-After %q; want %d", w.Code, w.Header().Get("Retry-After"), c.status)
			}
		})
	}
}

func repeat(ip netip.Addr, n int) []netip.Addr {
	ips := make([]netip.Addr, n)
	for i := range ips {
		ips[i] = ip
	}
	return ips
}

func TestConnectRateComesBackWithTime(t *testing.T) {
	a, clock := newTestAdmission(LimitSettings{ConnectRatePerIP: new(0.5)})
	ip := netip.MustParseAddr("203.0.113.5")
	if release, v := a.admit(ip); !v.ok() {
		t.Fatal(v)
	} else {
		release()
	}
	_, v := a.admit(ip)
	if v.reason != ipTooFast || v.after != 2*time.Second {
		t.Fatalf("second at once: %+v", v)
	}
	clock.advance(v.after)
	if _, v := a.admit(ip); !v.ok() {
		t.Fatalf("after the wait: %+v", v)
	}
}

func TestReleasingTwiceFreesOnePlace(t *testing.T) {
	a, _ := newTestAdmission(LimitSettings{MaxConnections: 2})
	ip := netip.MustParseAddr("203.0.113.5")
	first, _ := a.admit(ip)
	if _, v := a.admit(ip); !v.ok() {
		t.Fatal(v)
	}
	first()
	first()
	if n := openOf(a); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestNetworkHasFourTimesWhatASiteHas(t *testing.T) {
	site := func(n int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", n)) }
	for why, c := range map[string]struct {
		settings LimitSettings
		want     refusal
	}{
		"open":       {LimitSettings{MaxConnectionsPerIP: new(2), ConnectRatePerIP: new(0.0)}, ipReached},
		"their rate": {LimitSettings{MaxConnectionsPerIP: new(0), ConnectRatePerIP: new(2.0)}, ipTooFast},
	} {
		a, _ := newTestAdmission(c.settings)
		for i := range 8 {
			if _, v := a.admit(site(i / 2)); !v.ok() {
				t.Fatalf("%s: number %d is refused: %+v", why, i, v)
			}
		}
		if _, v := a.admit(site(9)); v.reason != c.want {
			t.Errorf("%s: one beyond what a /48 has: %+v", why, v)
		}
		if _, v := a.admit(netip.MustParseAddr("2001:db8:1::1")); !v.ok() {
			t.Errorf("%s: another /48: %+v", why, v)
		}
	}
}

func TestCapacityLeavesRoomToAskAndDescriptorsForOperators(t *testing.T) {
	for _, c := range []struct {
		max, descriptors int
		want             capacity
	}{
		{15000, 20000, capacity{15256, 15000}},
		{15000, 0, capacity{15256, 15000}},
		{15000, 15384, capacity{15256, 15000}},
		{15000, 15383, capacity{15255, 14999}},
		{15000, 1024, capacity{896, 640}},
		{500, 1024, capacity{756, 500}},
		{0, 0, capacity{}},
		{0, 1024, capacity{896, 640}},
		{15000, 64, capacity{32, 16}},
	} {
		if got := (LimitSettings{MaxConnections: c.max}).capacity(c.descriptors); got != c.want {
			t.Errorf("MAX_CONNECTIONS=%d with %d descriptors: %+v, not %+v", c.max, c.descriptors, got, c.want)
		}
	}
}

func TestAdmissionCountsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total, perIP := rapid.IntRange(0, 8).Draw(t, "total"), rapid.IntRange(0, 4).Draw(t, "perIP")
		a, clock := newTestAdmission(LimitSettings{MaxConnections: total, MaxConnectionsPerIP: &perIP, ConnectRatePerIP: new(3.0)})
		open := map[netip.Addr][]func(){}
		count := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			ip := netip.MustParseAddr(fmt.Sprintf("203.0.113.%d", rapid.IntRange(1, 4).Draw(t, "ip")))
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				release, v := a.admit(ip)
				wantTotal := total > 0 && count >= total
				wantIP := !wantTotal && perIP > 0 && len(open[ip]) >= perIP
				if (v.reason == totalReached) != wantTotal || (v.reason == ipReached) != wantIP {
					t.Fatalf("%d open, %d of %v: %+v", count, len(open[ip]), ip, v)
				}
				if v.ok() {
					open[ip] = append(open[ip], release)
					count++
				}
			case 1:
				if mine := open[ip]; len(mine) > 0 {
					mine[0]()
					open[ip] = mine[1:]
					count--
				}
			case 2:
				clock.advance(time.Duration(rapid.IntRange(0, 1000).Draw(t, "ms")) * time.Millisecond)
			}
			if openOf(a) != count {
				t.Fatalf("%d connections, want %d", openOf(a), count)
			}
		}
	})
}

func TestAdmissionStandsManyAtOnce(t *testing.T) {
	const limit, clients = 10, 500
	a := newAdmission(LimitSettings{MaxConnectionsPerIP: new(0), ConnectRatePerIP: new(1000.0)}, limit)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			release, v := a.admit(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
			if n := openOf(a); n > limit {
				t.Errorf("%d connections", n)
			}
			if v.ok() {
				runtime.Gosched()
				release()
			}
		})
	}
	wg.Wait()
	if n := openOf(a); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func TestLimitSettingsComeFromTheEnvironment(t *testing.T) {
	var s LimitSettings
	if err := env.ParseWithOptions(&s, env.Options{Environment: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	if s.MaxConnections != 15000 || s.MaxConnectionsPerIP != nil || s.ConnectRatePerIP != nil || s.TrustedProxies != nil {
		t.Errorf("defaults: %+v", s)
	}
	if err := env.ParseWithOptions(&s, env.Options{Environment: map[string]string{
		"MAX_CONNECTIONS": "0", "MAX_CONNECTIONS_PER_IP": "0", "CONNECT_RATE_PER_IP": "2.5", "TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8",
	}}); err != nil {
		t.Fatal(err)
	}
	if s.MaxConnections != 0 || *s.MaxConnectionsPerIP != 0 || *s.ConnectRatePerIP != 2.5 || len(s.TrustedProxies) != 2 {
		t.Errorf("set: %+v", s)
	}
}

func TestLimitSettingsThatCannotBeMeant(t *testing.T) {
	for _, s := range []LimitSettings{
		{MaxConnections: -1},
		{MaxConnectionsPerIP: new(-1)},
		{ConnectRatePerIP: new(-0.5)},
		{ConnectRatePerIP: new(math.NaN())},
		{ConnectRatePerIP: new(math.Inf(1))},
	} {
		if s.validate() == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	if err := (LimitSettings{MaxConnections: 1, ConnectRatePerIP: new(0.5)}).validate(); err != nil {
		t.Error(err)
	}
}
