package limit

import (
	"net/netip"
	"time"
)

const (
	// siteBits of an IPv6 address are what one customer commonly gets: within it addresses are free
	// to change.
	siteBits = 64
	// networkBits are what an organisation, or a customer of a generous provider, gets: it has many
	// sites, and all of them together have networkShare times what one has.
	networkBits  = 48
	networkShare = 4
)

// Site gives what limits for an address count on: an IPv4 address, or the /64 of an IPv6 one. The
// zero Prefix stands for no address.
func Site(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	if addr.Is6() {
		return prefix(addr, siteBits)
	}
	return prefix(addr, addr.BitLen())
}

// networkOf gives the /48 of an IPv6 address, which is limited too; ok is false for others.
func networkOf(addr netip.Addr) (network netip.Prefix, ok bool) {
	if addr = addr.Unmap(); !addr.Is6() {
		return netip.Prefix{}, false
	}
	return prefix(addr, networkBits), true
}

func prefix(addr netip.Addr, bits int) netip.Prefix {
	if !addr.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(addr.WithZone(""), bits).Masked()
}

// Addresses are budgets of internet addresses: each Site has its own, and a /48 has four times
// as much for all its sites. An address that is not valid has no limit.
type Addresses struct {
	sites, networks *Buckets[netip.Prefix]
	sparesLoopback  bool
}

// NewAddresses makes budgets of so many tokens a unit, of which what comes back in burst may come at
// once; 0 is no limit. The setting, where there is one, holds for everybody; the default not for
// loopback: a stranger has no loopback address, whereas load tests and proxies on the same machine do.
func NewAddresses(setting *float64, byDefault float64, unit, burst time.Duration) *Addresses {
	amount := byDefault
	if setting != nil {
		amount = *setting
	}
	perSecond := amount / unit.Seconds()
	return &Addresses{
		sites:          NewBuckets[netip.Prefix](Rate{perSecond, burst}),
		networks:       NewBuckets[netip.Prefix](Rate{networkShare * perSecond, burst}),
		sparesLoopback: setting == nil,
	}
}

// Limits says whether the address has a budget that can be empty.
func (a *Addresses) Limits(addr netip.Addr) bool {
	return addr.IsValid() && !a.sites.rate.none() && !(a.sparesLoopback && addr.Unmap().IsLoopback())
}

// Take takes n tokens, or none and says how long to wait for them.
func (a *Addresses) Take(addr netip.Addr, n int, now time.Time) (wait time.Duration) {
	// What others do between the two is at most a little debt.
	if wait = a.Wait(addr, n, now); wait == 0 {
		a.Spend(addr, n, now)
	}
	return wait
}

// Spend takes n tokens whether they are there or not.
func (a *Addresses) Spend(addr netip.Addr, n int, now time.Time) {
	if !a.Limits(addr) {
		return
	}
	if network, ok := networkOf(addr); ok {
		a.networks.Spend(network, n, now)
	}
	a.sites.Spend(Site(addr), n, now)
}

// Wait says how long Take would have the address wait for n tokens.
func (a *Addresses) Wait(addr netip.Addr, n int, now time.Time) (wait time.Duration) {
	if !a.Limits(addr) {
		return 0
	}
	if network, ok := networkOf(addr); ok {
		wait = a.networks.Wait(network, n, now)
	}
	return max(wait, a.sites.Wait(Site(addr), n, now))
}

// Debt says how long it will be until the address owes nothing.
func (a *Addresses) Debt(addr netip.Addr, now time.Time) time.Duration { return a.Wait(addr, 0, now) }
