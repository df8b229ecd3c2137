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

// Network gives the /48 of an IPv6 address, which is limited too; ok is false for others.
func Network(addr netip.Addr) (network netip.Prefix, ok bool) {
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

// Addresses are budgets of internet addresses: each Site has its own, and a Network has four times
// as much for all its sites. Nil Addresses have no limit, nor has an address that is not valid.
type Addresses struct {
	sites, networks *Buckets[netip.Prefix]
	sparesLoopback  bool
}

// NewAddresses makes budgets of so many tokens a second, burst at once. The setting, where there is
// one, holds for everybody; the default not for loopback: a stranger has no loopback address, whereas
// load tests and proxies on the same machine do. unit is the time that the rate is of, and burst how
// many units' worth come at once.
func NewAddresses(setting *float64, byDefault float64, unit time.Duration, burst float64) *Addresses {
	amount := byDefault
	if setting != nil {
		amount = *setting
	}
	if amount <= 0 {
		return nil
	}
	perSecond := amount / unit.Seconds()
	return &Addresses{
		sites:          New[netip.Prefix](perSecond, burst*amount),
		networks:       New[netip.Prefix](networkShare*perSecond, networkShare*burst*amount),
		sparesLoopback: setting == nil,
	}
}

// Limits says whether the address has a budget that can be empty.
func (a *Addresses) Limits(addr netip.Addr) bool {
	return a != nil && addr.IsValid() && !(a.sparesLoopback && addr.Unmap().IsLoopback())
}

// Take takes n tokens, or none and says how long to wait for them.
func (a *Addresses) Take(addr netip.Addr, n int, now time.Time) (wait time.Duration) {
	// What others do between the two is at most a little debt.
	if wait = a.Wait(addr, n, now); wait == 0 {
		a.Spend(addr, n, now)
	}
	return wait
}

// Spend takes n tokens whether they are there or not, and says how long it will be until the debt is
// paid back.
func (a *Addresses) Spend(addr netip.Addr, n int, now time.Time) (debt time.Duration) {
	if !a.Limits(addr) {
		return 0
	}
	if network, ok := Network(addr); ok {
		debt = a.networks.Spend(network, n, now)
	}
	return max(debt, a.sites.Spend(Site(addr), n, now))
}

// Wait says how long Take would have the address wait for n tokens.
func (a *Addresses) Wait(addr netip.Addr, n int, now time.Time) (wait time.Duration) {
	if !a.Limits(addr) {
		return 0
	}
	if network, ok := Network(addr); ok {
		wait = a.networks.Wait(network, n, now)
	}
	return max(wait, a.sites.Wait(Site(addr), n, now))
}

// Debt says how long it will be until the address owes nothing.
func (a *Addresses) Debt(addr netip.Addr, now time.Time) time.Duration { return a.Wait(addr, 0, now) }
