package linear

import (
	"time"

	"github.com/anishathalye/porcupine"
)

// windowPlaces is how much of a log is checked at once: some hundred operations, a millisecond for porcupine.
const windowPlaces = 256

// window is the part of an epoch's operations that is about some of its places.
type window struct {
	from, to int
	all      []*operation
	patience time.Duration
	end      time.Time           // of the judgement
	told     map[*operation]bool // as at odds: not to be told again
}

// windows divides the operations of an epoch by their places. A read that saw the log end before the first of a window
// belongs to it, and to the last window also one that saw all.
func windows(e *epoch, all []*operation, patience time.Duration, end time.Time) []*window {
	n := max(1, (e.to-e.from+windowPlaces-1)/windowPlaces)
	parts := make([]*window, n)
	for i := range parts {
		from := e.from + i*windowPlaces
		parts[i] = &window{from: from, to: min(e.to, from+windowPlaces), patience: patience, end: end, told: make(map[*operation]bool)}
	}
	for _, o := range all {
		w := parts[min(n-1, (o.place-e.from)/windowPlaces)]
		w.all = append(w.all, o)
	}
	return parts
}

// result checks the window with only these operations to explain: of the others nothing is said, but what they put into
// the log is there.
func (w *window) result(only []*operation) porcupine.CheckResult {
	if time.Now().After(w.end) {
		return porcupine.Unknown
	}
	chosen := make([]*operation, 0, len(only)+w.to-w.from)
	has := make(map[int]bool, w.to-w.from)
	for _, o := range only {
		if w.told[o] {
			continue
		}
		chosen = append(chosen, o)
		if o.kind == appended && o.place >= w.from {
			has[o.place] = true
		}
	}
	for p := w.from; p < w.to; p++ {
		if !has[p] {
			chosen = append(chosen, &operation{kind: appended, place: p, call: always, ret: never})
		}
	}
	return explain(w.from, chosen, w.patience)
}

// smallest reduces operations that can't be explained to those of which none may be left out.
func (w *window) smallest(all []*operation) []*operation {
	core := all
	for size := len(core) / 2; size > 0; size /= 2 {
		for i := 0; i < len(core); {
			rest := append(core[:i:i], core[min(i+size, len(core)):]...)
			if w.result(rest) == porcupine.Illegal {
				core = rest
			} else {
				i += size
			}
		}
	}
	return core
}

// latest is, of the operations that the next place comes after, the one that was called last; nil: none.
func (w *window) latest() *operation {
	var last *operation
	for _, o := range w.all {
		if o.monotone() || o.wrong != "" || o.call == always || w.told[o] {
			continue
		}
		if last == nil || o.call > last.call {
			last = o
		}
	}
	if last != nil && last.kind == carried {
		return last.earlier
	}
	return last
}
