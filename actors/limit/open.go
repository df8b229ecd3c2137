package limit

import "net/netip"

// Open counts what is open, in all and of internet addresses: of each Site, and of the /48 around it,
// which may have four times as much. The zero value is ready; it is for one goroutine at a time. What
// has an address that is not valid counts in all alone.
type Open struct {
	all int
	by  map[netip.Prefix]int
}

// All is how many there are.
func (o *Open) All() int { return o.all }

// Full says whether addr may not have one more, where a Site may have most; 0 is no limit.
func (o *Open) Full(addr netip.Addr, most int) bool {
	if most <= 0 || !addr.IsValid() {
		return false
	}
	network, ok := networkOf(addr)
	return o.by[Site(addr)] >= most || ok && o.by[network] >= networkShare*most
}

// Add counts one more of addr.
func (o *Open) Add(addr netip.Addr) { o.count(addr, 1) }

// Remove counts one less, that was added before.
func (o *Open) Remove(addr netip.Addr) { o.count(addr, -1) }

func (o *Open) count(addr netip.Addr, by int) {
	o.all += by
	if !addr.IsValid() {
		return
	}
	if o.by == nil {
		o.by = make(map[netip.Prefix]int)
	}
	o.countPrefix(Site(addr), by)
	if network, ok := networkOf(addr); ok {
		o.countPrefix(network, by)
	}
}

func (o *Open) countPrefix(p netip.Prefix, by int) {
	if o.by[p] += by; o.by[p] == 0 {
		delete(o.by, p)
	}
}
