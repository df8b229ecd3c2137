package linear

import (
	"cmp"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

type kind uint8

const (
	appended kind = iota + 1 // put its place into the log, which ended right before it
	repeated                 // was answered with a place that the log has
	told                     // a connection was told of a place
	begun                    // a connection's beginning left a place out, for it was there already
	stored                   // the log has a place at the end
	opened                   // the log ended where init or joined said
	finished                 // the log ended where an open connection was at the end
	carried                  // what an earlier window leaves: the log ended before this one
)

// operation is something that took effect at one moment between its call and its return.
type operation struct {
	kind      kind
	place     int // of one that reads: how many places the log had
	call, ret int64
	passage   *passage   // of what was told and read
	attempt   *attempt   // of what was said; nil: nobody known said it
	earlier   *operation // of what is carried
	wrong     string     // what no log can explain; empty: nothing
}

// reads says that the operation saw where the log ended.
func (o *operation) reads() bool { return o.kind == opened || o.kind == finished || o.kind == carried }

// monotone says that what was possible once is possible ever after: so it may as well have happened at its end.
func (o *operation) monotone() bool { return o.kind != appended && !o.reads() }

// state is how much of the log there is, and how many of those who saw just that much have been served.
type state struct{ places, served int }

// step is an operation in one check: of those that saw the log end at the same place, turn says who comes first.
type step struct {
	*operation
	turn int
}

// explain asks porcupine whether the operations, on a log that holds so many places before, can have happened one after
// the other.
func explain(before int, all []*operation, patience time.Duration) porcupine.CheckResult {
	byReturn := slices.Clone(all)
	slices.SortStableFunc(byReturn, func(a, b *operation) int { return cmp.Compare(a.ret, b.ret) })
	readers := make(map[int]int)
	moments := make([]moment, 0, 2*len(all))
	for id, o := range byReturn {
		s := step{operation: o}
		if o.reads() {
			s.turn = readers[o.place]
			readers[o.place]++
		}
		call, ret := moment{at: o.call, class: calls}, moment{at: o.ret, class: returns}
		if o.monotone() {
			call, ret = moment{at: o.ret, class: points}, moment{at: o.ret, class: points}
		}
		call.event = porcupine.Event{Kind: porcupine.CallEvent, Id: id, Value: s}
		ret.event = porcupine.Event{Kind: porcupine.ReturnEvent, Id: id}
		moments = append(moments, call, ret)
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.class, b.class))
	})
	events := make([]porcupine.Event, 0, len(moments))
	for _, m := range moments {
		events = append(events, m.event)
	}
	return porcupine.CheckEventsTimeout(model(before, readers), events, patience)
}

// moment is a call or a return. At the same time, what begins comes before what ends: it may have been first. Points,
// each a call and its return, stand between.
type moment struct {
	at    int64
	class int
	event porcupine.Event
}

const (
	calls = iota
	points
	returns
)

// model is the log. It is written so that at most one append or read is possible in any state, for porcupine tries all
// that are: ids say which append comes next; it waits until all who saw the log without it are served, for they can't
// be afterwards; and these don't change the log, so that the one whose answer came first may come first.
func model(before int, readers map[int]int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{places: before} },
		Step: func(from, input, _ any) (bool, any) {
			at, s := from.(state), input.(step)
			if s.wrong != "" {
				return false, at
			}
			switch {
			case s.kind == appended:
				return at.places == s.place && at.served == readers[s.place], state{places: s.place + 1}
			case s.reads():
				return at.places == s.place && at.served == s.turn, state{at.places, at.served + 1}
			default:
				return at.places > s.place, at
			}
		},
		Hash: func(of any) uint64 { return uint64(of.(state).places) },
	}
}
