package check

import (
	"cmp"
	"slices"
)

// refKey names a message by its sender's word for it; To is empty in the public log.
type refKey struct{ from, to, ref string }

// told names the message that has an id.
func (k refKey) told(id int64) Told {
	if k.to == "" {
		return Told{ID: id}
	}
	return Told{From: k.from, To: k.to, ID: id}
}

// checker is a history with the indexes that more than one promise needs.
type checker struct {
	*History
	report   *Report
	unknown  []int64 // when public messages were said of which nobody knows more
	held     Held
	toldAs   map[string][]int64  // ids with which public messages were told, by reference; as far as Refs says
	losses   []Fault             // that lose data, in order of time
	public   []int64             // every public id that is known: stored, or delivered to anyone
	stored   map[int64]*Entry    // the public log by id
	byRef    map[refKey][]*Entry // public log and conversations
	sends    map[refKey]*sends
	inboxes  map[string]map[int64]*Entry         // inboxes by user and cursor
	cursors  map[string][]int64                  // the places of all direct messages, by user: stored, or delivered
	received map[string]map[letter][]*Connection // direct messages by user: on which connections
	letters  map[letter]*sends                   // direct messages that were acked
	acked    map[int64]*sends                    // others that were
	heard    map[int64][]*Connection             // messages of a room: on which connections
	places   map[string]map[letter]int64         // cursors of direct messages by user
	placed   map[string]map[int64]letter         // and which one is at a cursor
	hashes   map[string]map[int64]uint64         // of direct messages' bytes by user and cursor
	journals map[string][]int64                  // when direct messages were said on each node, once for each inbox
}

// Check judges a history: first all but what was said in rooms, and then each room, as the public one.
func Check(h *History) *Report {
	public, rooms := h.Divide()
	report := check(public)
	for _, room := range rooms {
		report.add(check(room), "in "+room.Room)
	}
	return report
}

func check(h *History) *Report {
	c := &checker{History: h, report: &Report{}, held: h.Held.orUsual()}
	c.index()
	c.checkKept()
	c.checkFeeds()
	c.checkSenderOrder()
	c.checkPresence()
	c.checkBare()
	c.checkOrigins()
	if h.Room == "" { // who has a name, and what is answered, is of no room
		c.checkDirect()
		c.checkAnswers()
		c.checkHolders()
	}
	return c.report
}

func (c *checker) index() {
	for _, f := range c.Faults {
		if f.LosesData {
			c.losses = append(c.losses, f)
		}
	}
	slices.SortFunc(c.losses, func(a, b Fault) int { return cmp.Compare(a.Start, b.Start) })

	c.stored = make(map[int64]*Entry, len(c.Logs.Public))
	c.byRef = make(map[refKey][]*Entry)
	for i := range c.Logs.Public {
		e := &c.Logs.Public[i]
		c.stored[e.ID] = e
		c.public = append(c.public, e.ID)
		c.addRef(refKey{e.From, "", e.Ref}, e)
	}
	for between, entries := range c.Logs.Conversations {
		for i := range entries {
			c.addRef(refKey{between.From, between.To, entries[i].Ref}, &entries[i])
		}
	}
	c.inboxes = make(map[string]map[int64]*Entry)
	for user, entries := range c.Logs.Inboxes {
		c.inboxes[user] = make(map[int64]*Entry, len(entries))
		for i := range entries {
			c.inboxes[user][entries[i].Cursor] = &entries[i]
		}
	}
	c.toldAs = make(map[string][]int64)
	for t, ref := range c.Refs {
		if t.From == "" && ref != "" {
			c.toldAs[ref] = append(c.toldAs[ref], t.ID)
		}
	}
	c.indexReceived()
	c.cursors = c.knownCursors()
	c.indexLetters()
	c.indexUnknown()
	slices.Sort(c.public)
	c.public = slices.Compact(c.public)
}

// indexUnknown notes when public messages were said of which nobody knows whether they were stored.
func (c *checker) indexUnknown() {
	for _, conn := range c.Connections {
		for i := range conn.Events {
			e := &conn.Events[i]
			if e.Kind != Send || e.To != "" {
				continue
			}
			key := refKey{conn.Client, "", e.Ref}
			if s := c.sends[key]; (s == nil || len(s.acks) == 0 && s.refused < s.attempts) && len(c.byRef[key]) == 0 {
				c.unknown = append(c.unknown, e.At)
			}
		}
	}
	slices.Sort(c.unknown)
}

func (c *checker) addRef(key refKey, e *Entry) {
	if key.ref != "" {
		c.byRef[key] = append(c.byRef[key], e)
	}
}

func (c *checker) indexReceived() {
	c.received = make(map[string]map[letter][]*Connection)
	c.heard = make(map[int64][]*Connection)
	unstored := make(map[int64]bool)
	for _, conn := range c.Connections {
		for i := range conn.Events {
			switch e := &conn.Events[i]; e.Kind {
			case Msg, Recalled:
				if c.Room != "" {
					c.heard[e.ID] = append(c.heard[e.ID], conn)
				}
				if c.stored[e.ID] == nil && !unstored[e.ID] {
					unstored[e.ID] = true
					c.public = append(c.public, e.ID)
				}
			case DM, RecalledDM:
				mine := c.received[conn.Client]
				if mine == nil {
					mine = make(map[letter][]*Connection)
					c.received[conn.Client] = mine
				}
				l := letter{e.From, e.To, e.ID}
				mine[l] = append(mine[l], conn)
			}
		}
	}
}
