package check

import (
	"maps"
	"slices"
)

// checkDirect: direct messages likewise, to every connection of both people and to nobody else.
func (c *checker) checkDirect() {
	for _, conn := range c.Connections {
		c.checkInbox(conn, c.cursors[conn.Client])
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
	case c.excusesDirectLoss(user, letter{e.From, e.To, e.ID}, e.ID):
		c.report.excused(DirectMessages)
	default:
		v.Kind = OneSided
		c.report.failed(DirectMessages, v)
	}
}

func (c *checker) checkInbox(conn *Connection, known []int64) {
	p := &passage{conn: conn, promise: DirectMessages, known: known, got: make(map[int64]bool)}
	openings := c.openings(p, Joined, RecalledDM)
	for i := range conn.Events {
		e := &conn.Events[i]
		if o, opens := openings[i]; opens && !p.started {
			p.begin(o, c.shown(), c.ownSince(conn, o))
			c.checkTruncated(p)
		}
		if e.Kind != RecalledDM && e.Kind != DM {
			continue
		}
		v := Violation{Client: conn.Client, Conn: conn.Number, ID: e.ID, At: e.At, Note: e.From + " to " + e.To}
		switch {
		case conn.Client != e.From && conn.Client != e.To:
			v.Kind = ThirdPerson
			c.report.failed(DirectMessages, v)
		case !p.started:
			v.Kind = Early
			c.report.failed(DirectMessages, v)
		default:
			c.checkLetter(e, conn, v)
			c.receive(p, e.Cursor, e.At)
		}
	}
	if p.started {
		c.end(p)
	}
}

// checkLetter: a direct message that was delivered is in the inbox with those bytes, and every connection gets the same.
func (c *checker) checkLetter(e *Event, conn *Connection, v Violation) {
	hashes := c.hashes[v.Client]
	if hashes == nil {
		hashes = make(map[int64]uint64)
		c.hashes[v.Client] = hashes
	}
	if stored := c.inboxes[v.Client][e.Cursor]; stored != nil {
		hashes[e.Cursor] = stored.Hash
	} else if !c.LogsUnread && e.Cursor > c.Logs.InboxFloors[v.Client] && !c.excusesDirectLoss(v.Client, letter{e.From, e.To, e.ID}, conn.told(e.At)) && !c.saidAgain(Told{From: e.From, To: e.To, ID: e.ID}) {
		v.Kind = Vanished
		c.report.failed(DirectMessages, v)
	}
	if h, seen := hashes[e.Cursor]; seen && h != e.Hash {
		v.Kind = OtherBytes
		c.report.failed(DirectMessages, v)
	}
	hashes[e.Cursor] = e.Hash
}
