package check

import "fmt"

// checkSenderOrder: what one connection sent into one log stands there in the order sent. Refused attempts don't count:
// they had no effect, and an earlier attempt on another connection may have had one.
func (c *checker) checkSenderOrder() {
	for _, conn := range c.Connections {
		refused := make(map[string]bool)
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Refused {
				refused[e.Ref] = true
			}
		}
		last := make(map[string]*Entry) // by receiver
		for i := range conn.Events {
			e := &conn.Events[i]
			if e.Kind != Send || refused[e.Ref] {
				continue
			}
			entries := c.byRef[refKey{conn.Client, e.To, e.Ref}]
			if len(entries) == 0 {
				continue
			}
			c.report.checked(SenderOrder, 1)
			if before := last[e.To]; before != nil && before.ID > entries[0].ID {
				c.report.failed(SenderOrder, Violation{Kind: Swapped, Client: conn.Client, Conn: conn.Number, ID: entries[0].ID,
					Ref: e.Ref, At: e.At, Note: fmt.Sprintf("%s was sent before it and has id %d", before.Ref, before.ID)})
			}
			last[e.To] = entries[0]
		}
	}
	c.checkInboxOrder()
}

// checkInboxOrder: an inbox holds what one sender told its owner in the order of the conversation.
func (c *checker) checkInboxOrder() {
	for user, entries := range c.Logs.Inboxes {
		last := make(map[Conversation]int64)
		for _, e := range entries {
			between := Conversation{e.From, e.To}
			c.report.checked(SenderOrder, 1)
			if e.ID < last[between] {
				c.report.failed(SenderOrder, Violation{Kind: Swapped, Client: user, ID: e.ID, Ref: e.Ref,
					Note: fmt.Sprintf("in the inbox behind id %d of the same conversation", last[between])})
			}
			last[between] = e.ID
		}
	}
}
