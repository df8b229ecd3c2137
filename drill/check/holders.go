package check

import (
	"cmp"
	"slices"
)

const (
	// leaseTime is how long a node that can't reach Redis keeps its names, less what it may have lost before.
	leaseTime = 3 * second

	// sureHold is how much earlier than by its client's clock a hold may end: its connection's end was noticed earlier.
	sureHold = second
)

// holding is one connection's time with a name.
type holding struct {
	Span
	conn   *Connection
	person string
}

// checkHolders: a name is one person's at a time. A stranger gets it only when it is free.
func (c *checker) checkHolders() {
	byName := make(map[string][]holding)
	for _, conn := range c.Connections {
		i := slices.IndexFunc(conn.Events, func(e Event) bool { return e.Kind == Welcome })
		if i < 0 {
			continue
		}
		e := &conn.Events[i]
		byName[e.Name] = append(byName[e.Name], holding{Span{e.At, c.until(conn)}, conn, cmp.Or(conn.Person, e.Name)})
	}
	for name, all := range byName {
		slices.SortFunc(all, func(a, b holding) int { return cmp.Compare(a.Start, b.Start) })
		for i, taker := range all {
			for _, before := range all[:i] {
				if before.person != taker.person {
					c.checkTaking(name, before, taker, since(all[:i+1], before, taker))
				}
			}
		}
	}
}

// since is until when one had a name for another who has taken it, perhaps while the first did not know it.
func since(all []holding, before, taker holding) int64 {
	end := before.End
	for _, h := range all {
		if h.person == taker.person && h.Start > before.Start {
			end = min(end, h.Start)
		}
	}
	return end
}

// checkTaking: somebody got the name that somebody else had before, up to an end.
func (c *checker) checkTaking(name string, before, taker holding, end int64) {
	c.report.checked(Presence, 1)
	v := Violation{Client: name, Conn: taker.conn.Number, At: taker.Start,
		Note: "after connection " + before.conn.label() + ", by " + seconds(taker.Start-before.End)}
	switch {
	case before.End > taker.Start:
		v.Kind = TwoHolders
		c.checkSilenced(name, before, taker)
	case taker.Start-before.End < sureGrace, before.conn.Shown && taker.Start-before.End < c.Hold-sureHold:
		v.Kind = TakenEarly
	default:
		c.checkUntold(name, before, taker, end)
		return
	}
	if c.lapsed(before, taker.Start) {
		c.report.excused(Presence)
		return
	}
	c.report.failed(Presence, v)
}

// lapsed says whether the holder's node may have lost the name: by being cut off for longer than its lease lasts, or
// with the data of Redis.
func (c *checker) lapsed(before holding, taken int64) bool {
	var away []Span
	for _, f := range c.Faults {
		if f.LosesData && before.Start <= f.End && f.Start <= taken {
			return true
		}
		if f.Disturbs && (f.Node == "" || f.Node == before.conn.Node) {
			away = append(away, f.span())
		}
	}
	return slices.ContainsFunc(union(away), func(s Span) bool {
		return s.End-s.Start >= leaseTime && s.Start <= taken && taken <= s.End+settleTime
	})
}

// checkSilenced: who lost a name without knowing it says nothing more under it, and hears nothing more of its inbox.
func (c *checker) checkSilenced(name string, before, taker holding) {
	for i := range before.conn.Events {
		if e := &before.conn.Events[i]; (e.Kind == Ack || e.Kind == DM) && e.ID > taker.Start {
			c.report.failed(Presence, Violation{Kind: OthersWord, Client: name, Conn: before.conn.Number, ID: e.ID, At: e.At,
				Note: "the name was connection " + taker.conn.label() + "'s"})
		}
	}
}

// checkUntold: who took a name sees nothing of what was sent to who had it before; unless nobody could tell it by then that
// the name had changed hands.
func (c *checker) checkUntold(name string, before, taker holding, end int64) {
	for i := range taker.conn.Events {
		if e := &taker.conn.Events[i]; (e.Kind == RecalledDM || e.Kind == DM) &&
			(e.Cursor < end || c.ackedBefore(letter{e.From, e.To, e.ID}, end)) {
			if c.takenBack(before, taker) {
				c.report.excused(DirectMessages)
				continue
			}
			c.report.failed(DirectMessages, Violation{Kind: OthersWord, Client: name, Conn: taker.conn.Number, ID: e.ID, At: e.At,
				Note: "the name was connection " + before.conn.label() + "'s"})
		}
	}
}

// takenBack says whether the taker had the name once already, and Redis was taken back to then: of who had it in between
// only that one's node knew, which could not write the claim back before the taker came.
func (c *checker) takenBack(before, taker holding) bool {
	had := slices.ContainsFunc(c.Connections, func(conn *Connection) bool {
		at := conn.welcomed()
		return conn.Client == taker.conn.Client && conn.Person == taker.conn.Person && at != 0 && at < before.Start
	})
	return had && slices.ContainsFunc(c.losses, func(f Fault) bool {
		return before.Start <= f.End && f.Start <= taker.Start && !c.vouchedFor(before.conn, f, taker.Start)
	})
}
