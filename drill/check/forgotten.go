package check

import "slices"

// ownSince is since when a connection's person has surely had the name, as of an opening: what was sent to it before may
// be a former holder's, and is not shown. 0: it was nobody else's ever.
func (c *checker) ownSince(conn *Connection, o opening) int64 {
	var broken int64 // the latest time at which the name may have been somebody else's, or nobody's
	for _, f := range c.losses {
		if o.since <= f.End && f.Start <= o.At && c.claimLost(conn.Client, f, o.At) {
			broken = max(broken, f.Start)
		}
	}
	for _, other := range c.Connections {
		if other.Client == conn.Client && other.Person != conn.Person && other.Opened < o.At && other.mayHold() {
			broken = max(broken, min(o.At, c.until(other)+settleTime))
		}
	}
	if broken == 0 {
		return 0
	}
	own := o.At
	for _, mine := range c.Connections {
		if mine.Client == conn.Client && mine.Person == conn.Person {
			if at := mine.welcomed(); at > broken {
				own = min(own, at)
			}
		}
	}
	return own
}

// Forgot says whether a Redis that lost its data forgot, between the place from which a connection resumes its inbox and
// a time, who its client was: then it begins where its new claim does.
func (h *History) Forgot(conn *Connection, at int64) bool {
	return slices.ContainsFunc(h.Faults, func(f Fault) bool {
		return f.LosesData && conn.DMSince <= f.End && f.Start <= at && h.claimLost(conn.Client, f, at)
	})
}

// claimLost says whether a Redis that lost its data did not know by a time who a client was: the nodes to which it was
// connected just then, or else the node of its last connection, alone knew of the claim still, and ended before they could
// write it back, or could not yet. The client then is a new holder of its name.
func (h *History) claimLost(client string, loss Fault, at int64) bool {
	var keepers []*Connection
	var last *Connection
	for _, conn := range h.Connections {
		if w := conn.welcomed(); conn.Client != client || w == 0 || w > loss.Start {
			continue // whoever asked for the name and got no answer holds no claim that could be vouched for
		}
		if conn.Closed == 0 || conn.Closed > loss.Start {
			keepers = append(keepers, conn)
		} else if last == nil || conn.Closed > last.Closed {
			last = conn
		}
	}
	if len(keepers) == 0 && last != nil {
		keepers = append(keepers, last)
	}
	return len(keepers) > 0 && !slices.ContainsFunc(keepers, func(conn *Connection) bool { return h.vouchedFor(conn, loss, at) })
}

// vouchedFor says whether the node of a connection lived for long enough after a loss, and was not cut off, to have written
// back its claim by a time.
func (h *History) vouchedFor(conn *Connection, loss Fault, at int64) bool {
	since := loss.Start
	if conn.Closed != 0 {
		since = min(since, conn.Closed)
	}
	back := h.backSince(conn.Node, loss, at)
	if back > loss.End && at <= back+writeBackTime {
		return false
	}
	return !slices.ContainsFunc(h.Faults, func(f Fault) bool {
		return f.KillsNode && f.Node == conn.Node && f.End >= since && f.Start <= back+writeBackTime
	})
}

// backSince is since when, as of a time, a node could write back what a Redis had lost: its link may have been away then,
// and away again before it had.
func (h *History) backSince(node string, loss Fault, at int64) int64 {
	back := loss.End
	for again := true; again; {
		again = false
		for _, f := range h.Faults {
			if f.Disturbs && f.Node == node && f.Start <= min(at, back+writeBackTime) && f.End > back {
				back, again = f.End, true
			}
		}
	}
	return back
}

// until is when the connection's client gave its name up, or the end of the history.
func (c *checker) until(conn *Connection) int64 {
	if end := conn.left(); end != 0 {
		return end
	}
	return c.End
}

// welcomed is when the connection got its name; 0: it did not.
func (c *Connection) welcomed() int64 {
	for i := range c.Events {
		if c.Events[i].Kind == Welcome {
			return c.Events[i].At
		}
	}
	return 0
}

// mayHold says whether the connection has got its name, or may have got it without being told.
func (c *Connection) mayHold() (may bool) {
	for i := range c.Events {
		switch c.Events[i].Kind {
		case Join, Welcome:
			may = true
		case JoinRefused:
			may = false
		}
	}
	return may
}
