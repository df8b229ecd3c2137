package check

import "slices"

const (
	// ringSize is how many of the newest public messages every node can write back, as README.md says.
	ringSize = 1000

	// writeBackTime is how long after Redis answers again nodes may still write back: reconnect waits of up to 0.5 s,
	// then 1 s in which they only write, and slack for a loaded machine.
	writeBackTime = 5 * second

	// ringLossTime is how near a node's death must be to a loss of data to count as one: the dead node may have been the
	// only one that had heard of the newest messages.
	ringLossTime = 10 * second
)

// lossAt is the loss of data within whose window t lies.
func (c *checker) lossAt(t int64) (Fault, bool) {
	for _, f := range c.losses {
		if f.Start <= t && t <= f.End+writeBackTime {
			return f, true
		}
	}
	return Fault{}, false
}

// excusesHole says whether a message that a connection passed over at that time may have been written back behind its
// place: it is in the log then, and not pushed.
func (c *checker) excusesHole(id, passed int64) bool {
	f, found := c.lossAt(passed)
	return found && id <= f.End
}

// excusesLoss says whether a public message that was known at a time may be gone for good: Redis lost it, and no node's
// ring had to hold it.
func (c *checker) excusesLoss(id, known int64) bool {
	for _, f := range c.losses {
		if known > f.End {
			continue
		}
		from, _ := slices.BinarySearch(c.public, id)
		to, _ := slices.BinarySearch(c.public, f.Start)
		if to-from > ringSize || c.ringDiedNear(f) {
			return true
		}
	}
	return false
}

// excusesDirectLoss is the same for a direct message and one of its two people: only a node on which they had heard it
// and stayed holds it.
func (c *checker) excusesDirectLoss(user string, id, known int64) bool {
	for _, f := range c.losses {
		if known > f.End {
			continue
		}
		held := slices.ContainsFunc(c.received[user][id], func(conn *Connection) bool {
			return conn.alive(f.Start, f.End+writeBackTime)
		})
		if !held || c.ringDiedNear(f) {
			return true
		}
	}
	return false
}

func (c *checker) ringDiedNear(loss Fault) bool {
	return slices.ContainsFunc(c.Faults, func(f Fault) bool {
		return f.KillsNode && f.End >= loss.Start-ringLossTime && f.Start <= loss.End+ringLossTime
	})
}
