package check

import (
	"fmt"
	"maps"
	"slices"
)

// roster is who is there as one connection was told, and when who was.
type roster struct {
	begun  bool
	since  int64
	listed map[string]int64 // since when
	past   map[string][]Span
}

func newRoster() *roster {
	return &roster{listed: make(map[string]int64), past: make(map[string][]Span)}
}

// replace takes a whole list.
func (r *roster) replace(names []string, at int64) {
	if !r.begun {
		r.begun, r.since = true, at
	}
	fresh := make(map[string]bool, len(names))
	for _, name := range names {
		fresh[name] = true
		r.add(name, at)
	}
	for name := range r.listed {
		if !fresh[name] {
			r.remove(name, at)
		}
	}
}

// add says whether the name was not listed before.
func (r *roster) add(name string, at int64) bool {
	if _, there := r.listed[name]; there {
		return false
	}
	r.listed[name] = at
	return true
}

// remove says whether the name was listed.
func (r *roster) remove(name string, at int64) bool {
	since, there := r.listed[name]
	if !there {
		return false
	}
	delete(r.listed, name)
	r.past[name] = append(r.past[name], Span{since, at})
	return true
}

// names are all that were listed at any time.
func (r *roster) names() []string {
	names := make(map[string]bool, len(r.past)+len(r.listed))
	for name := range r.past {
		names[name] = true
	}
	for name := range r.listed {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// spans are when the name was listed, up to end.
func (r *roster) spans(name string, end int64) spans {
	all := append([]Span(nil), r.past[name]...)
	if since, there := r.listed[name]; there {
		all = append(all, Span{since, end})
	}
	return union(all)
}

func seconds(us int64) string { return fmt.Sprintf("%.1f s", float64(us)/second) }
