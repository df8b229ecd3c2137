package transport

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/actors/limit"
)

// Connections are counted twice, by one pair of settings.
//
// At accept, before TLS, every TCP connection takes a place, whatever it is for (see gate). It is
// counted in all, and for its peer's address unless that is a trusted proxy, which has the
// connections of many.
//
// At the upgrade a WebSocket takes one of MAX_CONNECTIONS, and for the address that the client
// comes from, X-Forwarded-For read, one of MAX_CONNECTIONS_PER_IP and a token of
// CONNECT_RATE_PER_IP. Who gets none is told by 503 or 429 when to try again.
//
// So that it can be told, and health checks and pages are answered by a node that is full, there is
// room at accept above the settings: plainRoom in all, and plainPerIP for an address. Beyond that a
// connection is closed at once. An address is an IPv4 address or an IPv6 /64; a /48 has four times
// as much.

const (
	defaultConnectionsPerIP = 50 // an office behind one address
	defaultConnectRatePerIP = 5  // a second, and as many at once

	// retryWhenDraining is what one is told by a node that goes away: another takes it at once.
	retryWhenDraining = time.Second

	// retryWhenFull is what a refused client is told to wait where nobody can know when a place is free.
	retryWhenFull = 10 * time.Second
)

// verdict is the answer to who wants to connect.
type verdict struct {
	reason refusal
	after  time.Duration // when to try again
}

// refusal is why, in the words that metrics use; empty: come in.
type refusal string

const (
	totalReached refusal = "max_connections"
	ipReached    refusal = "max_connections_per_ip"
	ipTooFast    refusal = "connect_rate_per_ip"
	draining     refusal = "draining"

	strangeOrigin refusal = "origin"
	badToken      refusal = "token"

	// At accept, where a connection is closed without a word.
	acceptedAll   refusal = "accept"
	acceptedPerIP refusal = "accept_per_ip"
)

// ok reports whether the client was let in.
func (v verdict) ok() bool { return v.reason == "" }

// status is the HTTP status of a refusal.
func (v verdict) status() int {
	if v.reason == totalReached || v.reason == draining {
		return http.StatusServiceUnavailable
	}
	return http.StatusTooManyRequests
}

// refuse answers a client that was not let in.
func (v verdict) refuse(w http.ResponseWriter) {
	retryAfter(w, v.after)
	http.Error(w, http.StatusText(v.status()), v.status())
}

// retryAfter tells a client to wait, in whole seconds.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
}

// newRefused counts whom the edge does not let in.
func newRefused(r prometheus.Registerer) *prometheus.CounterVec {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "parley", Name: "connections_refused_total", Help: "Connections that were not let in, by what kept them out.",
	}, []string{"reason"})
	r.MustRegister(refused)
	return refused
}

// admission counts the WebSockets of a node, in all and by address.
type admission struct {
	settings LimitSettings
	most     int // in all; 0: no limit
	rate     *limit.Addresses
	now      func() time.Time

	mu   sync.Mutex
	open limit.Open
}

func newAdmission(s LimitSettings, most int) *admission {
	return &admission{
		settings: s, most: most, now: time.Now,
		rate: limit.NewAddresses(s.ConnectRatePerIP, defaultConnectRatePerIP, time.Second, time.Second),
	}
}

// admit asks for one more connection from ip. When the verdict is ok, release must be called when
// the connection has ended; calling it again does nothing. Else release is nil. Only who may come in
// pays from the rate.
func (a *admission) admit(ip netip.Addr) (release func(), v verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.most > 0 && a.open.All() >= a.most {
		return nil, verdict{totalReached, retryWhenFull}
	}
	if a.open.Full(ip, a.settings.connectionsPerIP(ip)) {
		return nil, verdict{ipReached, retryWhenFull}
	}
	if wait := a.rate.Take(ip, 1, a.now()); wait > 0 {
		return nil, verdict{ipTooFast, wait}
	}
	a.open.Add(ip)
	return sync.OnceFunc(func() { a.release(ip) }), verdict{}
}

func (a *admission) release(ip netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open.Remove(ip)
}

// connectionsPerIP is how many WebSockets ip may have; 0: no limit.
func (s LimitSettings) connectionsPerIP(ip netip.Addr) int {
	switch {
	case s.MaxConnectionsPerIP != nil:
		return *s.MaxConnectionsPerIP
	case ip.IsLoopback():
		return 0
	}
	return defaultConnectionsPerIP
}

// acceptedPerIP is how many TCP connections ip may have; 0: no limit.
func (s LimitSettings) acceptedPerIP(ip netip.Addr) int {
	if most := s.connectionsPerIP(ip); most > 0 && !isTrusted(ip, s.TrustedProxies) {
		return most + plainPerIP
	}
	return 0
}
