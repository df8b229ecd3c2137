package transport

import (
	"net/netip"
	"strings"
	"testing"
)

var testProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func TestClientIP(t *testing.T) {
	for _, c := range []struct {
		why, remote string
		xff         []string
		want        string
	}{
		{"a peer without a proxy", "203.0.113.5:4711", nil, "203.0.113.5"},
		{"a stranger's header does not count", "203.0.113.5:4711", []string{"198.51.100.1"}, "203.0.113.5"},
		{"a proxy without a header", "10.1.1.1:80", nil, "10.1.1.1"},
		{"behind one proxy", "10.1.1.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"what the client invented does not count", "10.1.1.1:80", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"behind two proxies", "10.1.1.1:80", []string{"1.2.3.4, 198.51.100.1 , 10.2.2.2"}, "198.51.100.1"},
		{"header lines in order", "10.1.1.1:80", []string{"198.51.100.9", "198.51.100.1", "10.2.2.2"}, "198.51.100.1"},
		{"only proxies", "10.1.1.1:80", []string{"10.3.3.3,10.2.2.2"}, "10.3.3.3"},
		{"no address in the header", "10.1.1.1:80", []string{"198.51.100.1, unknown"}, "10.1.1.1"},
		{"no address behind a proxy", "10.1.1.1:80", []string{"198.51.100.1, , 10.2.2.2"}, "10.2.2.2"},
		{"a hop with a port", "10.1.1.1:80", []string{"198.51.100.1:1234"}, "198.51.100.1"},
		{"v6", "[2001:db8::1]:80", nil, "2001:db8::1"},
		{"v6 behind a proxy", "[fd00::1]:80", []string{"2001:db8::1"}, "2001:db8::1"},
		{"v6 in brackets", "[fd00::1]:80", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"v6 in brackets with a port", "[fd00::1]:80", []string{"[2001:db8::1]:99"}, "2001:db8::1"},
		{"v4 in v6", "[::ffff:10.1.1.1]:80", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone is left out", "[fe80::1%eth0]:80", nil, "fe80::1"},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got := clientIP(c.remote, c.xff, testProxies); got.String() != c.want {
				t.Errorf("%s %q: %v, want %s", c.remote, c.xff, got, c.want)
			}
		})
	}
}

func TestClientIPOfAUnixSocketIsNone(t *testing.T) {
	if got := clientIP("@", []string{"198.51.100.1"}, testProxies); got.IsValid() {
		t.Errorf("got %v", got)
	}
}

func FuzzClientIP(f *testing.F) {
	f.Add("10.1.1.1:80", "1.2.3.4, 198.51.100.1 , 10.2.2.2")
	f.Add("[fd00::1]:80", "[2001:db8::1]:99\n[::1")
	f.Add("10.1.1.1:80", ",,,")
	f.Add("@", "")
	f.Fuzz(func(t *testing.T, remote, xff string) {
		lines := strings.Split(xff, "\n")
		got := clientIP(remote, lines, testProxies)
		peer, ok := parseHop(remote)
		switch {
		case !ok:
			if got.IsValid() {
				t.Errorf("%q has no address, got %v", remote, got)
			}
		case !isTrusted(peer, testProxies):
			if got != peer {
				t.Errorf("%q is no proxy, got %v", remote, got)
			}
		default:
			// Whatever a client puts in front of what the proxies saw changes nothing.
			if !isTrusted(got, testProxies) {
				forged := append([]string{"192.0.2.66"}, lines...)
				if again := clientIP(remote, forged, testProxies); again != got {
					t.Errorf("forged: %v, was %v", again, got)
				}
			}
		}
	})
}
