package transport

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// clientIP gives the address that the limits count: the peer's, or, where the peer is a trusted
// proxy, the right-most hop of X-Forwarded-For that is not one. What stands left of that hop is
// the client's own invention. A hop that is no address ends the walk at the proxy that passed it
// on. The result is the zero Addr where the peer has none (a Unix socket).
func clientIP(remoteAddr string, xff []string, trusted []netip.Prefix) netip.Addr {
	client, ok := parseHop(remoteAddr)
	if !ok || !isTrusted(client, trusted) {
		return client
	}
	for _, line := range slices.Backward(xff) {
		for line != "" {
			comma := strings.LastIndexByte(line, ',')
			hop, ok := parseHop(strings.TrimSpace(line[comma+1:]))
			if !ok {
				return client
			}
			client = hop
			if !isTrusted(client, trusted) {
				return client
			}
			line = line[:max(comma, 0)]
		}
	}
	return client
}

// parseHop takes an address with or without a port; v4 in v6 is v4, and a zone says nothing here.
func parseHop(s string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return addr.Unmap().WithZone(""), err == nil
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// clientIP gives the address that the limits count for r.
func (s *Server) clientIP(r *http.Request) netip.Addr {
	return clientIP(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), s.settings.TrustedProxies)
}

// noticeForwarded says once that X-Forwarded-For comes from an address that is not believed: behind a
// proxy that nobody named all clients count as one, and behind one on this machine as none.
func (s *Server) noticeForwarded(next http.Handler) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["X-Forwarded-For"]) > 0 {
			if peer, ok := parseHop(r.RemoteAddr); ok && !isTrusted(peer, s.settings.TrustedProxies) {
				once.Do(func() {
					s.log.Warn().Stringer("peer", peer).
						Msg("X-Forwarded-For comes from an address that is not in TRUSTED_PROXIES: it is ignored, and clients behind that address count as it")
				})
			}
		}
		next.ServeHTTP(w, r)
	})
}
