package check

import "slices"

// handedTime is how long after it was said a message is stored, or refused.
const handedTime = 5 * second

// checkBare: what was sent without a ref is stored, or answered with an error. Such errors say no more than that they
// are one, so they are counted: only on connections that lived to the end, for nobody else must have been told.
func (c *checker) checkBare() {
	if c.LogsUnread {
		return
	}
	for _, conn := range c.Connections {
		if conn.Closed != 0 {
			continue
		}
		var missing []*Event
		errors := 0
		for i := range conn.Events {
			switch e := &conn.Events[i]; {
			case e.Kind == RefusedBare:
				errors++
			case e.Kind == Send && e.Bare:
				c.report.checked(Answered, 1)
				if len(c.byRef[refKey{conn.Client, e.To, e.Ref}]) == 0 {
					missing = append(missing, e)
				}
			}
		}
		c.tellMissing(conn, missing, errors)
	}
}

// tellMissing reports what so many errors don't explain; the last ones sent, since one is as good as another.
func (c *checker) tellMissing(conn *Connection, missing []*Event, errors int) {
	for _, e := range missing[min(errors, len(missing)):] {
		if c.excusesBare(conn.Client, e) {
			c.report.excused(Answered)
			continue
		}
		c.report.failed(Answered, Violation{Kind: Silent, Client: conn.Client, Conn: conn.Number, Ref: e.Ref, At: e.At,
			Note: "sent without it, on node " + conn.Node})
	}
}

// excusesBare is excusesLoss for what was said then, and stored under an id that nobody was told.
func (c *checker) excusesBare(from string, e *Event) bool {
	if e.To != "" {
		return c.excusesBoth(letter{from: from, to: e.To, id: e.At}, e.At)
	}
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		return e.At <= f.End && (c.beyondTails(e.At, f) || c.unheld(min(e.At+handedTime, f.End), f))
	})
}
