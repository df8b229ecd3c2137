package check

import (
	"maps"
	"slices"
)

// checkDirect: direct messages likewise, to every connection of both people and to nobody else.
func (c *checker) checkDirect() {
	known := c.knownCursors()
	for _, conn := range c.Connections {
		c.checkInbox(conn, known[conn.Client])
	}
	for between, entries := range c.Logs.Conversations {
		for _, user := range []string{between.From, between.To} {
			inbox := make(map[int64]int) // an id is unique in its conversation only
			for _, e := range c.Logs.Inboxes[user] {
				if e.From == between.From && e.To == between.To {
					inbox[e.ID]++
				}
			}
			for i := range entries {
				c.checkBothHave(user, &entries[i], inbox[entries[i].ID])
			}
			if between.From == between.To {
				break
			}
		}
	}
}

// knownCursors are the places of all messages of every inbox: stored, or delivered on any connection.
func (c *checker) knownCursors() map[string][]int64 {
	sets := make(map[string]map[int64]bool)
	add := func(user string, cursor int64) {
		if sets[user] == nil {
			sets[user] = make(map[int64]bool)
		}
		sets[user][cursor] = true
	}
	for user, entries := range c.Logs.Inboxes {
		for _, e := range entries {
			add(user, e.Cursor)
		}
	}
	for _, conn := range c.Connections {
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == DM || e.Kind == RecalledDM {
				add(conn.Client, e.Cursor)
			}
		}
	}
	known := make(map[string][]int64, len(sets))
	for user, set := range sets {
		known[user] = slices.Sorted(maps.Keys(set))
	}
	return known
}

// checkBothHave: a stored direct message is in that person's inbox, once.
func (c *checker) checkBothHave(user string, e *Entry, times int) {
	c.report.checked(DirectMessages, 1)
	v := Violation{Client: user, ID: e.ID, Ref: e.Ref, Note: e.From + " to " + e.To}
	switch {
	case times == 1, e.ID <= c.Logs.InboxFloors[user]:
	case times > 1:
		v.Kind = Doubled
		c.report.failed(DirectMessages, v)
	case c.excusesDirectLoss(user, e.ID, e.ID):
		c.report.excused(DirectMessages)
	default:
		v.Kind = OneSided
		c.report.failed(DirectMessages, v)
	}
}

func (c *checker) checkInbox(conn *Connection, known []int64) {
	p := &passage{conn: conn, promise: DirectMessages, known: known, got: make(map[int64]bool)}
	begun := false
	for i := range conn.Events {
		e := &conn.Events[i]
		switch e.Kind {
		case Joined:
			p.start(c.inboxBase(conn, i))
			begun = true
		case RecalledDM, DM:
			v := Violation{Client: conn.Client, Conn: conn.Number, ID: e.ID, At: e.At, Note: e.From + " to " + e.To}
			if conn.Client != e.From && conn.Client != e.To {
				v.Kind = ThirdPerson
				c.report.failed(DirectMessages, v)
				continue
			}
			if !begun {
				v.Kind = Early
				c.report.failed(DirectMessages, v)
				continue
			}
			if s := c.inboxes[conn.Client][e.Cursor]; s != nil && s.Hash != e.Hash {
				v.Kind = OtherBytes
				c.report.failed(DirectMessages, v)
			} else if s == nil && !c.LogsUnread && e.Cursor > c.Logs.InboxFloors[conn.Client] && !c.excusesDirectLoss(conn.Client, e.ID, e.At) {
				v.Kind = Vanished
				c.report.failed(DirectMessages, v)
			}
			c.receive(p, e.Cursor, e.At)
		}
	}
	if begun {
		c.end(p)
	}
}

// inboxBase is feedBase for an inbox. Whom Redis has forgotten meanwhile is a new holder, and shown nothing from before.
func (c *checker) inboxBase(conn *Connection, joinedAt int) int64 {
	joined := &conn.Events[joinedAt]
	rest := conn.Events[joinedAt+1:]
	if conn.DMSince != None && !joined.Truncated && !c.forgot(conn.Client, conn.DMSince, joined.At) {
		return conn.DMSince
	}
	if len(rest) > 0 && rest[0].Kind == RecalledDM {
		return rest[0].Cursor - 1
	}
	if i := slices.IndexFunc(rest, func(e Event) bool { return e.Kind == DM }); conn.DMSince != None && i >= 0 {
		return rest[i].Cursor - 1
	}
	return joined.Cursor
}
