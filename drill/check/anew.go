package check

import "slices"

// storedAnew says whether a message that was acked with an id may be in its log with a later one: Redis lost it, and of the
// nodes that surely held it none could write it back before others stored what had waited there, or was said again. Nodes
// put back no other beside that.
func (c *checker) storedAnew(t Told, later int64) bool {
	return slices.ContainsFunc(c.losses, func(loss Fault) bool {
		return t.ID < later && t.ID <= loss.End && later >= loss.Start &&
			(c.allKept(c.holdersOf(t, "", loss), loss, later) || c.Room != "" && !c.inRoom(t.ID, loss))
	})
}

// excusesLateLetter says whether a direct message at a place in somebody's inbox, which a connection passed over at that time,
// may have been written back behind the connection's place, for those that surely held it there could not do so before.
func (c *checker) excusesLateLetter(user string, place, passed int64) bool {
	l, found := c.placed[user][place]
	return found && slices.ContainsFunc(c.losses, func(loss Fault) bool {
		return loss.within(passed) && place <= loss.End && c.allKept(c.holdersOf(Told{From: l.from, To: l.to, ID: l.id}, user, loss), loss, passed)
	})
}

// holdersOf are the nodes on which a message was told before Redis was back after a loss, to that user if one is given, or
// acked.
func (c *checker) holdersOf(t Told, user string, loss Fault) (nodes []string) {
	for _, conn := range c.Connections {
		if slices.ContainsFunc(conn.Events, func(e Event) bool {
			switch e.Kind {
			case Msg, Recalled:
				return e.At <= loss.End && Told{ID: e.ID} == t
			case DM, RecalledDM:
				return e.At <= loss.End && Told{From: e.From, To: e.To, ID: e.ID} == t && (user == "" || user == conn.Client)
			case Ack:
				return e.ID == t.ID && (t.From == "" || t.From == conn.Client)
			default:
				return false
			}
		}) {
			nodes = append(nodes, conn.Node)
		}
	}
	return nodes
}

// allKept says whether something kept each of the nodes from writing back after a loss up to a time.
func (c *checker) allKept(nodes []string, loss Fault, until int64) bool {
	until = min(until, loss.End+writeBackTime)
	return !slices.ContainsFunc(nodes, func(node string) bool {
		return !c.died(node, loss.Start, until) && !slices.ContainsFunc(c.Faults, func(f Fault) bool {
			return f != loss && f.Disturbs && (f.Node == "" || f.Node == node) && f.End >= loss.End && f.Start <= until
		})
	})
}
