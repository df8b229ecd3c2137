package check

// checkOrigins: what a log holds was said by somebody, and has a place of its own.
func (c *checker) checkOrigins() {
	if c.LogsUnread {
		return
	}
	c.checkPlaces(OneOrder, "", c.Logs.Public, func(e *Entry) int64 { return e.ID })
	for between, entries := range c.Logs.Conversations {
		c.checkPlaces(DirectMessages, between.From, entries, func(e *Entry) int64 { return e.ID })
	}
	for user, entries := range c.Logs.Inboxes {
		c.checkPlaces(DirectMessages, user, entries, func(e *Entry) int64 { return e.Cursor })
	}
	if c.Strangers {
		return
	}
	c.checkSaid(OneOrder, c.Logs.Public)
	for _, entries := range c.Logs.Conversations {
		c.checkSaid(DirectMessages, entries)
	}
	c.checkConversed()
}

func (c *checker) checkPlaces(promise int, user string, entries []Entry, place func(*Entry) int64) {
	for i := 1; i < len(entries); i++ {
		c.report.checked(promise, 1)
		if at := place(&entries[i]); at <= place(&entries[i-1]) {
			c.report.failed(promise, Violation{Kind: SameID, Client: user, ID: at, Ref: entries[i].Ref})
		}
	}
}

func (c *checker) checkSaid(promise int, entries []Entry) {
	for i := range entries {
		e := &entries[i]
		c.report.checked(promise, 1)
		if c.sends[refKey{e.From, e.To, e.Ref}] == nil {
			c.report.failed(promise, Violation{Kind: Invented, Client: e.From, ID: e.ID, Ref: e.Ref, Note: e.To})
		}
	}
}

// checkConversed: what is in an inbox is in its conversation, or was lost from it: that is made again of what nodes hold,
// and may be all that is known of an inbox which has trimmed its own since.
func (c *checker) checkConversed() {
	held := make(map[letter]bool)
	for _, entries := range c.Logs.Conversations {
		for _, e := range entries {
			held[letter{e.From, e.To, e.ID}] = true
		}
	}
	for user, entries := range c.Logs.Inboxes {
		for i := range entries {
			e := &entries[i]
			c.report.checked(DirectMessages, 1)
			switch l := (letter{e.From, e.To, e.ID}); {
			case held[l]:
			case c.excusesBoth(l, e.ID):
				c.report.excused(DirectMessages)
			default:
				c.report.failed(DirectMessages, Violation{Kind: OneSided, Client: user, ID: e.ID, Ref: e.Ref,
					Note: e.From + " to " + e.To + ", in the inbox and not in the conversation"})
			}
		}
	}
}
