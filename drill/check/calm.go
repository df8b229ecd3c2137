package check

// disturbance is when nothing can be told on a node, because Redis or the node's link to it is away, and settle longer.
func (c *checker) disturbance(node string, settle int64) spans {
	return union(append(c.cutOff(node, settle), c.cutOff("", settle)...))
}

// cutOff is when the link of a node alone was away, or Redis for all where no node is given.
func (c *checker) cutOff(node string, settle int64) spans {
	var all []Span
	for _, f := range c.Faults {
		if f.Disturbs && f.Node == node {
			all = append(all, Span{f.Start, f.End + settle})
		}
	}
	return union(all)
}

// restless is when a connection can't be expected to hear in time: its node was disturbed, or it did not read.
func (c *checker) restless(conn *Connection, settle int64) spans {
	return union(append(c.disturbance(conn.Node, settle), conn.deaf(settle)...))
}

// deaf is when the connection did not read, and settle longer.
func (c *Connection) deaf(settle int64) spans {
	var all []Span
	for _, s := range c.Stalls {
		all = append(all, Span{s.Start, s.End + settle})
	}
	return union(all)
}

// calm is how much of a time lies outside of some spans.
func (a spans) calm(from, to int64) (length int64) {
	for _, s := range (spans{{from, to}}).minus(a) {
		length += s.End - s.Start
	}
	return length
}

// before is the latest time from which on there was so much calm up to an end; 0 if there was less since start.
func (a spans) before(start, end, calm int64) int64 {
	rest := (spans{{start, end}}).minus(a)
	for i := len(rest) - 1; i >= 0; i-- {
		if length := rest[i].End - rest[i].Start; length < calm {
			calm -= length
			continue
		}
		return rest[i].End - calm
	}
	return 0
}
