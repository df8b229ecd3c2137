package linear

import (
	"cmp"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"parley/drill/check"
)

// Lag is how far behind a node of a cluster may be while nothing is known to be broken: what was missed is heard within
// a second, docs/promises.md says. Drills of 45 s with a lag of 0 had two reads that were some milliseconds behind, with 0.1 s
// none.
const Lag = time.Second

const (
	// windowPatience bounds one look at a window, which takes a millisecond: what takes longer has met what the model's
	// bounds on branching don't hold.
	windowPatience = 5 * time.Second

	// fullPatience bounds a judgement, which takes some tenths of a second: what is left then is unknown.
	fullPatience = time.Minute

	// maxListed bounds the violations of one log that are told one by one: a list of thousands helps nobody.
	maxListed = 20

	// maxOfWindow bounds how often what is left of a window is checked again without what was found in it.
	maxOfWindow = 4
)

// court is one judgement.
type court struct {
	history  *check.History
	lag      int64
	patience time.Duration // for one window
	end      time.Time     // of the patience for all
	clients  map[string]bool
	*Result
}

// Check judges a history in which a node may open connections with the log as it was a lag ago.
func Check(h *check.History, lag time.Duration) *Result {
	return judge(h, lag, windowPatience, fullPatience)
}

func judge(h *check.History, lag, patience, full time.Duration) *Result {
	c := &court{history: h, lag: lag.Microseconds(), patience: patience, end: time.Now().Add(full), clients: make(map[string]bool), Result: &Result{}}
	for _, conn := range h.Connections {
		c.clients[conn.Client] = true
	}
	losses := h.Losses()
	public, rooms := h.Divide()
	books := newShelf(public).books()
	for _, room := range rooms {
		books = append(books, newShelf(room).public)
	}
	for _, b := range books {
		t := &trial{book: b, court: c, epochs: b.epochs(losses)}
		if b.relayed {
			t.sayings = b.collectSayings()
		}
		t.found = make([][]*operation, len(t.epochs))
		t.takeSaid()
		t.takeHeard()
		t.Logs++
		t.decide()
	}
	return c.Result
}

// decide has every window of every epoch checked.
func (t *trial) decide() {
	for e := range t.epochs {
		var latest *operation
		for _, w := range windows(&t.epochs[e], t.found[e], t.patience, t.end) {
			if latest != nil {
				latest = &operation{kind: carried, place: w.from, call: latest.call, ret: never, earlier: latest}
				w.all = append(w.all, latest)
			}
			t.try(w)
			latest = w.latest()
		}
	}
}

// try checks one window, and again without what is at odds, until the rest can be explained.
func (t *trial) try(w *window) {
	for range maxOfWindow {
		switch w.result(w.all) {
		case porcupine.Ok:
			return
		case porcupine.Unknown:
			t.Unknown++
			return
		}
		t.Failed++
		if t.listed == maxListed {
			return
		}
		core := w.smallest(w.all)
		slices.SortStableFunc(core, func(a, b *operation) int {
			return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.ret, b.ret))
		})
		t.Violations = append(t.Violations, t.violation(core))
		t.listed++
		for _, o := range core {
			w.told[o] = true
		}
	}
}
