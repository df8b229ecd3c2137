package check

import "slices"

// storedAnew says whether a message that was acked with an id may be in its log with a later one: Redis lost it, and of the
// nodes that surely held it none could write it back before others stored what had waited there, or was said again. Nodes
// put back no other beside that.
func (c *checker) storedAnew(t Told, later int64) bool {
	return slices.ContainsFunc(c.losses, func(loss Fault) bool {
		return t.ID < later && t.ID <= loss.End && later >= loss.Start && !slices.ContainsFunc(c.holdersOf(t, loss), func(node string) bool {
			return !c.keptFrom(node, loss, later)
		})
	})
}

// holdersOf are the nodes on which a message was told to somebody before Redis was back after a loss, or acked.
func (c *checker) holdersOf(t Told, loss Fault) (nodes []string) {
	for _, conn := range c.Connections {
		if slices.ContainsFunc(conn.Events, func(e Event) bool {
			switch e.Kind {
			case Msg, Recalled:
				return e.At <= loss.End && Told{ID: e.ID} == t
			case DM, RecalledDM:
				return e.At <= loss.End && Told{e.From, e.To, e.ID} == t
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

// keptFrom says whether something kept a node from writing back after a loss before what is stored anew was.
func (c *checker) keptFrom(node string, loss Fault, anew int64) bool {
	return slices.ContainsFunc(c.Faults, func(f Fault) bool {
		return f != loss && f.Disturbs && (f.Node == "" || f.Node == node) && f.End >= loss.End && f.Start <= min(anew, loss.End+writeBackTime)
	}) || c.died(node, loss.Start, min(anew, loss.End+writeBackTime))
}
