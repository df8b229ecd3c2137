package check

import (
	"fmt"
	"slices"
)

// sends are all attempts of one message.
type sends struct {
	key      refKey
	said     int64 // first
	textHash uint64
	attempts int
	refused  int
	acks     []ack
	nodes    map[string]bool // on which it was said, up to the first ack
}

type ack struct {
	id, at int64
	conn   *Connection
}

// collectSends gathers every message by its ref over all connections of its client.
func (c *checker) collectSends() map[refKey]*sends {
	all := make(map[refKey]*sends)
	for _, conn := range c.Connections {
		keys := make(map[string]refKey) // answers bear the ref alone; refs are unique for each client
		for i := range conn.Events {
			e := &conn.Events[i]
			switch e.Kind {
			case Send:
				key := refKey{conn.Client, e.To, e.Ref}
				keys[e.Ref] = key
				if all[key] == nil {
					all[key] = &sends{key: key, said: e.At, textHash: e.Hash, nodes: make(map[string]bool)}
				}
				all[key].attempts++
				if len(all[key].acks) == 0 { // connections come in the order opened
					all[key].nodes[conn.Node] = true
				}
			case Ack:
				if s := all[keys[e.Ref]]; s != nil {
					s.acks = append(s.acks, ack{e.ID, e.At, conn})
				}
			case Refused:
				if s := all[keys[e.Ref]]; s != nil {
					s.refused++
				}
			}
		}
	}
	return all
}

// checkKept: after ack, the message is in its log exactly once.
func (c *checker) checkKept() {
	for key, s := range c.sends {
		for _, a := range s.acks {
			if a.id != s.acks[0].id {
				c.report.failed(AckedIsKept, Violation{Kind: WrongID, Client: key.from, Conn: a.conn.Number, ID: a.id, Ref: key.ref, At: a.at,
					Note: fmt.Sprintf("acked with %d before", s.acks[0].id)})
			}
		}
		if c.LogsUnread {
			c.checkHeard(s)
			continue
		}
		entries := c.byRef[key]
		for _, a := range s.acks {
			c.report.checked(AckedIsKept, 1)
			c.checkAck(s, a, entries)
		}
		c.checkOnce(key, entries)
		for _, e := range entries {
			c.report.checked(AckedIsKept, 1)
			if e.TextHash != s.textHash {
				c.report.failed(AckedIsKept, Violation{Kind: Altered, Client: key.from, ID: e.ID, Ref: key.ref, Note: to(key)})
			}
		}
		if len(s.acks) == 0 && s.refused == s.attempts {
			c.report.checked(Answered, 1)
			if len(entries) > 0 {
				c.report.failed(Answered, Violation{Kind: RefusedStored, Client: key.from, ID: entries[0].ID, Ref: key.ref, Note: to(key)})
			}
		}
	}
}

// checkOnce: a message is once in its log, also where it was said again.
func (c *checker) checkOnce(key refKey, entries []*Entry) {
	for i := 1; i < len(entries); i++ {
		if c.forgotten(entries[i-1], entries[i].ID) {
			c.report.excused(AckedIsKept)
			continue
		}
		c.report.failed(AckedIsKept, Violation{Kind: Doubled, Client: key.from, ID: entries[i].ID, Ref: key.ref, Note: to(key)})
		return
	}
}

// checkHeard: where the log can't be read, what was acked was at least delivered to somebody.
func (c *checker) checkHeard(s *sends) {
	if s.key.to != "" || c.Room != "" {
		return // to whoever has that name, or is in that room, and may not be here
	}
	for _, a := range s.acks {
		c.report.checked(AckedIsKept, 1)
		if _, heard := slices.BinarySearch(c.public, a.id); !heard {
			c.report.failed(AckedIsKept, Violation{Kind: Lost, Client: s.key.from, Conn: a.conn.Number, ID: a.id, Ref: s.key.ref, At: a.at,
				Note: "nobody heard it"})
		}
	}
}

func (c *checker) checkAck(s *sends, a ack, entries []*Entry) {
	for _, e := range entries {
		if e.ID == a.id {
			return
		}
	}
	v := Violation{Kind: Lost, Client: s.key.from, Conn: a.conn.Number, ID: a.id, Ref: s.key.ref, At: a.at, Note: to(s.key)}
	switch {
	case len(entries) > 0 && c.storedAnew(s.key.told(a.id), entries[len(entries)-1].ID):
		c.report.excused(AckedIsKept)
	case len(entries) > 0 && !c.forgotten(entries[len(entries)-1], a.id):
		v.Kind = WrongID
		c.report.failed(AckedIsKept, v)
	case s.key.to == "" && c.Logs.unseen(a.id): // trimmed: nothing to check
	case s.key.to == "" && c.excusesLoss(a.id, a.conn.told(a.at)),
		s.key.to != "" && c.excusesBoth(letter{s.key.from, s.key.to, a.id}, a.conn.told(a.at)):
		c.report.excused(AckedIsKept)
	default:
		c.report.failed(AckedIsKept, v)
	}
}

// excusesBoth says whether a direct message may be gone from its conversation: that is made again of either inbox.
func (c *checker) excusesBoth(l letter, known int64) bool {
	return c.excusesDirectLoss(l.from, l, known) && c.excusesDirectLoss(l.to, l, known)
}

func to(key refKey) string {
	if key.to == "" {
		return ""
	}
	return "to " + key.to
}
