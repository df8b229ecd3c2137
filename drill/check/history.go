package check

import (
	"cmp"
	"fmt"
	"slices"
)

// All times are microseconds since the epoch, on the clock that Redis uses too: an id is a time.
const second = 1_000_000

// None stands for a cursor that was not given.
const None = -1

// Kind is what happened.
type Kind uint8

// What a connection can see happen, in the order of docs/protocol.md.
const (
	Init         Kind = iota + 1 // Cursor, Truncated, Names, Count; its history follows as Recalled
	Recalled                     // a public message of init: ID, Hash
	Msg                          // a public message of the feed: ID, Hash
	Welcome                      // Name
	Joined                       // Cursor, Truncated; its direct messages follow as RecalledDM
	RecalledDM                   // a direct message of joined: ID, Cursor, Hash, From, To
	DM                           // a direct message of the feed, likewise
	MemberAdd                    // Name
	MemberRemove                 // Name
	Members                      // Names, Count
	Send                         // Ref, To where it is private, Hash of the text
	Ack                          // Ref, ID
	Refused                      // an error with a ref: Ref, Name is the code
	RefusedBare                  // an error without a ref after Welcome: Name is the code
	Join                         // the client asks for a name
	JoinRefused                  // an error without a ref before Welcome: Name is the code
	Ask                          // a frame that asks for a page of history: Ref
	Page                         // its answer: Ref
	Enter                        // the client enters a room: Ref, Room, Cursor or None
	Entered                      // its answer: Ref, Room, and what Init has; its history follows as Recalled
	Exit                         // the client leaves a room: Ref, Room
	Exited                       // its answer: Ref, Room
)

var kindNames = [...]string{"", "init", "recalled", "msg", "welcome", "joined", "recalled_dm", "dm", "member_add",
	"member_remove", "members", "send", "ack", "error", "bare_error", "join", "join_refused", "ask", "history",
	"enter", "entered", "exit", "exited"}

func (k Kind) String() string { return kindNames[k] }

// Event is something one connection said or heard. A drill has millions of them: what most don't have is in Detail.
type Event struct {
	At     int64
	ID     int64
	Cursor int64
	Hash   uint64
	Kind   Kind
	*Detail
}

// said tells what the client said from what it heard: it may be noted in the midst of what one frame told.
func (e *Event) said() bool {
	switch e.Kind {
	case Send, Join, Ask, Enter, Exit:
		return true
	default:
		return false
	}
}

// asks says that the event is a frame which is answered with its ref.
func (e *Event) asks() bool { return e.Kind == Ask || e.Kind == Send && !e.Bare }

// Detail holds what only few events have.
type Detail struct {
	Ref       string // of a Send that is Bare: what its text begins with
	Bare      bool   // sent without a ref: nothing answers it, unless it is refused
	Name      string
	From, To  string
	Room      string // of Send, Msg, Recalled and presence, too; empty: the public one
	Names     []string
	Count     int
	Truncated bool
}

// Connection is one WebSocket from its upgrade to its end.
type Connection struct {
	Number  int
	Client  string // the name it joins with; all connections of one client bear it
	Person  string // who it is that joins: strangers to each other may want one name; empty: whose name it is
	Shown   bool   // it joined with the token of an earlier connection of that person, and the claim was still that one
	Node    string
	Since   int64 // None: not given
	DMSince int64 // None: not given
	Opened  int64
	Closed  int64 // 0: it lived to the end
	Goodbye bool  // the client closed it, with code 1000
	Parted  int64 // when it set about that: from then on the server may know; 0: it did not
	Stalls  []Span
	Events  []Event
}

// Span is a time from Start up to End; a connection that did not read heard nothing in it.
type Span struct{ Start, End int64 }

// left is when the connection's client gave its name up: the end, or the goodbye before it.
func (c *Connection) left() int64 {
	if c.Goodbye && c.Parted != 0 {
		return c.Parted
	}
	return c.Closed
}

// label names the connection in a sentence.
func (c *Connection) label() string { return fmt.Sprintf("%d on node %s", c.Number, c.Node) }

// alive says whether the connection was there from start to end.
func (c *Connection) alive(start, end int64) bool {
	return c.Opened <= start && (c.Closed == 0 || c.Closed >= end)
}

// Fault is something that was broken on purpose.
type Fault struct {
	Name       string
	Node       string // empty: Redis, or all nodes
	Start, End int64
	LosesData  bool // Redis came back with less than it had
	KillsNode  bool // a ring was lost with it
	Disturbs   bool // presence can't be told meanwhile: Redis or a link to it was away
}

func (f Fault) span() Span { return Span{f.Start, f.End} }

// Entry is a message in a log.
type Entry struct {
	ID       int64
	Cursor   int64 // in an inbox
	From, To string
	Ref      string // the client's
	Hash     uint64 // of its bytes
	TextHash uint64
	Trimmed  bool // it was seen in the log, which does not keep it any more
}

// Logs is what Redis holds at the end, each log in its order.
type Logs struct {
	Public        []Entry
	Conversations map[Conversation][]Entry
	Inboxes       map[string][]Entry
	Members       []string
	Floor         int64  // what is older was trimmed from the public log
	Unseen        []Span // ids of public messages that came and were trimmed between two looks at the log
	Keep          int    // messages that the public log keeps; 0: all that are said here
	InboxFloors   map[string]int64
	Rooms         map[string]RoomLogs // all but the public one, by name
}

// RoomLogs is what Redis holds of a room at the end, as Logs has it of the public one.
type RoomLogs struct {
	Entries []Entry
	Members []string
	Floor   int64
	Unseen  []Span
}

// unseen says whether a public message was trimmed before anybody saw it in the log.
func (l *Logs) unseen(id int64) bool {
	return id <= l.Floor || slices.ContainsFunc(l.Unseen, func(s Span) bool { return s.Start <= id && id <= s.End })
}

// Conversation is one direction between two.
type Conversation struct{ From, To string }

// Told names a message that somebody was told: a public one by its id alone, one in a room by the room, too.
type Told struct {
	From, To string
	ID       int64
	Room     string
}

// Held is how much nodes hold of logs, in entries; 0: as docs/promises.md says.
type Held struct {
	Public  int // of the public log
	Inbox   int // of the inbox of a user who is connected
	Journal int // of inboxes' entries that passed through a node, two for a message to somebody else
	Room    int // of a room that somebody connected is in
	Rooms   int // of rooms' entries that passed through a node
}

func (h Held) orUsual() Held {
	return Held{cmp.Or(h.Public, publicTail), cmp.Or(h.Inbox, inboxTail), cmp.Or(h.Journal, journalLimit),
		cmp.Or(h.Room, roomTail), cmp.Or(h.Rooms, roomsJournal)}
}

// History is everything there is to judge.
type History struct {
	Connections []*Connection
	Faults      []Fault
	Logs        Logs
	LogsUnread  bool             // Redis could not be asked: only what connections saw is judged
	Strangers   bool             // others talk on the same servers, who are in no connection here
	Began       map[string]int64 // when nodes began, each name being one life; of others that is not known
	Held        Held             // what nodes hold for a Redis that loses data
	// Refs are the references of messages that somebody was told; nil: not known.
	Refs map[Told]string
	End  int64 // when all was quiet and the logs were read
	Hold int64 // how long a name is its holder's who showed the token; 0: unknown

	// Room is whose log Logs.Public is; empty: the public one. Divide gives such histories.
	Room string
	said map[string][]int64 // when something was said in any room, by node, in order; only of a room's
}
