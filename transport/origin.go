package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// defaultPorts are left out of an Origin by browsers.
var defaultPorts = map[string]string{"http": ":80", "https": ":443"}

// originAllowed reports whether the page that sent r may open a connection. A WebSocket is not held
// by the same-origin policy, so this is all that keeps a strange page from speaking for its visitor.
//
// Allowed are no Origin at all (no browser), an Origin listed in allowed (exact, or `*`), and one
// of the same host. Where anybody may come (anonymous, and no origins are listed) a page from loopback
// or from a file (`null`) may reach a server that is addressed as loopback: somebody who writes a
// client at home. Where that is restricted it may not: it could use a visitor's cookie, and any page
// can make a frame whose origin is `null`.
func originAllowed(r *http.Request, allowed []string, anonymous bool) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	origin := origins[0]
	if slices.ContainsFunc(allowed, func(a string) bool { return a == "*" || strings.EqualFold(a, origin) }) {
		return true
	}
	atHome := anonymous && len(allowed) == 0 && isLoopback(r.Host)
	if origin == "null" {
		return atHome
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	port, isWeb := defaultPorts[u.Scheme]
	if !isWeb {
		return false
	}
	if strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(r.Host, port)) {
		return true
	}
	return atHome && isLoopback(u.Host)
}

// hostname gives host without its port, and an IPv6 address without its brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// isLoopback reports whether host, with or without a port, is localhost or a loopback address.
func isLoopback(host string) bool {
	host = hostname(host)
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}

// withHostCheck refuses requests that a browser on this machine was led to make: a page whose name was
// pointed at a loopback address (DNS rebinding) counts as the same origin there, and could read all
// that operators can. Its Host gives it away: it is neither an address, nor localhost, nor bound, the
// host of ADMIN_ADDR.
//
// Only what comes over loopback is looked at. Whoever comes over a network, as Prometheus does by a
// service's name, was let in by who put the address there.
func withHostCheck(bound string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostname(r.Host); overLoopback(r) && !isOwnName(host) && !strings.EqualFold(host, bound) {
			http.Error(w, "This address is not served under that name. Ask by address, or as localhost.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// overLoopback says whether r came to a loopback address of this machine.
func overLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && isLoopback(local.String())
}

// isOwnName says whether host is no name that somebody could point elsewhere. No browser leaves it out.
func isOwnName(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || strings.EqualFold(host, "localhost")
}
