package transport

import (
	"net/netip"
	"slices"
	"strings"
)

// ipv6SiteBits is what one customer commonly gets: within it addresses are free to change.
const ipv6SiteBits = 64

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

// limitKey gives what the limits per IP are counted on: an IPv4 address, or the /64 of an IPv6 one.
// The zero Prefix stands for no address.
func limitKey(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	if !addr.IsValid() {
		return netip.Prefix{}
	}
	bits := addr.BitLen()
	if addr.Is6() {
		bits = ipv6SiteBits
	}
	return netip.PrefixFrom(addr.WithZone(""), bits).Masked()
}
