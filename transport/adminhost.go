package transport

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

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
