package check

// answerTime is how much calm a frame has to be answered in: what was never handed to Redis is refused after 5 s, and a
// loaded machine needs its time.
const answerTime = 10 * second

// checkAnswers: every frame with a ref is answered once, unless the connection ended before there was the time. What was refused must
// not be stored: that is looked at in kept.go, where all attempts of a message are at hand.
func (c *checker) checkAnswers() {
	for _, conn := range c.Connections {
		late := c.hadTimeUntil(conn)
		said, answers := make(map[string]bool), make(map[string]int)
		for i := range conn.Events {
			e := &conn.Events[i]
			switch {
			case e.asks():
				said[e.Ref] = true
			case e.Kind == Ack, e.Kind == Refused, e.Kind == Page:
				if answers[e.Ref]++; !said[e.Ref] && e.Ref != "" {
					c.report.failed(Answered, Violation{Kind: Unasked, Client: conn.Client, Conn: conn.Number, Ref: e.Ref, At: e.At})
				}
			}
		}
		for i := range conn.Events {
			e := &conn.Events[i]
			if !e.asks() {
				continue
			}
			v := Violation{Client: conn.Client, Conn: conn.Number, Ref: e.Ref, At: e.At, Note: "on node " + conn.Node}
			n := answers[e.Ref]
			if n == 0 && e.At > late {
				continue // nobody was left to be told
			}
			c.report.checked(Answered, 1)
			switch {
			case n == 0:
				v.Kind = Silent
				c.report.failed(Answered, v)
			case n > 1:
				v.Kind = AnsweredTwice
				c.report.failed(Answered, v)
			}
		}
		c.checkJoin(conn, late)
	}
}

// hadTimeUntil is the last time at which a frame was said that must be answered.
func (c *checker) hadTimeUntil(conn *Connection) int64 {
	if conn.Closed == 0 {
		return c.End // which waits for all answers to what is said
	}
	return c.answerable(conn)
}

// answerable is until when a frame was said that there was the time to answer.
func (c *checker) answerable(conn *Connection) int64 {
	return c.restless(conn, settleTime).before(conn.Opened, c.until(conn), answerTime)
}

// checkJoin: a join is answered, and Welcome is followed by joined, with nothing in between.
func (c *checker) checkJoin(conn *Connection, late int64) {
	var asked *Event
	var welcome *Event
	for i := range conn.Events {
		e := &conn.Events[i]
		v := Violation{Client: conn.Client, Conn: conn.Number, At: e.At}
		switch {
		case e.Kind == Join:
			asked = e
			continue
		case e.said():
			continue // not heard
		case welcome != nil && e.Kind != Joined:
			v.Kind, v.Note = Parted, e.Kind.String()
			c.report.failed(Answered, v)
		}
		welcome = nil
		switch e.Kind {
		case Welcome:
			asked, welcome = nil, e
			c.report.checked(Answered, 1)
		case JoinRefused:
			asked = nil
			c.report.checked(Answered, 1)
		}
	}
	if asked != nil && asked.At > c.answerable(conn) {
		asked = nil
	}
	for _, e := range []*Event{asked, welcome} {
		if e != nil && e.At <= late {
			c.report.failed(Answered, Violation{Kind: Silent, Client: conn.Client, Conn: conn.Number, At: e.At, Note: e.Kind.String()})
		}
	}
}
