package check

// forgot says whether a Redis that lost its data forgot between two times who a client was: nobody was connected under the
// name just then, and the node of its last connection, which alone knew of the claim still, ended before it could write
// it back. The client then is a new holder of its name, and its refs begin anew.
func (c *checker) forgot(client string, before, after int64) bool {
	for _, f := range c.losses {
		if before <= f.End && f.Start <= after && c.claimLost(client, f) {
			return true
		}
	}
	return false
}

func (c *checker) claimLost(client string, loss Fault) bool {
	var last *Connection
	for _, conn := range c.Connections {
		if conn.Client != client || conn.Opened > loss.End {
			continue
		}
		if conn.Closed == 0 || conn.Closed > loss.Start {
			return false
		}
		if last == nil || conn.Closed > last.Closed {
			last = conn
		}
	}
	if last == nil {
		return false
	}
	for _, f := range c.Faults {
		if f.KillsNode && f.Node == last.Node && f.End >= last.Closed && f.Start <= loss.End {
			return true
		}
	}
	return false
}
