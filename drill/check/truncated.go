package check

import (
	"fmt"
	"slices"
)

// checkTruncated: who resumes is told of a gap only if there is one, or if the log could not be read. That nobody is
// spared the news is the rule about holes: who was told of none must miss nothing.
func (c *checker) checkTruncated() {
	if c.LogsUnread || c.Keep == 0 {
		return
	}
	unread := c.disturbed(settleTime)
	for _, conn := range c.Connections {
		if conn.Since == None {
			continue
		}
		i := slices.IndexFunc(conn.Events, func(e Event) bool { return e.Kind == Init })
		if i < 0 || !conn.Events[i].Truncated {
			continue
		}
		c.report.checked(OneOrder, 1)
		init := &conn.Events[i]
		from, _ := slices.BinarySearch(c.public, conn.Since+1)
		to, _ := slices.BinarySearch(c.public, init.At)
		if to-from > c.Keep || unread.has(conn.Opened) || unread.has(init.At) || c.cutBetween(conn.Since, init.At) {
			continue
		}
		c.report.failed(OneOrder, Violation{Kind: Ungrounded, Client: conn.Client, Conn: conn.Number, At: init.At,
			Note: fmt.Sprintf("on node %s, behind %d, with %d messages since", conn.Node, conn.Since, to-from)})
	}
}

// cutBetween says whether Redis came back with a shorter log after that place and before that time: the log owns up to
// what it has lost.
func (c *checker) cutBetween(place, at int64) bool {
	return slices.ContainsFunc(c.losses, func(f Fault) bool { return place <= f.End+writeBackTime && f.Start <= at })
}
