package linear

import (
	"fmt"
	"strings"
)

// Result is what the judge found.
type Result struct {
	Logs       int // judged
	Operations int // in them: appends, reads, tellings
	Left       int // operations that are not judged, for Redis lost data
	Unknown    int // windows that were not judged, for it took too long
	Failed     int // cases of operations that no log can explain, at least
	Violations []Violation
}

// Violation is operations of one log that can't all have happened, though those left when any of them is taken away
// can have.
type Violation struct {
	Log        string
	Operations []string // in the order in which they began
}

func (v Violation) String() string {
	why := ""
	if len(v.Operations) > 1 {
		why = "no order explains all of: "
	}
	return v.Log + " · " + why + strings.Join(v.Operations, " · ")
}

func (t *trial) violation(core []*operation) Violation {
	v := Violation{Log: t.name}
	for _, o := range core {
		v.Operations = append(v.Operations, t.describe(o))
	}
	return v
}

// describe says in words what an operation was.
func (t *trial) describe(o *operation) string {
	if o.kind == carried {
		o = o.earlier
	}
	var s string
	switch {
	case o.kind == opened:
		s = fmt.Sprintf("%s, opened at %s, was told at %s that the log ends with %s",
			listening(o), clock(o.passage.conn.Opened), clock(o.ret), t.mark(o.place))
	case o.kind == finished:
		s = fmt.Sprintf("%s had everything up to %s at the end, %s", listening(o), t.mark(o.place), clock(o.ret))
	case o.kind == begun:
		s = fmt.Sprintf("%s began behind %s at %s", listening(o), t.mark(o.place+1), clock(o.ret))
	case o.kind == stored && o.wrong == "":
		s = fmt.Sprintf("%s is in the log at the end", t.mark(o.place+1))
	case o.kind == told:
		s = fmt.Sprintf("%s was told %s at %s", listening(o), t.mark(o.place+1), clock(o.ret))
	case o.attempt != nil:
		s = fmt.Sprintf("%s was sent on connection %d at %s and %s",
			o.attempt.title(), o.attempt.conn.Number, clock(o.attempt.call), o.attempt.answer())
	default:
		s = t.mark(o.place + 1)
	}
	if o.wrong != "" {
		s += ": " + o.wrong
	}
	return s
}

func listening(o *operation) string {
	c := o.passage.conn
	return fmt.Sprintf("connection %d of %s on node %s", c.Number, c.Client, c.Node)
}

// mark names the last of so many places.
func (t *trial) mark(places int) string {
	if places == 0 {
		return "nothing"
	}
	p := &t.places[places-1]
	if !p.named() {
		return fmt.Sprint(p.id)
	}
	return fmt.Sprintf("%d (%s)", p.id, p.title())
}

func (m message) title() string {
	if m.to == "" {
		return m.from + "'s " + m.ref
	}
	return m.from + "'s " + m.ref + " to " + m.to
}

func (a *attempt) answer() string {
	switch {
	case a.outcome == unknown:
		return "never answered"
	case a.outcome == refused:
		return "refused at " + clock(a.ret)
	case a.id == 0:
		return "acked at " + clock(a.ret)
	default:
		return fmt.Sprintf("acked with %d at %s", a.id, clock(a.ret))
	}
}
