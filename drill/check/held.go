package check

import (
	"slices"
)

// What nodes hold of direct messages and of rooms, as docs/promises.md says.
const (
	// inboxTail is how many of a user who is connected, all that an inbox keeps, roomTail how many of a room that somebody
	// has entered; openTail how many of them from before the connection.
	inboxTail = 1000
	roomTail  = 1000
	openTail  = 50

	// A node's journal holds so many entries of inboxes, which are two for a message to somebody else, of that time.
	journalLimit = 4096
	// And so many of rooms, for as long.
	roomsJournal = 16384
	journalAge   = 600 * second
	// patience is how long before its ack was told a message may have been said, and others that were stored after it.
	patience = 5 * second
)

// letter is a direct message's identity: an id is unique in its direction only.
type letter struct {
	from, to string
	id       int64
}

// indexLetters notes through which nodes direct messages were stored, and at which place each is in whose inbox.
func (c *checker) indexLetters() {
	c.sends = c.collectSends()
	c.letters = make(map[letter]*sends)
	c.journals = make(map[string][]int64)
	c.places = make(map[string]map[letter]int64)
	c.acked = make(map[int64]*sends)
	for key, s := range c.sends {
		switch {
		case len(s.acks) == 0:
		case key.to == "":
			c.acked[s.acks[0].id] = s
		default:
			c.letters[letter{key.from, key.to, s.acks[0].id}] = s
		}
	}
	for _, conn := range c.Connections {
		for i := range conn.Events {
			e := &conn.Events[i]
			if e.Kind != Send || e.To == "" {
				continue
			}
			c.journals[conn.Node] = append(c.journals[conn.Node], e.At)
			if e.To != conn.Client {
				c.journals[conn.Node] = append(c.journals[conn.Node], e.At)
			}
		}
	}
	for _, said := range c.journals {
		slices.Sort(said)
	}
	if c.Room != "" {
		c.journals, c.held.Journal = c.said, c.held.Rooms
	}
	c.placed, c.hashes = make(map[string]map[int64]letter), make(map[string]map[int64]uint64)
	place := func(user string, l letter, cursor int64) {
		if c.places[user] == nil {
			c.places[user] = make(map[letter]int64)
			c.placed[user] = make(map[int64]letter)
		}
		c.places[user][l] = cursor
		c.placed[user][cursor] = l
	}
	for user, entries := range c.Logs.Inboxes {
		for _, e := range entries {
			place(user, letter{e.From, e.To, e.ID}, e.Cursor)
		}
	}
	for _, conn := range c.Connections {
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == DM || e.Kind == RecalledDM {
				place(conn.Client, letter{e.From, e.To, e.ID}, e.Cursor)
			}
		}
	}
}

// excusesDirectLoss says whether a direct message that was known at a time may be gone for good from what one of its two
// people have: Redis lost it, and neither a node on which they were, nor the one through which it was stored, had to hold
// it.
func (c *checker) excusesDirectLoss(user string, l letter, known int64) bool {
	place, found := c.places[user][l]
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		return known <= f.End && !(found && c.inTail(c.cursors[user], place, c.received[user][l], c.held.Inbox, f)) &&
			!c.inJournal(c.letters[l], l.id, f)
	})
}

// inTail says whether a node held what is at a place of an inbox, or a room, because it was told there to a connection that
// stayed.
func (c *checker) inTail(known []int64, place int64, told []*Connection, limit int, loss Fault) bool {
	at, _ := slices.BinarySearch(known, place)
	newest, _ := slices.BinarySearch(known, loss.End)
	if newest-at > limit {
		return false
	}
	return slices.ContainsFunc(told, func(conn *Connection) bool {
		came, _ := slices.BinarySearch(known, conn.Opened)
		return conn.alive(loss.Start, loss.End+writeBackTime) && at >= came-openTail &&
			!c.died(conn.Node, conn.Opened, loss.End+writeBackTime) // who does not read may not have noticed
	})
}

// inJournal says whether the node through which a message was stored held it; where it was said on several, any of them may
// be the one, and all have to live.
func (c *checker) inJournal(s *sends, id int64, loss Fault) bool {
	if s == nil || id < loss.Start-journalAge {
		return false
	}
	stored := min(id, s.acks[0].at) // ids may be ahead of the clock
	for node := range s.nodes {
		said := c.journals[node]
		from, _ := slices.BinarySearch(said, s.acks[0].conn.told(s.acks[0].at)-patience)
		to, _ := slices.BinarySearch(said, loss.End)
		if to-from > c.held.Journal || c.died(node, stored, loss.End+writeBackTime) {
			return false
		}
	}
	return true
}

// inRoom says whether a node that lived had to hold a message of the room.
func (c *checker) inRoom(id int64, loss Fault) bool {
	return c.inTail(c.public, id, c.heard[id], c.held.Room, loss) || c.inJournal(c.acked[id], id, loss)
}

// died says whether a node ended between two times.
func (c *checker) died(node string, from, to int64) bool {
	return slices.ContainsFunc(c.Faults, func(f Fault) bool {
		return f.KillsNode && f.Node == node && f.Start <= to && f.End >= from
	})
}
