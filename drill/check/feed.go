package check

import "fmt"

// checkFeeds: every connection gets every public message after its cursor, each once, in order.
func (c *checker) checkFeeds() {
	hashes := make(map[int64]uint64, len(c.public))
	for id, e := range c.stored {
		hashes[id] = e.Hash
	}
	for _, conn := range c.Connections {
		c.checkFeed(conn, hashes)
	}
	c.checkOneOrder()
	if c.LogsUnread {
		return
	}
	for _, id := range c.public {
		if c.stored[id] != nil || c.Logs.unseen(id) {
			continue
		}
		if c.excusesLoss(id, id) || c.saidAgain(Told{ID: id}) {
			c.report.excused(OneOrder)
			continue
		}
		c.report.failed(OneOrder, Violation{Kind: Vanished, ID: id})
	}
}

func (c *checker) checkFeed(conn *Connection, hashes map[int64]uint64) {
	p := &passage{conn: conn, promise: OneOrder, known: c.public, got: make(map[int64]bool)}
	openings := c.openings(p, Init, Recalled)
	for i := range conn.Events {
		e := &conn.Events[i]
		if o, opens := openings[i]; opens && !p.started {
			p.begin(o, c.shown(), 0)
			c.checkTruncated(p)
			c.checkCursor(p)
		}
		if e.Kind == Ack && c.Room != "" && !p.started {
			c.report.failed(Answered, Violation{Kind: Outside, Client: conn.Client, Conn: conn.Number, ID: e.ID, Ref: e.Ref, At: e.At})
		}
		if e.Kind != Recalled && e.Kind != Msg {
			continue
		}
		v := Violation{Client: conn.Client, Conn: conn.Number, ID: e.ID, At: e.At}
		if !p.started {
			v.Kind = Early
			c.report.failed(OneOrder, v)
			continue
		}
		if h, seen := hashes[e.ID]; !seen {
			hashes[e.ID] = e.Hash
		} else if h != e.Hash {
			v.Kind = OtherBytes
			c.report.failed(OneOrder, v)
		}
		c.receive(p, e.ID, e.At)
	}
	if p.started {
		c.end(p)
	}
}

// checkOneOrder looks for two connections that saw the same two messages in different orders.
func (c *checker) checkOneOrder() {
	type pair struct{ earlier, later int64 }
	inverted := make(map[pair]*Connection) // later came first
	for _, conn := range c.Connections {
		eachInversion(conn, func(earlier, later int64) { inverted[pair{earlier, later}] = conn })
	}
	for pr, conn := range inverted {
		for _, other := range c.Connections {
			if other != conn && sawInOrder(other, pr.earlier, pr.later) {
				c.report.failed(OneOrder, Violation{Kind: OtherOrder, Client: conn.Client, Conn: conn.Number, ID: pr.earlier,
					Note: fmt.Sprintf("connection %d saw it before %d", other.Number, pr.later)})
				break
			}
		}
	}
}

func eachInversion(conn *Connection, tell func(earlier, later int64)) {
	var last int64
	for i := range conn.Events {
		if e := &conn.Events[i]; e.Kind == Msg || e.Kind == Recalled {
			if e.ID < last {
				tell(e.ID, last)
			}
			last = e.ID
		}
	}
}

func sawInOrder(conn *Connection, first, second int64) bool {
	seen := false
	for i := range conn.Events {
		if e := &conn.Events[i]; e.Kind == Msg || e.Kind == Recalled {
			if e.ID == second {
				return seen
			}
			seen = seen || e.ID == first
		}
	}
	return false
}
