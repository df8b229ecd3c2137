package actors

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// holders are the connections of this node and the names they hold.
type holders struct {
	seats[string]
	count   map[string]int // connections by name; nil for few
	leaving departures
}

// departures are names whose last connection ended within the grace, and when. They outlive
// the room: who has left is told in time, however often it dies.
type departures map[string]time.Time

func newHolders(leaving departures) holders { return holders{leaving: leaving} }

// name is what a connection holds, "" for none.
func (h *holders) name(conn uint64) string {
	if i := h.find(conn); i >= 0 {
		return h.taken[i].of
	}
	return ""
}

// holding is how many connections hold a name.
func (h *holders) holding(name string) (n int) {
	if h.count != nil {
		return h.count[name]
	}
	for _, held := range h.taken {
		if held.of == name {
			n++
		}
	}
	return n
}

// enter notes that a connection holds name; first says that none did before, and
// none has left so lately that nobody was told.
func (h *holders) enter(conn uint64, name string) (first bool) {
	if h.find(conn) >= 0 {
		return false
	}
	h.add(conn, name)
	if h.count != nil {
		h.count[name]++
	} else if len(h.taken) >= indexFrom {
		h.count = make(map[string]int, 2*len(h.taken))
		for _, held := range h.taken {
			h.count[held.of]++
		}
	}
	_, back := h.leaving[name]
	delete(h.leaving, name)
	return h.holding(name) == 1 && !back
}

// leave notes that a connection has ended; gone is the name whose last it was, if
// that is to be told at once. After an unclean end it is told by expire.
func (h *holders) leave(conn uint64, clean bool, now time.Time) (gone string) {
	i := h.find(conn)
	if i < 0 {
		return ""
	}
	name := h.remove(i)
	if h.count != nil {
		if h.count[name]--; h.count[name] == 0 {
			delete(h.count, name)
		}
	}
	if h.holding(name) > 0 {
		return ""
	}
	if clean {
		return name
	}
	h.leaving[strings.Clone(name)] = now
	return ""
}

// expire gives the names that nobody has taken up again within the grace.
func (h *holders) expire(now time.Time, grace time.Duration) []Departure {
	var gone []Departure
	for _, name := range slices.Sorted(maps.Keys(h.leaving)) {
		if at := h.leaving[name]; now.Sub(at) >= grace {
			gone = append(gone, Departure{name, at})
			delete(h.leaving, name)
		}
	}
	return gone
}

// all gives every name held or leaving, in order.
func (h *holders) all() []string {
	all := make([]string, 0, len(h.taken)+len(h.leaving))
	for _, held := range h.taken {
		all = append(all, held.of)
	}
	for name := range h.leaving {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
