package check

import "math"

const (
	// presenceLimit is the promise: 5 s, and 1 s for what it takes a loaded machine to tell and to measure.
	presenceLimit = 6 * second

	// settleTime is how long after a fault that takes Redis away presence may still be catching up: the limit counts from
	// then on.
	settleTime = 5 * second

	// sureGrace is an absence that is surely shorter than the grace of 2 s, however late the server heard of its start.
	sureGrace = 1500_000
)

// truth is when one name was held, as its clients saw it.
type truth struct {
	held   spans
	gaps   []gap // absences between, and the one after the last
	unsure spans // a holder did not read: it may have been hung up on without knowing
}

type gap struct {
	Span
	goodbye bool
}

func (c *checker) truths() map[string]*truth {
	holds := make(map[string][]*Connection)
	spansOf := make(map[*Connection]Span)
	unsure := make(map[string][]Span)
	for _, conn := range c.Connections {
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Welcome {
				end := conn.left()
				if end == 0 {
					end = c.End
				}
				holds[e.Name] = append(holds[e.Name], conn)
				spansOf[conn] = Span{e.At, end}
				for _, s := range conn.Stalls {
					unsure[e.Name] = append(unsure[e.Name], Span{s.Start, s.End + presenceLimit})
				}
				break
			}
		}
	}
	all := make(map[string]*truth, len(holds))
	for name, conns := range holds {
		var held []Span
		for _, conn := range conns {
			held = append(held, spansOf[conn])
		}
		t := &truth{held: union(held), unsure: union(unsure[name])}
		for i, s := range t.held {
			g := gap{Span: Span{s.End, math.MaxInt64 - presenceLimit}}
			if i+1 < len(t.held) {
				g.End = t.held[i+1].Start
			}
			for _, conn := range conns {
				g.goodbye = g.goodbye || conn.Goodbye && conn.left() == s.End
			}
			t.gaps = append(t.gaps, g)
		}
		all[name] = t
	}
	return all
}

// disturbed is when presence can't be told, because Redis or a link to it was away, and settle longer.
func (c *checker) disturbed(settle int64) spans {
	var all []Span
	for _, f := range c.Faults {
		if f.Disturbs {
			all = append(all, Span{f.Start, f.End + settle})
		}
	}
	return union(all)
}

// checkPresence: a name is listed if and only if a connection holds it, within 5 s, and told once.
func (c *checker) checkPresence() {
	truths := c.truths()
	disturbed := c.disturbed(settleTime)
	unsettled := c.disturbed(settleTime + presenceLimit)
	for _, conn := range c.Connections {
		if len(conn.Stalls) > 0 {
			continue // it heard late because it read late
		}
		c.checkRoster(conn, truths, disturbed, unsettled)
	}
	c.checkMembersKey(truths, unsettled)
}

func (c *checker) checkRoster(conn *Connection, truths map[string]*truth, disturbed, unsettled spans) {
	r := newRoster()
	for i := range conn.Events {
		e := &conn.Events[i]
		v := Violation{Client: conn.Client, Conn: conn.Number, At: e.At}
		if e.Detail != nil {
			v.Note = e.Name + ", on node " + conn.Node
		}
		switch e.Kind {
		case Init, Members:
			if e.Count > len(e.Names) {
				return // too many to be listed
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
			} else if t := truths[e.Name]; t != nil && !t.mayGo(e.At) && !unsettled.has(e.At) {
				v.Kind = RemovedHeld
				c.report.failed(Presence, v)
			}
		}
	}
	if !r.begun {
		return
	}
	end := conn.Closed
	if end == 0 {
		end = c.End
	}
	watched := spans{{r.since, end}}
	for name, t := range truths {
		listed := r.spans(name, end)
		c.report.checked(Presence, 1)
		c.judge(conn, name, Phantom, listed.minus(t.held), disturbed, t)
		c.judge(conn, name, Unlisted, watched.minus(watched.minus(t.held)).minus(listed), disturbed, t)
	}
}

// judge reports what was wrong for longer than the limit.
func (c *checker) judge(conn *Connection, name, kind string, wrong, disturbed spans, t *truth) {
	for _, s := range wrong.minus(disturbed).minus(t.unsure) {
		if s.End-s.Start > presenceLimit {
			c.report.failed(Presence, Violation{Kind: kind, Client: conn.Client, Conn: conn.Number, At: s.Start,
				Note: name + " for " + seconds(s.End-s.Start) + ", on node " + conn.Node})
		}
	}
}

// mayGo says whether a removal at that time has a reason: an absence longer than the grace, or a goodbye.
func (t *truth) mayGo(at int64) bool {
	if t.unsure.has(at) {
		return true
	}
	for _, g := range t.gaps {
		if (g.goodbye || g.End-g.Start > sureGrace) && g.Start <= at && at <= g.End+presenceLimit {
			return true
		}
	}
	return false
}

// checkMembersKey compares what Redis holds at the end with who is there.
func (c *checker) checkMembersKey(truths map[string]*truth, unsettled spans) {
	if c.Logs.Members == nil || unsettled.has(c.End) {
		return
	}
	listed := make(map[string]bool, len(c.Logs.Members))
	for _, name := range c.Logs.Members {
		listed[name] = true
	}
	for name, t := range truths {
		if t.unsure.has(c.End) {
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
