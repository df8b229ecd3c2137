package check

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
		errors, welcomed := 0, false
		for i := range conn.Events {
			switch e := &conn.Events[i]; {
			case e.Kind == Welcome:
				welcomed = true
			case e.Kind == RefusedBare && welcomed:
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
		if c.lostAfter(e.At) {
			c.report.excused(Answered)
			continue
		}
		c.report.failed(Answered, Violation{Kind: Silent, Client: conn.Client, Conn: conn.Number, Ref: e.Ref, At: e.At,
			Note: "sent without it, on node " + conn.Node})
	}
}

// lostAfter says whether Redis lost data after that time: what had been stored by then may be gone.
func (c *checker) lostAfter(at int64) bool {
	for _, f := range c.losses {
		if at <= f.End {
			return true
		}
	}
	return false
}
