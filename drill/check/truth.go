package check

import "math"

// sureGrace is an absence that is surely shorter than the grace of 2 s, however late the server heard of its start.
const sureGrace = 1500_000

// longestGrace is how long after the end of a connection its node may not have told anybody: the grace, a look each quarter
// of a second whose is over, and as much for the end to be noticed.
const longestGrace = 2500_000

// truth is when one name was held, as its clients saw it.
type truth struct {
	held   spans
	gaps   []gap // absences between, and the one after the last
	unsure spans // a holder did not read: it may have been hung up on without knowing
	dying  spans // its node was to be killed before it told anybody that the name has no holder: nobody else knew
	cutOff spans // the link of a node that held it was away: it may have lost the name to the end of its lease
	shaken spans // the same, or Redis was away for all: then nothing is told, but nothing false either
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
		if conn.mayHold() && conn.welcomed() == 0 { // the answer never came
			holds[conn.Client] = append(holds[conn.Client], conn)
			unsure[conn.Client] = append(unsure[conn.Client], Span{conn.Opened, c.until(conn) + presenceLimit})
		}
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Welcome {
				holds[e.Name] = append(holds[e.Name], conn)
				spansOf[conn] = Span{e.At, c.until(conn)}
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
			if s, surely := spansOf[conn]; surely {
				held = append(held, s)
			}
		}
		t := &truth{held: union(held), unsure: union(unsure[name]), dying: c.dying(conns), cutOff: c.shaken(conns, c.cutOff), shaken: c.shaken(conns, c.disturbance)}
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

// shaken is when something was away from nodes on which a name was held.
func (c *checker) shaken(conns []*Connection, away func(node string, settle int64) spans) spans {
	var all []Span
	for _, conn := range conns {
		for _, s := range away(conn.Node, settleTime) {
			if s.Start <= c.until(conn)+presenceLimit && s.End >= conn.Opened {
				all = append(all, s)
			}
		}
	}
	return union(all)
}

// dying is when nobody knew but nodes that were killed then that a connection had ended.
func (c *checker) dying(conns []*Connection) spans {
	var all []Span
	for _, conn := range conns {
		for _, f := range c.Faults {
			if since := f.Start - conn.Closed; f.KillsNode && f.Node == conn.Node && conn.Closed != 0 && !conn.Goodbye && 0 <= since && since <= longestGrace {
				all = append(all, Span{conn.Closed, f.Start})
			}
		}
	}
	return union(all)
}

// mayGo says whether a removal at that time has a reason: an absence longer than the grace, or a goodbye.
func (t *truth) mayGo(at int64) bool {
	if t.unsure.has(at) || t.cutOff.has(at) {
		return true
	}
	for _, g := range t.gaps {
		if (g.goodbye || g.End-g.Start > sureGrace) && g.Start <= at && at <= g.End+presenceLimit {
			return true
		}
	}
	return false
}
