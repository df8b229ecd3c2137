package linear

import (
	"fmt"
	"time"
)

// trial is one book in judgement.
type trial struct {
	*book
	*court
	epochs []epoch
	first  map[message]int // the place of each message
	found  [][]*operation  // by epoch
	listed int             // violations
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

// takeSaid makes the appends: one for each place, and the other answers that name the place.
func (t *trial) takeSaid() {
	answers := make(map[int][]*attempt)
	unanswered := make(map[message][]*attempt)
	for _, a := range t.attempts {
		p, there := t.index[a.id]
		switch {
		case a.unasked:
			t.stray(a, "answered, and never sent")
		case a.outcome == unknown:
			unanswered[a.message] = append(unanswered[a.message], a)
		case a.outcome == acked && there:
			answers[p] = append(answers[p], a)
		case a.outcome == acked && t.read && !a.trimmed:
			t.stray(a, "acked, and at the end it is nowhere in "+t.name)
		}
	}
	for e := range t.epochs {
		origins := t.origins(e)
		for p := t.epochs[e].from; p < t.epochs[e].to; p++ {
			t.takePlace(e, p, answers[p], unanswered[t.places[p].message], origins)
			t.Operations += len(answers[p])
			delete(answers, p)
		}
	}
	for _, left := range answers {
		t.Left += len(left)
	}
}

// stray is an answer that has no place in the log.
func (t *trial) stray(a *attempt, why string) {
	for e := range t.epochs {
		if t.epochs[e].spans(a.call, a.ret) {
			t.Operations++
			t.add(e, &operation{kind: repeated, place: t.epochs[e].from, call: a.call, ret: a.ret, attempt: a, wrong: why})
			return
		}
	}
	t.Left++
}

// takePlace finds who put a place into the log: the first to send it of those whose answer names it or never came. If
// any of them did, that one can have. The others' answers are repeats, and come when the log has it.
func (t *trial) takePlace(e, place int, answers, unanswered []*attempt, origins map[string]int64) {
	p := &t.places[place]
	o := &operation{kind: appended, place: place, call: always, ret: never}
	sameText := !p.stored
	consider := func(a *attempt) {
		if o.attempt == nil || a.call < o.attempt.call {
			o.attempt = a
		}
		sameText = sameText || a.text == p.text
	}
	for _, a := range answers {
		if a.message == p.message {
			consider(a)
			continue
		}
		t.add(e, &operation{kind: repeated, place: place, call: a.call, ret: a.ret, attempt: a,
			wrong: fmt.Sprintf("the log has %s with that id", p.title())})
	}
	if p.named() {
		for _, a := range unanswered {
			consider(a)
		}
	}
	switch {
	case o.attempt != nil:
		o.call, o.ret = o.attempt.call, o.attempt.ret
		if first := t.first[p.message]; p.named() && first < place {
			o.wrong = fmt.Sprintf("the log has %s already, with id %d", p.title(), t.places[first].id)
		} else if !sameText {
			o.wrong = "the log has another text than was sent"
		}
	case t.clients[p.from] && p.named():
		o.wrong = "the log has it, and no send of it can have put it there" + t.refusals(p.message)
	case t.clients[p.from] || p.from == "":
		var possible bool
		if o.call, possible = origins[p.from]; !possible {
			o.wrong = "it was told or stored, and all that was sent is something else or was refused"
		}
	}
	t.add(e, o)
	for _, a := range answers {
		if a != o.attempt && a.message == p.message {
			t.add(e, &operation{kind: repeated, place: place, call: a.call, ret: a.ret, attempt: a})
		}
	}
	if t.read && t.epochs[e].last && !p.stored && p.id > t.floor {
		t.add(e, &operation{kind: stored, place: place, call: t.history.End, ret: t.history.End,
			wrong: "the log at the end does not have it"})
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
