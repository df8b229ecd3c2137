package transport

import (
	"container/list"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// LimitSettings bound how many connections there are and how fast new ones come; 0 is no limit.
//
// The two limits per IP have defaults that hold for everybody but loopback: a stranger has no
// loopback address, whereas load tests and proxies on the same machine do. Once set, they
// hold for loopback as well.
type LimitSettings struct {
	// MaxConnections on this node. 15,000 need that many file descriptors.
	MaxConnections int `env:"MAX_CONNECTIONS" envDefault:"15000" meaning:"connections to this node; 0: no limit"`

	// MaxConnectionsPerIP: IPv4 address or IPv6 /64. 100 (loopback: none) lets an office behind one address in.
	MaxConnectionsPerIP *int `env:"MAX_CONNECTIONS_PER_IP" meaning:"connections from an IPv4 address or an IPv6 /64; 0: no limit (default 100; none from loopback)"`

	// ConnectRatePerIP is new connections a second, and as many at once. 20 (loopback: none).
	ConnectRatePerIP *float64 `env:"CONNECT_RATE_PER_IP" meaning:"new connections a second from an IPv4 address or an IPv6 /64; 0: no limit (default 20; none from loopback)"`

	// TrustedProxies are networks whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES" meaning:"networks, separated by commas, whose X-Forwarded-For is believed"`
}

// validate names the setting that can't be meant.
func (s LimitSettings) validate() error {
	switch {
	case s.MaxConnections < 0:
		return errors.New("MAX_CONNECTIONS is negative")
	case s.MaxConnectionsPerIP != nil && *s.MaxConnectionsPerIP < 0:
		return errors.New("MAX_CONNECTIONS_PER_IP is negative")
	case s.ConnectRatePerIP != nil && !(*s.ConnectRatePerIP >= 0 && *s.ConnectRatePerIP <= maxConnectRate):
		return fmt.Errorf("CONNECT_RATE_PER_IP is not 0 to %d a second", maxConnectRate)
	}
	return nil
}

const (
	defaultConnectionsPerIP = 100
	defaultConnectRatePerIP = 20

	// maxConnectRate is beyond what a node can shake hands with; a larger number is a mistake.
	maxConnectRate = 1_000_000

	// maxIdleIPs bounds the addresses that are remembered without a connection of theirs, only for
	// their rate: about 16 MiB. Beyond it the one longest away is forgotten.
	maxIdleIPs = 1 << 16

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
)

// ok reports whether the client was let in.
func (v verdict) ok() bool { return v.reason == "" }

// status is the HTTP status of a refusal.
func (v verdict) status() int {
	if v.reason == totalReached {
		return http.StatusServiceUnavailable
	}
	return http.StatusTooManyRequests
}

// refuse answers a client that was not let in.
func (v verdict) refuse(w http.ResponseWriter) {
	seconds := int(math.Ceil(v.after.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
	http.Error(w, http.StatusText(v.status()), v.status())
}

// admission counts the connections of a node, in all and by address.
type admission struct {
	settings LimitSettings
	now      func() time.Time

	mu    sync.Mutex
	total int
	byIP  map[netip.Prefix]*visitor
	idle  *list.List // of *visitor without a connection, the longest away first
}

// visitor is an address that has a connection, or had one lately.
type visitor struct {
	key     netip.Prefix
	open    int
	bucket  *rate.Limiter // nil without a limit
	waiting *list.Element // its place among the idle, nil while it has a connection
}

func newAdmission(s LimitSettings) *admission {
	return &admission{settings: s, now: time.Now, byIP: map[netip.Prefix]*visitor{}, idle: list.New()}
}

// admit asks for one more connection from ip. When the verdict is ok, release must be called when
// the connection has ended; calling it again does nothing. Else release is nil.
func (a *admission) admit(ip netip.Addr) (release func(), v verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.forget(now)

	if a.settings.MaxConnections > 0 && a.total >= a.settings.MaxConnections {
		return nil, verdict{totalReached, retryWhenFull}
	}
	who := a.visitor(ip)
	if who != nil {
		if v := a.check(who, ip, now); !v.ok() {
			a.rest(who)
			return nil, v
		}
		who.open++
	}
	a.total++
	return sync.OnceFunc(func() { a.release(who) }), verdict{}
}

func (a *admission) release(who *visitor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if who != nil {
		who.open--
		a.rest(who)
	}
}

// connections tells how many there are now.
func (a *admission) connections() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total
}

// visitor finds or makes ip's entry and takes it from among the idle; nil where ip is not limited.
func (a *admission) visitor(ip netip.Addr) *visitor {
	perSecond := a.settings.connectRate(ip)
	if !ip.IsValid() || perSecond == 0 && a.settings.connectionsPerIP(ip) == 0 {
		return nil
	}
	key := limitKey(ip)
	who := a.byIP[key]
	if who == nil {
		who = &visitor{key: key}
		if perSecond > 0 {
			who.bucket = rate.NewLimiter(rate.Limit(perSecond), int(math.Ceil(perSecond)))
		}
		a.byIP[key] = who
	}
	if who.waiting != nil {
		a.idle.Remove(who.waiting)
		who.waiting = nil
	}
	return who
}

// check holds who against the limits of its address. Only who may come in pays from the bucket.
func (a *admission) check(who *visitor, ip netip.Addr, now time.Time) verdict {
	if limit := a.settings.connectionsPerIP(ip); limit > 0 && who.open >= limit {
		return verdict{ipReached, retryWhenFull}
	}
	if who.bucket == nil {
		return verdict{}
	}
	turn := who.bucket.ReserveN(now, 1)
	if wait := turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
		return verdict{ipTooFast, wait}
	}
	return verdict{}
}

// rest puts who among the idle if it has no connection.
func (a *admission) rest(who *visitor) {
	if who.open == 0 {
		who.waiting = a.idle.PushBack(who)
	}
}

// forget drops the idle whose bucket is full again, for whom a new entry would be the same, and the
// longest away beyond maxIdleIPs.
func (a *admission) forget(now time.Time) {
	for e := a.idle.Front(); e != nil; e = a.idle.Front() {
		who := e.Value.(*visitor)
		full := who.bucket == nil || who.bucket.TokensAt(now) >= float64(who.bucket.Burst())
		if !full && a.idle.Len() <= maxIdleIPs {
			return
		}
		a.idle.Remove(e)
		delete(a.byIP, who.key)
	}
}

func (s LimitSettings) connectionsPerIP(ip netip.Addr) int {
	return perIP(s.MaxConnectionsPerIP, defaultConnectionsPerIP, ip)
}

func (s LimitSettings) connectRate(ip netip.Addr) float64 {
	return perIP(s.ConnectRatePerIP, defaultConnectRatePerIP, ip)
}

func perIP[T int | float64](set *T, otherwise T, ip netip.Addr) T {
	switch {
	case set != nil:
		return *set
	case ip.IsLoopback():
		return 0
	}
	return otherwise
}
