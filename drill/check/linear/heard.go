package linear

import (
	"fmt"

	"parley/drill/check"
)

// takeHeard makes what connections were told into operations. Of an entry that was told to many, all in accord with the
// log, the first to hear it says what the others do.
func (t *trial) takeHeard() {
	earliest := make([]*operation, len(t.places))
	for _, p := range t.passages {
		next := t.follow(p, earliest)
		if p.snapshot && p.at != 0 {
			t.takeRead(opened, p, t.upTo(p.cursor), p.conn.Opened, p.at)
		}
		if p.at != 0 && p.conn.Closed == 0 && (p.base != unbased || len(p.told) > 0) {
			end := t.history.End + 1 // when the logs had been read
			t.takeRead(finished, p, next, end, end)
		}
	}
	for place, o := range earliest {
		if o != nil {
			t.add(t.epochOf(place), o)
		}
	}
}

// follow goes along a passage; it returns how many places of the log are behind it.
func (t *trial) follow(p *passage, earliest []*operation) (next int) {
	begun := p.base != unbased
	if begun {
		next = t.upTo(p.base)
	}
	for i := range p.told {
		entry := &p.told[i]
		place := t.index[entry.id]
		e := t.epochOf(place)
		if e < 0 {
			t.Left++
		} else {
			t.Operations++
			o := &operation{kind: told, place: place, call: entry.at, ret: entry.at, passage: p}
			if begun {
				o.wrong = t.astray(p, i, next, place)
			} else {
				t.takeBeginning(p, place)
			}
			if known := &t.places[place]; o.wrong == "" && known.hash != entry.hash {
				if known.hash == 0 && !known.stored {
					known.hash = entry.hash
				} else {
					o.wrong = "others were told, or the log has, other bytes"
				}
			}
			if o.wrong != "" {
				t.add(e, o)
			} else if first := earliest[place]; first == nil || entry.at < first.ret {
				earliest[place] = o
			}
		}
		begun, next = true, max(next, place+1)
	}
	return next
}

// astray says what is wrong with being told place now, where next was due.
func (t *trial) astray(p *passage, i, next, place int) string {
	epoch, at := &t.epochs[t.epochOf(place)], p.told[i].at
	switch {
	case place < next && i == 0:
		return fmt.Sprintf("it had asked for what comes after %d", p.base)
	case place < next && t.overtaken(p.told[:i], place):
		return ""
	case place < next:
		return fmt.Sprintf("right before it was told %d", p.told[i-1].id)
	case !epoch.spans(at, at):
		return "" // what a loss has taken can't be told
	}
	for next = max(next, epoch.from); next < place; next++ {
		if missed := &t.places[next]; !t.elsewhere(p, missed) {
			return fmt.Sprintf("it was not told %d (%s) before, which the log has there", missed.id, missed.title())
		}
	}
	return ""
}

// takeBeginning: where a connection's beginning is the server's choice, what is older was there already.
func (t *trial) takeBeginning(p *passage, place int) {
	if place == 0 || p.at == 0 || t.trimmed(t.places[place-1].id) {
		return
	}
	if e := t.epochOf(place - 1); e >= 0 {
		t.add(e, &operation{kind: begun, place: place - 1, call: p.at, ret: p.at, passage: p})
	}
}

// takeRead: at some time from since, less how far its node may be behind, to then, the log had so many places.
func (t *trial) takeRead(k kind, p *passage, places int, since, then int64) {
	from := t.behind(p.conn, since, then)
	for i := range t.epochs {
		e := &t.epochs[i]
		if e.spans(from, then) && places <= e.to {
			t.Operations++
			t.add(i, &operation{kind: k, place: max(places, e.from), call: from, ret: then, passage: p})
			return
		}
	}
	t.Left++
}

// relinkTime is how long after a break a node may take to have all that it missed: a silent link is known as that after
// 3 s, and the log is read on a machine that is busy.
const relinkTime = 5_000_000

// behind is how old what a connection's node knows may be that is asked since a time: of a lag before, or of a break, and
// of the first of several between which there was less than a lag.
func (c *court) behind(conn *check.Connection, since, then int64) int64 {
	from := since - c.lag
	reach := from - relinkTime
	for again := true; again; reach = min(reach, from) {
		again = false
		for _, f := range c.history.Faults {
			if f.Disturbs && (f.Node == "" || f.Node == conn.Node) && f.Start <= then && f.End >= reach && f.Start-c.lag < from {
				from, again = f.Start-c.lag, true
			}
		}
	}
	return from
}
