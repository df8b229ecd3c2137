package check

import (
	"fmt"
	"hash/fnv"
	"slices"
)

// ideal is a server that keeps all promises, with a clock that tests move. What it makes is a good history.
type ideal struct {
	h     History
	open  []*Connection
	now   int64
	named map[string]bool
}

func newIdeal() *ideal {
	s := &ideal{now: 1_795_430_400 * second, named: make(map[string]bool)}
	s.h.Logs = Logs{Conversations: make(map[Conversation][]Entry), Inboxes: make(map[string][]Entry)}
	return s
}

func hashOf(parts ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, parts...)
	return h.Sum64()
}

func (s *ideal) wait(us int64) { s.now += us }

func (s *ideal) tell(c *Connection, e Event) {
	s.now++
	e.At = s.now
	if e.Detail == nil {
		e.Detail = &Detail{}
	}
	c.Events = append(c.Events, e)
}

func (s *ideal) members() []string {
	var names []string
	for name, there := range s.named {
		if there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// connect opens a connection and joins; a client that was there before resumes.
func (s *ideal) connect(client, node string) *Connection {
	c := &Connection{Number: len(s.h.Connections) + 1, Client: client, Node: node, Since: None, DMSince: None, Opened: s.now}
	for _, before := range s.h.Connections {
		if before.Client == client {
			c.Since, c.DMSince = lastPlaces(before)
		}
	}
	s.h.Connections = append(s.h.Connections, c)
	s.open = append(s.open, c)
	log := s.h.Logs.Public
	init := Event{Kind: Init, Detail: &Detail{Names: s.members(), Count: len(s.members())}}
	if n := len(log); n > 0 {
		init.Cursor = log[n-1].ID
	}
	s.tell(c, init)
	first := max(0, len(log)-20)
	for i, e := range log {
		if c.Since == None && i >= first || c.Since != None && e.ID > c.Since {
			s.tell(c, Event{Kind: Recalled, ID: e.ID, Hash: e.Hash})
		}
	}
	s.tell(c, Event{Kind: Welcome, Detail: &Detail{Name: client}})
	inbox := s.h.Logs.Inboxes[client]
	joined := Event{Kind: Joined}
	if n := len(inbox); n > 0 {
		joined.Cursor = inbox[n-1].Cursor
	}
	s.tell(c, joined)
	for _, e := range inbox {
		if e.Cursor > c.DMSince {
			s.tell(c, direct(RecalledDM, e))
		}
	}
	if !s.named[client] {
		s.named[client] = true
		s.broadcast(Event{Kind: MemberAdd, Detail: &Detail{Name: client}})
	}
	return c
}

func lastPlaces(c *Connection) (since, dmSince int64) {
	since, dmSince = c.Since, c.DMSince
	for _, e := range c.Events {
		switch e.Kind {
		case Init:
			since = max(since, e.Cursor)
		case Joined:
			dmSince = max(dmSince, e.Cursor)
		case Msg, Recalled:
			since = max(since, e.ID)
		case DM, RecalledDM:
			dmSince = max(dmSince, e.Cursor)
		}
	}
	return since, dmSince
}

func direct(kind Kind, e Entry) Event {
	return Event{Kind: kind, ID: e.ID, Cursor: e.Cursor, Hash: e.Hash, Detail: &Detail{From: e.From, To: e.To}}
}

func (s *ideal) broadcast(e Event) {
	for _, c := range s.open {
		s.tell(c, e)
	}
}

func (s *ideal) say(c *Connection, ref string) {
	s.tell(c, Event{Kind: Send, Hash: hashOf(ref), Detail: &Detail{Ref: ref}})
	s.now++
	e := Entry{ID: s.now, From: c.Client, Ref: ref, TextHash: hashOf(ref), Hash: hashOf(ref, s.now)}
	s.h.Logs.Public = append(s.h.Logs.Public, e)
	s.broadcast(Event{Kind: Msg, ID: e.ID, Hash: e.Hash})
	s.tell(c, Event{Kind: Ack, ID: e.ID, Detail: &Detail{Ref: ref}})
}

func (s *ideal) whisper(c *Connection, receiver, ref string) {
	s.tell(c, Event{Kind: Send, Hash: hashOf(ref), Detail: &Detail{Ref: ref, To: receiver}})
	s.now++
	between := Conversation{c.Client, receiver}
	e := Entry{ID: s.now, From: c.Client, To: receiver, Ref: ref, TextHash: hashOf(ref)}
	s.h.Logs.Conversations[between] = append(s.h.Logs.Conversations[between], e)
	users := []string{c.Client, receiver}
	for _, user := range users[:len(slices.Compact(slices.Clone(users)))] {
		s.now++
		mine := e
		mine.Cursor, mine.Hash = s.now, hashOf(ref, user)
		s.h.Logs.Inboxes[user] = append(s.h.Logs.Inboxes[user], mine)
		for _, open := range s.open {
			if open.Client == user {
				s.tell(open, direct(DM, mine))
			}
		}
	}
	s.tell(c, Event{Kind: Ack, ID: e.ID, Detail: &Detail{Ref: ref}})
}

func (s *ideal) refuse(c *Connection, ref string) {
	s.tell(c, Event{Kind: Send, Hash: hashOf(ref), Detail: &Detail{Ref: ref}})
	s.tell(c, Event{Kind: Refused, Detail: &Detail{Ref: ref, Name: "unavailable"}})
}

// close ends a connection; its name goes unless another one holds it.
func (s *ideal) close(c *Connection, goodbye bool) {
	c.Closed, c.Goodbye = s.now, goodbye
	s.open = slices.DeleteFunc(s.open, func(o *Connection) bool { return o == c })
	if slices.ContainsFunc(s.open, func(o *Connection) bool { return o.Client == c.Client }) {
		return
	}
	if !goodbye {
		s.wait(3 * second) // the grace, and nobody comes back in these histories
	}
	s.named[c.Client] = false
	s.broadcast(Event{Kind: MemberRemove, Detail: &Detail{Name: c.Client}})
}

func (s *ideal) history() *History {
	s.wait(second)
	s.h.End = s.now
	s.h.Logs.Members = append([]string{}, s.members()...)
	return &s.h
}

// goodHistory has a bit of everything: two nodes, three people, resumes, direct messages, a refusal.
func goodHistory() *History {
	s := newIdeal()
	alice, bob := s.connect("alice", "a"), s.connect("bob", "b")
	s.say(alice, "a1")
	s.say(bob, "b1")
	s.say(alice, "a2")
	s.whisper(alice, "bob", "d1")
	s.whisper(alice, "bob", "d2")
	s.refuse(bob, "b2")
	s.close(bob, false)
	s.say(alice, "a3")
	s.whisper(alice, "bob", "d3")
	s.wait(20 * second)
	bob = s.connect("bob", "a")
	carol := s.connect("carol", "b")
	s.say(bob, "b3")
	s.say(carol, "c1")
	s.wait(20 * second)
	s.say(alice, "a4")
	s.close(carol, true)
	s.wait(20 * second)
	return s.history()
}
