package linear

import (
	"fmt"
	"hash/fnv"
	"slices"

	"parley/drill/check"
)

// world is a server that is one log, and its clients, one small step after the other: what is sent, stored, answered
// and told overlaps in any way that a test wants, and all of it is linearizable.
type world struct {
	h       check.History
	now     int64
	public  []check.Entry
	inboxes map[string][]check.Entry
	dialogs map[check.Conversation][]check.Entry
	ids     map[message]int64 // of what is stored
	clients map[string]*client
	open    []*socket
}

// client is what one knows that comes again.
type client struct {
	since, dmSince int64
	unanswered     []note
}

type note struct{ to, ref string }

// socket is a connection as it goes.
type socket struct {
	*check.Connection
	client         *client
	sent, answered []note // that are not stored yet; that are, and not answered
	feed, inbox    int    // how many entries it has been told
	begun          bool
}

const historySize = 20

func newWorld() *world {
	return &world{now: 1_795_430_400_000_000, inboxes: make(map[string][]check.Entry),
		dialogs: make(map[check.Conversation][]check.Entry), clients: make(map[string]*client), ids: make(map[message]int64)}
}

func hashOf(parts ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, parts...)
	return h.Sum64()
}

func (w *world) wait(us int64) { w.now += us }

func (w *world) note(s *socket, e check.Event) {
	w.now++
	e.At = w.now
	if e.Detail == nil {
		e.Detail = &check.Detail{}
	}
	s.Events = append(s.Events, e)
}

// connect begins to open a connection; begin ends that.
func (w *world) connect(name, node string) *socket {
	w.now++
	c := w.clients[name]
	if c == nil {
		c = &client{since: check.None, dmSince: check.None}
		w.clients[name] = c
	}
	s := &socket{client: c, Connection: &check.Connection{Number: len(w.h.Connections) + 1, Client: name, Node: node,
		Since: c.since, DMSince: c.dmSince, Opened: w.now}}
	w.h.Connections = append(w.h.Connections, s.Connection)
	w.open = append(w.open, s)
	return s
}

// begin sends init and joined, all in one, and the client repeats what was not answered.
func (w *world) begin(s *socket) {
	s.begun = true
	s.feed, s.inbox = len(w.public), len(w.inboxes[s.Client])
	from := max(0, s.feed-historySize)
	if s.Since != check.None {
		from = slices.IndexFunc(w.public, func(e check.Entry) bool { return e.ID > s.Since })
	}
	cursor := max(s.Since, 0)
	if s.feed > 0 {
		cursor = w.public[s.feed-1].ID
	}
	w.note(s, check.Event{Kind: check.Init, Cursor: cursor})
	if from >= 0 {
		for _, e := range w.public[from:] {
			s.Events = append(s.Events, check.Event{At: w.now, Kind: check.Recalled, ID: e.ID, Hash: e.Hash})
		}
	}
	s.client.since = cursor
	cursor = 0
	if s.inbox > 0 {
		cursor = w.inboxes[s.Client][s.inbox-1].Cursor
	}
	w.note(s, check.Event{Kind: check.Welcome, Detail: &check.Detail{Name: s.Client}})
	w.note(s, check.Event{Kind: check.Joined, Cursor: cursor})
	for _, e := range w.inboxes[s.Client] {
		if e.Cursor > s.DMSince {
			s.Events = append(s.Events, direct(check.RecalledDM, w.now, e))
		}
	}
	s.client.dmSince = cursor
	for _, n := range s.client.unanswered {
		w.send(s, n)
	}
}

func direct(kind check.Kind, at int64, e check.Entry) check.Event {
	return check.Event{At: at, Kind: kind, ID: e.ID, Cursor: e.Cursor, Hash: e.Hash, Detail: &check.Detail{From: e.From, To: e.To}}
}

// say sends something new.
func (w *world) say(s *socket, to, ref string) {
	n := note{to, ref}
	s.client.unanswered = append(s.client.unanswered, n)
	w.send(s, n)
}

func (w *world) send(s *socket, n note) {
	w.note(s, check.Event{Kind: check.Send, Hash: hashOf(n.ref), Detail: &check.Detail{Ref: n.ref, To: n.to}})
	s.sent = append(s.sent, n)
}

// store puts the connection's next message into its logs, unless it is there.
func (w *world) store(s *socket) {
	if len(s.sent) == 0 {
		return
	}
	n := s.sent[0]
	s.sent = s.sent[1:]
	s.answered = append(s.answered, n)
	name := message{s.Client, n.to, n.ref}
	if w.ids[name] != 0 {
		return
	}
	w.now++
	w.ids[name] = w.now
	e := check.Entry{ID: w.now, From: s.Client, To: n.to, Ref: n.ref, TextHash: hashOf(n.ref), Hash: hashOf(n.ref, w.now)}
	if n.to == "" {
		w.public = append(w.public, e)
		return
	}
	between := check.Conversation{From: s.Client, To: n.to}
	w.dialogs[between] = append(w.dialogs[between], e)
	for _, user := range slices.Compact([]string{s.Client, n.to}) {
		w.now++
		mine := e
		mine.Cursor, mine.Hash = w.now, hashOf(n.ref, user)
		w.inboxes[user] = append(w.inboxes[user], mine)
	}
}

// ack answers the oldest that is stored.
func (w *world) ack(s *socket) {
	if len(s.answered) == 0 {
		return
	}
	n := s.answered[0]
	s.answered = s.answered[1:]
	w.note(s, check.Event{Kind: check.Ack, ID: w.ids[message{s.Client, n.to, n.ref}], Detail: &check.Detail{Ref: n.ref}})
	s.client.forget(n)
}

// refuse answers the oldest that is not stored. Nobody repeats it.
func (w *world) refuse(s *socket) {
	if len(s.sent) == 0 {
		return
	}
	n := s.sent[0]
	s.sent = s.sent[1:]
	w.note(s, check.Event{Kind: check.Refused, Detail: &check.Detail{Ref: n.ref, Name: "unavailable"}})
	s.client.forget(n)
}

func (c *client) forget(n note) {
	c.unanswered = slices.DeleteFunc(c.unanswered, func(o note) bool { return o == n })
}

// tell tells the connection what comes next in each of its logs.
func (w *world) tell(s *socket) {
	if !s.begun {
		return
	}
	if s.feed < len(w.public) {
		e := w.public[s.feed]
		s.feed++
		w.note(s, check.Event{Kind: check.Msg, ID: e.ID, Hash: e.Hash})
		s.client.since = e.ID
	}
	if inbox := w.inboxes[s.Client]; s.inbox < len(inbox) {
		e := inbox[s.inbox]
		s.inbox++
		w.note(s, direct(check.DM, 0, e))
		s.client.dmSince = e.Cursor
	}
}

// drop ends the connection; of what it had under way, the oldest may still be stored.
func (w *world) drop(s *socket, stores int) {
	w.now++
	s.Closed = w.now
	w.open = slices.DeleteFunc(w.open, func(o *socket) bool { return o == s })
	for range stores {
		w.store(s)
	}
}

// end has everything stored, answered and told, and gives the history.
func (w *world) end() *check.History {
	for _, s := range w.open {
		if !s.begun {
			w.begin(s)
		}
		for len(s.sent)+len(s.answered) > 0 {
			w.store(s)
			w.ack(s)
		}
	}
	for _, s := range w.open {
		for s.feed < len(w.public) || s.inbox < len(w.inboxes[s.Client]) {
			w.tell(s)
		}
	}
	w.wait(1_000_000)
	w.h.End = w.now
	w.h.Logs = check.Logs{Public: w.public, Conversations: w.dialogs, Inboxes: w.inboxes}
	return &w.h
}
