package check

import "fmt"

const (
	// presenceLimit is the promise: 5 s, and 1 s for what it takes a loaded machine to tell and to measure.
	presenceLimit = 6 * second

	// settleTime is how long after a fault that takes Redis away a node may still be coming back to it: half a second until
	// it asks again, and one in which it only writes back. The limits count from then on.
	settleTime = 2 * second

	// maxNames is how many names a list has at most; of more only the count is told.
	maxNames = 1000
)

// checkPresence: a name is listed if and only if a connection holds it, within 5 s, and told once.
func (c *checker) checkPresence() {
	truths := c.truths()
	for _, conn := range c.Connections {
		c.checkRoster(conn, truths)
	}
	c.checkMembersKey(truths)
}

func (c *checker) checkRoster(conn *Connection, truths map[string]*truth) {
	r := newRoster()
	// What was told then may have happened long before.
	late := union(append(c.cutOff(conn.Node, presenceLimit), conn.deaf(presenceLimit)...))
	end, full := conn.Closed, false
	if end == 0 {
		end = c.End
	}
	for i := 0; i < len(conn.Events) && !full; i++ {
		e := &conn.Events[i]
		v := Violation{Client: conn.Client, Conn: conn.Number, At: e.At}
		if e.Detail != nil {
			v.Note = e.Name + ", on node " + conn.Node
		}
		switch e.Kind {
		case MemberAdd, MemberRemove, Members:
			if !r.begun {
				v.Kind = Early
				c.report.failed(Presence, v)
				continue
			}
		}
		switch e.Kind {
		case Init, Members:
			if e.Count != len(e.Names) {
				if e.Count < maxNames || len(e.Names) < maxNames {
					v.Kind, v.Note = Miscounted, fmt.Sprintf("%d names, %d counted", len(e.Names), e.Count)
					c.report.failed(Presence, v)
				}
				end, full = e.At, true // too many to be listed from now on
			}
			r.replace(e.Names, e.At)
		case MemberAdd:
			c.report.checked(Presence, 1)
			if !r.add(e.Name, e.At) {
				v.Kind = AddedTwice
				c.report.failed(Presence, v)
			}
		case MemberRemove:
			c.report.checked(Presence, 1)
			if !r.remove(e.Name, e.At) {
				v.Kind = RemovedTwice
				c.report.failed(Presence, v)
			} else if t := truths[e.Name]; t != nil && !late.has(e.At) && !t.mayGo(e.At) {
				v.Kind = RemovedHeld
				c.report.failed(Presence, v)
			}
		}
	}
	if r.begun {
		c.judgeRoster(conn, r, truths, end)
	}
}

// judgeRoster compares what a connection was told up to an end with who was there.
func (c *checker) judgeRoster(conn *Connection, r *roster, truths map[string]*truth, end int64) {
	restless := c.restless(conn, settleTime)
	watched := spans{{r.since, end}}
	c.report.Watched += end - r.since
	for _, s := range watched.minus(restless) {
		if s.End-s.Start > presenceLimit {
			c.report.Judged += s.End - s.Start
		}
	}
	judge := func(name, kind string, wrong spans, t *truth) {
		c.report.checked(Presence, 1)
		for _, s := range wrong.minus(restless).minus(t.unsure).minus(t.shaken) {
			if s.End-s.Start > presenceLimit {
				c.report.failed(Presence, Violation{Kind: kind, Client: conn.Client, Conn: conn.Number, At: s.Start,
					Note: name + " for " + seconds(s.End-s.Start) + ", on node " + conn.Node})
			}
		}
	}
	for name, t := range truths {
		listed := r.spans(name, end)
		judge(name, Phantom, listed.minus(t.held).minus(t.dying), t)
		judge(name, Unlisted, watched.minus(watched.minus(t.held)).minus(listed), t)
	}
	if c.Strangers {
		return
	}
	for _, name := range r.names() {
		if truths[name] == nil {
			judge(name, Phantom, r.spans(name, end), &truth{})
		}
	}
}

// checkMembersKey compares what Redis holds at the end with who is there.
func (c *checker) checkMembersKey(truths map[string]*truth) {
	if c.Logs.Members == nil {
		return
	}
	late := func(s spans) bool { return s.calm(c.End-presenceLimit, c.End) < presenceLimit }
	if late(c.disturbance("", settleTime)) {
		return
	}
	listed := make(map[string]bool, len(c.Logs.Members))
	for _, name := range c.Logs.Members {
		listed[name] = true
		if truths[name] == nil && !c.Strangers {
			c.report.failed(Presence, Violation{Kind: Phantom, Client: name, At: c.End, Note: "in Redis at the end"})
		}
	}
	for name, t := range truths {
		if len(t.held) == 0 || t.unsure.has(c.End) || late(t.shaken) {
			continue
		}
		c.report.checked(Presence, 1)
		last := t.held[len(t.held)-1]
		v := Violation{Client: name, At: c.End, Note: "in Redis at the end"}
		switch {
		case listed[name] && last.End < c.End-presenceLimit:
			v.Kind = Phantom
			c.report.failed(Presence, v)
		case !listed[name] && last.End >= c.End && last.Start < c.End-presenceLimit:
			v.Kind = Unlisted
			c.report.failed(Presence, v)
		}
	}
}
