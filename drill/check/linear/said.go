package linear

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// trial is one book in judgement.
type trial struct {
	*book
	*court
	epochs  []epoch
	found   [][]*operation      // by epoch
	listed  int                 // violations
	sayings map[message]*saying // of a conversation
}

func (t *trial) add(e int, o *operation) { t.found[e] = append(t.found[e], o) }

// epochOf is the epoch that holds a place, or -1.
func (t *trial) epochOf(place int) int {
	for i := range t.epochs {
		if t.epochs[i].holds(place) {
			return i
		}
	}
	return -1
}

// said is what was said for the places of one epoch.
type said struct {
	epoch      int
	answers    map[int][]*attempt     // that name a place
	unanswered map[message][]*attempt // of any time
	origins    map[string]int64
	seen       map[message]int // where a message has its place
}

// takeSaid makes the appends: one for each place, and the other answers that name the place.
func (t *trial) takeSaid() {
	s := said{answers: make(map[int][]*attempt), unanswered: make(map[message][]*attempt)}
	for _, a := range t.attempts {
		p, there := t.index[a.id]
		switch {
		case a.unasked:
			t.stray(a, "answered, and never sent")
		case a.outcome == unknown:
			s.unanswered[a.message] = append(s.unanswered[a.message], a)
		case a.outcome == acked && there:
			s.answers[p] = append(s.answers[p], a)
		case a.outcome == acked && t.read && !a.trimmed:
			t.stray(a, "acked, and at the end it is nowhere in "+t.name)
		}
	}
	for s.epoch = range t.epochs {
		s.origins, s.seen = t.origins(s.epoch), make(map[message]int)
		for p := t.epochs[s.epoch].from; p < t.epochs[s.epoch].to; p++ {
			t.takePlace(&s, p)
			t.Operations += len(s.answers[p])
			delete(s.answers, p)
		}
	}
	for _, left := range s.answers {
		t.Left += len(left)
	}
}

// stray is an answer that has no place in the log.
func (t *trial) stray(a *attempt, why string) {
	for e := range t.epochs {
		if t.epochs[e].spans(a.call, a.ret) && (a.unasked || t.epochs[e].last) { // what is nowhere may have been lost
			t.Operations++
			t.add(e, &operation{kind: repeated, place: t.epochs[e].from, call: a.call, ret: a.ret, attempt: a, wrong: why})
			return
		}
	}
	t.Left++
}

// takePlace finds who put a place into the log: the first to send it of those whose answer names it or never came. If
// any of them did, that one can have. The others' answers are repeats, and come when the log has it.
func (t *trial) takePlace(s *said, place int) {
	p := &t.places[place]
	o := &operation{kind: appended, place: place, call: always, ret: never}
	t.add(s.epoch, o)
	var candidates []*attempt
	for _, a := range s.answers[place] {
		if a.message == p.message {
			candidates = append(candidates, a)
			continue
		}
		t.add(s.epoch, &operation{kind: repeated, place: place, call: a.call, ret: a.ret, attempt: a,
			wrong: fmt.Sprintf("the log has %s with that id", p.title())})
	}
	answered := candidates
	if p.named() {
		candidates = slices.Concat(candidates, s.unanswered[p.message])
	}
	if len(candidates) == 0 {
		t.takeOrphan(s, o)
	} else {
		o.attempt = slices.MinFunc(candidates, func(a, b *attempt) int { return cmp.Compare(a.call, b.call) })
		o.call, o.ret = o.attempt.call, o.attempt.ret
		sameText := func(a *attempt) bool { return a.text == p.text }
		if first, twice := s.seen[p.message]; twice && p.named() {
			o.wrong = fmt.Sprintf("the log has %s already, with id %d", p.title(), t.places[first].id)
		} else if p.stored && !slices.ContainsFunc(candidates, sameText) {
			o.wrong = "the log has another text than was sent"
		}
	}
	for _, a := range answered {
		if a != o.attempt {
			t.add(s.epoch, &operation{kind: repeated, place: place, call: a.call, ret: a.ret, attempt: a})
		}
	}
	if _, twice := s.seen[p.message]; !twice {
		s.seen[p.message] = place
	}
	if t.read && t.epochs[s.epoch].last && !t.trimmed(p.id) {
		end := &operation{kind: stored, place: place, call: t.history.End, ret: t.history.End}
		if !p.stored {
			end.wrong = "the log at the end does not have it"
		}
		t.add(s.epoch, end)
	}
}

// takeOrphan: no send is known to have put it there. That is right where strangers talk, and may be for what nobody knows
// more of than its id.
func (t *trial) takeOrphan(s *said, o *operation) {
	p := &t.places[o.place]
	switch {
	case t.history.Strangers && !t.clients[p.from]:
	case p.named():
		o.wrong = "the log has it, and no send of it can have put it there" + t.refusals(p.message)
	default:
		var possible bool
		if o.call, possible = s.origins[p.from]; !possible {
			o.wrong = "it was told or stored, and all that was sent is something else or was refused"
		}
	}
}

// origins are since when each sender, and any at all (""), has had something on its way that is at no place of that
// epoch: an entry of which only the id is known can be that.
func (t *trial) origins(e int) map[string]int64 {
	since := make(map[string]int64)
	for _, a := range t.attempts {
		if p, there := t.index[a.id]; a.outcome == refused || a.outcome == acked && there && t.epochs[e].holds(p) {
			continue
		}
		for _, who := range []string{a.from, ""} {
			if call, found := since[who]; !found || a.call < call {
				since[who] = a.call
			}
		}
	}
	return since
}

func (t *trial) refusals(m message) string {
	for _, a := range t.attempts {
		if a.message == m && a.outcome == refused {
			return fmt.Sprintf(": connection %d was told at %s that it is refused", a.conn.Number, clock(a.ret))
		}
	}
	return ""
}

func (p *place) title() string {
	if !p.named() {
		return fmt.Sprintf("entry %d", p.id)
	}
	return p.from + "'s " + p.ref
}

func clock(at int64) string { return time.UnixMicro(at).UTC().Format("15:04:05.000000") }
