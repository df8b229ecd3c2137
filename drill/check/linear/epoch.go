package linear

import (
	"sort"

	"parley/drill/check"
)

// epoch is a time in which Redis lost nothing, and the places of a log that surely were put there in it. Between two
// epochs are places of which that can't be said.
type epoch struct {
	start, end int64
	from, to   int // places, from included
	last       bool
}

// spans says whether all of that time is in the epoch.
func (e *epoch) spans(start, end int64) bool { return e.start <= start && end <= e.end }

func (e *epoch) holds(place int) bool { return e.from <= place && place < e.to }

// epochs divides the log at the losses: before one is what was known to anybody before it began, after it is what comes
// after something that was first sent after its end.
func (b *book) epochs(losses []check.Span) []epoch {
	all := []epoch{{start: always, end: never, to: len(b.places), last: true}}
	if len(losses) == 0 {
		return all
	}
	known, sent := b.bounds()
	for _, loss := range losses {
		before := &all[len(all)-1]
		before.end, before.last = loss.Start, false
		before.to = before.from
		for p := before.from; p < len(known); p++ {
			if known[p] < loss.Start {
				before.to = p + 1
			}
		}
		after := before.to + sort.Search(len(sent)-before.to, func(i int) bool { return sent[before.to+i] > loss.End })
		all = append(all, epoch{start: loss.End, end: never, from: after, to: len(b.places), last: true})
	}
	return all
}

// bounds are, for each place, by when somebody knew it, and after when it was stored at the soonest: as late as the
// latest first send among the places before it.
func (b *book) bounds() (known, sent []int64) {
	known, sent = make([]int64, len(b.places)), make([]int64, len(b.places))
	for i := range known {
		known[i], sent[i] = never, always
	}
	for _, p := range b.passages {
		for _, t := range p.told {
			at := &known[b.index[t.id]]
			*at = min(*at, t.at)
		}
	}
	first := b.firstSends()
	for _, a := range b.attempts {
		if p, found := b.index[a.id]; found && a.outcome == acked {
			known[p] = min(known[p], a.ret)
		}
	}
	var latest int64 = always
	for i := range b.places {
		if call, found := first[b.places[i].message]; found && b.places[i].named() {
			latest = max(latest, call)
		}
		sent[i] = latest
	}
	return known, sent
}

// firstSends are when each message was sent first, not counting what was refused.
func (b *book) firstSends() map[message]int64 {
	first := make(map[message]int64)
	for _, a := range b.attempts {
		if call, found := first[a.message]; a.outcome != refused && (!found || a.call < call) {
			first[a.message] = a.call
		}
	}
	return first
}
