package check

// checkAnswers: every send on a connection that lived to the end was answered, and none twice. What was refused must not
// be stored: that is looked at in kept.go, where all attempts of a message are at hand.
func (c *checker) checkAnswers() {
	for _, conn := range c.Connections {
		answers := make(map[string]int)
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Ack || e.Kind == Refused || e.Kind == Page {
				answers[e.Ref]++
			}
		}
		for i := range conn.Events {
			e := &conn.Events[i]
			if e.Kind != Ask && (e.Kind != Send || e.Bare) {
				continue
			}
			v := Violation{Client: conn.Client, Conn: conn.Number, Ref: e.Ref, At: e.At, Note: "on node " + conn.Node}
			n := answers[e.Ref]
			if n == 0 && conn.Closed != 0 {
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
	}
}
