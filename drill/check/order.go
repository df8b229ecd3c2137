package check

import "fmt"

// checkSenderOrder: what one connection sent into one log stands there in the order sent. Refused attempts don't count:
// they had no effect, and an earlier attempt on another connection may have had one. Nor does what was sent without a ref
// before something that was sent again elsewhere: nobody says it again, and the first connection's node may still store it.
func (c *checker) checkSenderOrder() {
	for _, conn := range c.Connections {
		refused := make(map[string]bool)
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Refused {
				refused[e.Ref] = true
			}
		}
		last, bare := make(map[string]*Entry), make(map[string]bool) // by receiver
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
			elsewhere := bare[e.To] && c.sends[refKey{conn.Client, e.To, e.Ref}].attempts > 1
			if before := last[e.To]; before != nil && before.ID > entries[0].ID && !elsewhere && !c.wasLost(before) {
				c.report.failed(SenderOrder, Violation{Kind: Swapped, Client: conn.Client, Conn: conn.Number, ID: entries[0].ID,
					Ref: e.Ref, At: e.At, Note: fmt.Sprintf("%s was sent before it and has id %d", before.Ref, before.ID)})
			}
			last[e.To], bare[e.To] = entries[0], e.Bare
		}
	}
	c.checkInboxOrder()
}

// saying is on which connections a message was said, and whether without a ref, so that nobody says it again.
type saying struct {
	on   map[int]bool
	bare bool
}

// checkInboxOrder: an inbox holds what one sender told its owner on one connection in the order of the conversation. What a
// sender said on two, on two nodes, may come to be in one order there and in the other here; so may what was said on one
// without a ref, beside what was said again on another.
func (c *checker) checkInboxOrder() {
	said := make(map[refKey]saying)
	for _, conn := range c.Connections {
		for i := range conn.Events {
			if e := &conn.Events[i]; e.Kind == Send && e.To != "" {
				key := refKey{conn.Client, e.To, e.Ref}
				if said[key].on == nil {
					said[key] = saying{make(map[int]bool), e.Bare}
				}
				said[key].on[conn.Number] = true
			}
		}
	}
	together := func(a, b *Entry) bool {
		x, y := said[refKey{a.From, a.To, a.Ref}], said[refKey{b.From, b.To, b.Ref}]
		if x.bare && len(y.on) > 1 || y.bare && len(x.on) > 1 {
			return false
		}
		for conn := range x.on {
			if y.on[conn] {
				return true
			}
		}
		return false
	}
	for user, entries := range c.Logs.Inboxes {
		last := make(map[Conversation]*Entry)
		for i := range entries {
			e := &entries[i]
			between := Conversation{e.From, e.To}
			c.report.checked(SenderOrder, 1)
			before := last[between]
			if before != nil && e.ID < before.ID && together(before, e) {
				c.report.failed(SenderOrder, Violation{Kind: Swapped, Client: user, ID: e.ID, Ref: e.Ref,
					Note: fmt.Sprintf("in the inbox behind id %d of the same conversation", before.ID)})
			}
			if before == nil || e.ID > before.ID {
				last[between] = e
			}
		}
	}
}
