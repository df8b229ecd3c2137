package check

import (
	"cmp"
	"slices"
)

// spans are sorted and don't overlap.
type spans []Span

// union sorts and joins what overlaps or touches.
func union(all []Span) spans {
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var joined spans
	for _, s := range all {
		if n := len(joined); n > 0 && s.Start <= joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// minus is what of a lies in none of b.
func (a spans) minus(b spans) spans {
	var rest spans
	for _, s := range a {
		// The first of b that ends after s starts: histories are long, and most of b is elsewhere.
		i, _ := slices.BinarySearchFunc(b, s.Start, func(x Span, t int64) int { return cmp.Compare(x.End, t) })
		for ; i < len(b) && b[i].Start < s.End; i++ {
			if b[i].Start > s.Start {
				rest = append(rest, Span{s.Start, b[i].Start})
			}
			s.Start = max(s.Start, b[i].End)
		}
		if s.Start < s.End {
			rest = append(rest, s)
		}
	}
	return rest
}

// has says whether t lies in one of them.
func (a spans) has(t int64) bool {
	return slices.ContainsFunc(a, func(s Span) bool { return s.Start <= t && t <= s.End })
}
