package check

import (
	"maps"
	"slices"
	"strings"
)

const (
	// publicTail is how many of the newest public messages every node can write back, as docs/promises.md says.
	publicTail = 2000

	// writeBackTime is how long after Redis answers again nodes may still write back: reconnect waits of up to 0.5 s,
	// then 1 s in which they only write, and slack for a loaded machine.
	writeBackTime = 5 * second

	// lift is how far ids are put ahead of the clock after a loss.
	lift = 2 * second

	// hearTime is how long after it was stored a message may be held by the node alone through which it was: a link that
	// falls silent is made anew after 3 s.
	hearTime = 3 * second
)

// within says whether a time lies in a loss of data, or so soon after it that nodes may still write back.
func (f Fault) within(t int64) bool { return f.Start <= t && t <= f.End+writeBackTime }

// lossAt is the first loss of data within whose window t lies.
func (c *checker) lossAt(t int64) (Fault, bool) {
	for _, f := range c.losses {
		if f.within(t) {
			return f, true
		}
	}
	return Fault{}, false
}

// unheardSince is the place in any log behind which some nodes may not have heard everything when Redis lost its data:
// what is newer may be written back late, or by one node alone.
func (c *checker) unheardSince(loss Fault) int64 {
	since := loss.Start
	for again := true; again; { // links that were away one after the other
		again = false
		for _, f := range c.Faults {
			if f.Disturbs && f.Start < since && f.End >= since-hearTime {
				since, again = f.Start, true
			}
		}
	}
	return since - hearTime
}

// excusesLate says whether a message that a connection passed over at that time may have been written back behind its
// place, by a node that alone had heard of it: it is in the log then, and not pushed.
func (c *checker) excusesLate(p *passage, place, passed int64) bool {
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		return f.within(passed) && c.knownSince(p, place) <= f.End && place >= c.unheardSince(f)
	})
}

// knownSince is by when what is at a place was surely stored: ids may be ahead of the clock, after an earlier loss.
func (c *checker) knownSince(p *passage, place int64) int64 {
	s := c.acked[place]
	if p.promise == DirectMessages {
		s = c.letters[c.placed[p.conn.Client][place]]
	}
	if s == nil {
		return place
	}
	return min(place, s.acks[0].at)
}

// excusesOld says likewise of a public message that was too old at the loss for every node to hold it, and of one in a room
// that none had to hold: one that does may be late.
func (c *checker) excusesOld(p *passage, id, passed int64) bool {
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		switch {
		case !f.within(passed):
			return false
		case c.Room == "":
			return c.beyondTails(id, f)
		default:
			return c.knownSince(p, id) <= f.End && (!c.inRoom(id, f) || c.allKept(c.holdersOf(Told{ID: id}, "", f), f, passed))
		}
	})
}

// unheld says whether no node that lived had to hold a message when Redis lost its data: every node holds the newest of the
// public log; what is held of a room says inRoom.
func (c *checker) unheld(id int64, loss Fault) bool {
	if c.Room != "" {
		return !c.inRoom(id, loss)
	}
	return c.beyondTails(id, loss) || c.heldByTheDead(id, loss)
}

// excusesLoss says whether a message that was known at a time may be gone for good: Redis lost it, and no node that
// lived had to hold it.
func (c *checker) excusesLoss(id, known int64) bool {
	return slices.ContainsFunc(c.losses, func(f Fault) bool {
		return known <= f.End && c.unheld(id, f)
	})
}

// saidAgain says whether a message that is gone was said again after a loss, and is in the log with that later id: of the
// two it is the one that was acked last, and nodes write back no other beside it.
func (c *checker) saidAgain(t Told) bool {
	ref, known := c.Refs[t]
	if !known {
		return false
	}
	from, _, _ := strings.Cut(ref, "-")
	if t.From != "" {
		from = t.From
	}
	return slices.ContainsFunc(c.byRef[refKey{from, t.To, ref}], func(e *Entry) bool {
		return e.ID > t.ID && slices.ContainsFunc(c.losses, func(f Fault) bool { return t.ID <= f.End && e.ID >= f.Start })
	})
}

// wasLost says whether a public message was told with an earlier id, which Redis lost before it was said again.
func (c *checker) wasLost(e *Entry) bool {
	for _, id := range c.toldAs[e.Ref] {
		if id < e.ID && c.excusesLoss(id, id) {
			return true
		}
	}
	return false
}

// told is since when a connection can have been told what it heard at a time: it may not have read before.
func (c *Connection) told(at int64) int64 {
	for _, s := range c.Stalls {
		if s.Start <= at && at <= s.End+second {
			return s.Start
		}
	}
	return at
}

// beyondTails says whether so many newer public messages were there at a loss that no node had to hold that one.
func (c *checker) beyondTails(id int64, loss Fault) bool {
	return c.since(id, loss.End, loss.Start) > c.held.Public
}

// since is how many public messages there were at most from one on, itself included, up to a time. Losses of data up to
// another time have put ids ahead.
func (c *checker) since(id, until, lossesTo int64) int {
	from, _ := slices.BinarySearch(c.public, id)
	ahead := int64(0) // after a loss ids are put ahead of the clock
	for _, f := range c.losses {
		if f.Start < lossesTo {
			ahead += lift
		}
	}
	to, _ := slices.BinarySearch(c.public, until+ahead)
	// And some may have been stored that Redis lost before anybody was told.
	first, _ := slices.BinarySearch(c.unknown, id-ahead-patience)
	last, _ := slices.BinarySearch(c.unknown, until)
	return to - from + last - first
}

// forgotten says whether a public message that was trimmed may have been stored anew, with another id, when it was said
// again: in between Redis lost its reference, and no node that lived had to know it.
func (c *checker) forgotten(e *Entry, again int64) bool {
	return e.To == "" && e.Trimmed && e.ID < again && slices.ContainsFunc(c.losses, func(f Fault) bool {
		return e.ID <= f.End && again >= f.Start && (c.unheld(e.ID, f) || c.trimmedForAll(e.ID, f))
	})
}

// trimmedForAll says whether the public log did not keep a message any more when the nodes began that lived at a loss: they
// never read it.
func (c *checker) trimmedForAll(id int64, loss Fault) (all bool) {
	for node, began := range c.nodes() {
		if !c.outlived(node, loss) {
			continue
		}
		if c.Logs.Keep == 0 || c.since(id, began, began) <= c.Logs.Keep {
			return false
		}
		all = true
	}
	return all
}

// nodes are all that there were, and when each began, at the latest.
func (c *checker) nodes() map[string]int64 {
	began := maps.Clone(c.Began)
	if began == nil {
		began = make(map[string]int64)
	}
	for _, conn := range c.Connections {
		if at, known := began[conn.Node]; !known || conn.Opened < at {
			began[conn.Node] = conn.Opened
		}
	}
	return began
}

// outlived says whether a node was there before a loss of data, and until it could have written back what it held.
func (c *checker) outlived(node string, loss Fault) bool {
	began, known := c.Began[node]
	if known && began > loss.Start {
		return false
	}
	return !slices.ContainsFunc(c.Faults, func(f Fault) bool {
		return f.KillsNode && f.Node == node && f.Start <= loss.End+writeBackTime && (known && f.Start >= began || f.End >= loss.Start)
	})
}

// heldByTheDead says whether a message may have been held only by nodes that died before they could write it back: by all
// there are, or by the one through which it was stored just before the loss.
func (c *checker) heldByTheDead(id int64, loss Fault) bool {
	var dead []string
	for _, f := range c.Faults {
		if f.KillsNode && f.Start <= loss.End+writeBackTime && f.End >= min(id, loss.Start) {
			dead = append(dead, f.Node)
		}
	}
	if len(dead) == 0 || id >= c.unheardSince(loss) {
		return len(dead) > 0
	}
	for node := range c.nodes() {
		if c.outlived(node, loss) {
			return false
		}
	}
	return true
}
