package linear

import (
	"cmp"
	"slices"

	"parley/drill/check"
)

// shelf holds the books of all logs.
type shelf struct {
	public        *book
	conversations map[check.Conversation]*book
	inboxes       map[string]*book
	direct        []*attempt // at private messages; they go into inboxes too
}

// directKey names a private message everywhere.
type directKey struct {
	from, to string
	id       int64
}

func newShelf(h *check.History) *shelf {
	name := "the public log"
	if h.Room != "" {
		name = "the log of the room " + h.Room
	}
	s := &shelf{public: newBook(name, h), conversations: make(map[check.Conversation]*book), inboxes: make(map[string]*book)}
	s.public.floor, s.public.unseen = h.Logs.Floor, h.Logs.Unseen
	s.takeLogs(h)
	for _, conn := range h.Connections {
		s.listen(h, conn)
	}
	s.fileDirect(h)
	for _, b := range s.books() {
		for _, a := range b.attempts {
			if a.outcome == acked && a.id != 0 {
				if p := b.add(place{id: a.id}); !p.stored && !p.named() {
					p.message = a.message
				}
			}
		}
		b.sort()
	}
	return s
}

func newBook(name string, h *check.History) *book {
	return &book{name: name, index: make(map[int64]int), read: !h.LogsUnread}
}

// books are all of them, in an order that is the same for the same history.
func (s *shelf) books() []*book {
	all := []*book{s.public}
	for _, b := range s.conversations {
		all = append(all, b)
	}
	for _, b := range s.inboxes {
		all = append(all, b)
	}
	slices.SortFunc(all[1:], func(a, b *book) int { return cmp.Compare(a.name, b.name) })
	return all
}

func (s *shelf) conversation(h *check.History, from, to string) *book {
	between := check.Conversation{From: from, To: to}
	b := s.conversations[between]
	if b == nil {
		b = newBook("the conversation "+from+" → "+to, h)
		b.relayed = true
		s.conversations[between] = b
	}
	return b
}

func (s *shelf) inboxOf(h *check.History, user string) *book {
	b := s.inboxes[user]
	if b == nil {
		b = newBook("the inbox of "+user, h)
		b.floor = h.Logs.InboxFloors[user]
		s.inboxes[user] = b
	}
	return b
}

// takeLogs enters what Redis holds at the end.
func (s *shelf) takeLogs(h *check.History) {
	for _, e := range h.Logs.Public {
		s.public.addStored(place{id: e.ID, message: message{e.From, "", e.Ref}, text: e.TextHash, hash: e.Hash})
	}
	for between, entries := range h.Logs.Conversations {
		b := s.conversation(h, between.From, between.To)
		for _, e := range entries {
			b.addStored(place{id: e.ID, message: message{e.From, e.To, e.Ref}, text: e.TextHash})
		}
	}
	for user, entries := range h.Logs.Inboxes {
		b := s.inboxOf(h, user)
		for _, e := range entries {
			b.addStored(place{id: e.Cursor, direct: e.ID, message: message{e.From, e.To, e.Ref}, text: e.TextHash, hash: e.Hash})
		}
	}
}

// fileDirect gives the inboxes their attempts: an ack says that both people's have the message.
func (s *shelf) fileDirect(h *check.History) {
	refs := make(map[directKey]string)
	for _, a := range s.direct {
		if a.outcome == acked {
			refs[directKey{a.from, a.to, a.id}] = a.ref
		}
	}
	for _, a := range s.direct {
		s.inboxOf(h, a.to).file(a)
		if a.from != a.to {
			s.inboxOf(h, a.from).file(a)
		}
	}
	for _, b := range s.inboxes {
		b.locate(refs)
	}
}

// file takes an attempt of a conversation into an inbox.
func (b *book) file(a *attempt) {
	mine := *a
	b.attempts = append(b.attempts, &mine)
}

// locate finds where in an inbox stands what was acked. Nobody tells the sender; it is where the message is. What is
// nowhere keeps the id 0.
func (b *book) locate(refs map[directKey]string) {
	cursors := make(map[directKey]int64)
	byName := make(map[message]int64)
	for i := range b.places {
		p := &b.places[i]
		key := directKey{p.from, p.to, p.direct}
		if !p.stored {
			p.ref = refs[key]
		}
		if c, twice := cursors[key]; !twice || p.id < c {
			cursors[key] = p.id
		}
		if c, twice := byName[p.message]; p.named() && (!twice || p.id < c) {
			byName[p.message] = p.id
		}
	}
	for _, a := range b.attempts {
		if a.outcome != acked {
			continue
		}
		direct := a.id
		if a.id = cursors[directKey{a.from, a.to, direct}]; a.id == 0 {
			a.id = byName[a.message]
		}
		a.trimmed = a.id == 0 && direct <= b.floor
	}
}
