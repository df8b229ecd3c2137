package check

import (
	"slices"
)

// What nodes hold of direct messages, as docs/promises.md says.
const (
	// inboxTail is how many of a user who is connected, all that an inbox keeps; openDMs how many of them from before the
	// connection.
	inboxTail = 1000
	openDMs   = 50

	// A node's journal holds so many entries of inboxes, which are two for a message to somebody else, of that time.
	journalLimit = 4096
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
	for key, s := range c.sends {
		if key.to == "" || len(s.acks) == 0 {
			continue
		}
		c.letters[letter{key.from, key.to, s.acks[0].id}] = s
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
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		return known <= f.End && !c.inTail(user, l, f) && !c.inJournal(l, f)
	})
}

// inTail says whether a node held it because the user heard it there and stayed.
func (c *checker) inTail(user string, l letter, loss Fault) bool {
	place, found := c.places[user][l]
	if !found {
		return false
	}
	known := c.cursors[user]
	at, _ := slices.BinarySearch(known, place)
	newest, _ := slices.BinarySearch(known, loss.End)
	if newest-at > c.held.Inbox {
		return false
	}
	return slices.ContainsFunc(c.received[user][l], func(conn *Connection) bool {
		came, _ := slices.BinarySearch(known, conn.Opened)
		return conn.alive(loss.Start, loss.End+writeBackTime) && at >= came-openDMs &&
			!c.died(conn.Node, conn.Opened, loss.End+writeBackTime) // who does not read may not have noticed
	})
}

// inJournal says whether the node through which it was stored held it; where it was said on several, any of them may be
// the one, and all have to live.
func (c *checker) inJournal(l letter, loss Fault) bool {
	s := c.letters[l]
	if s == nil || l.id < loss.Start-journalAge {
		return false
	}
	stored := min(l.id, s.acks[0].at) // ids may be ahead of the clock
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

// died says whether a node ended between two times.
func (c *checker) died(node string, from, to int64) bool {
	return slices.ContainsFunc(c.Faults, func(f Fault) bool {
		return f.KillsNode && f.Node == node && f.Start <= to && f.End >= from
	})
}
