package actors

import (
	"net/netip"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// What the bridge is asked and answers. The bridge actor is the only one that
// knows Redis; package redisbridge implements it, so these types stand here, where
// everybody that speaks with it can see them. Whoever asks names the PID to answer.
// A bridge that restarts forgets what it was asked and says BridgeStarted;
// everybody then asks again. Everything asked is idempotent. BridgeStarted,
// RedisChanged go to the bridge's parent, which passes them on.

// Append asks to store messages, in order; answered by one or more Settled.
type Append struct {
	To       *actor.PID
	Messages []Message
}

// Message is something said that is to be stored.
type Message struct {
	Seq      uint64 // the connection's number for it, ascending
	Ref      string // unique per sender within 10 minutes: the client's or our own
	Sender   string
	Receiver string // of a direct message; "" for others
	Log      Log    // the room's, of others
	Room     string // its name as it is spelled; "" for the public one
	Text     string
	Received time.Time
	Since    int64 // refs of ids up to it are an older claim's, and no repeats (µs)
	// Handed says that Redis may have it already: such a message is never refused,
	// only repeated until its outcome is known.
	Handed  bool
	Refusal *Refusal
}

// Settled tells outcomes; a Code means: not stored, and never will be.
type Settled struct {
	Outcomes []Outcome
}

// Outcome is what became of the message numbered Seq.
type Outcome struct {
	Seq  uint64
	ID   int64
	Code protocol.Code // "" when stored
}

// Subscribe asks for a log's events; answered by Linked when they flow, and again
// each time the subscription was made anew. It replaces an earlier subscriber. Who
// subscribes to a room's hears of presence too.
type Subscribe struct {
	Log Log
	To  *actor.PID
}

// Unsubscribe ends a subscription, if it is still To's.
type Unsubscribe struct {
	Log Log
	To  *actor.PID
}

// Linked tells a subscriber that events flow from now on. What came before may
// have been missed: read on from the cursor.
type Linked struct{}

// Appended is an event: entries were appended to the log, Prev being its newest id
// before. It can be shed, for the log has it all.
type Appended struct {
	Log     Log
	Prev    int64
	Entries []protocol.Entry
	// Received is when the first of Entries came in, if it did so on this node, and is public: a
	// sample of how long it takes until all are told.
	Received time.Time
}

// Shed implements engine.Sheddable.
func (*Appended) Shed() {}

// Restored is an event: entries up to an id were put back into the log, by whomever. Who has
// read it before may lack some.
type Restored struct {
	Log  Log
	Upto int64
}

// Read asks for the oldest entries after After, or, where After is Newest, for the
// newest; at most Limit. Answered by Recalled, as soon as Redis can be asked.
type Read struct {
	To    *actor.PID
	Log   Log
	After int64
	Limit int
	// Reader tells the asker's reads apart; it is given back.
	Reader uint64
}

// Newest as Read.After asks for the end of the log.
const Newest = int64(-1)

// Recalled answers Read, and a session's catchUp. Entries are oldest first.
type Recalled struct {
	Read
	Entries []protocol.Entry
	Newest  int64 // the log's newest id, 0 if it is empty
	Trimmed int64 // of the ids up to this one some are no longer kept, or lost
	More    bool  // there are newer entries than these
}

// ReadPage asks for a page of history; answered by Page, at the latest at Until.
type ReadPage struct {
	To     *actor.PID
	Op     uint64
	User   string // whose conversation with Peer; Peer "": the log of a room
	Peer   string
	Log    Log
	Before int64
	After  int64 // nothing up to here is shown: the claim began there
	Limit  int
	Until  time.Time
}

// Page answers ReadPage, oldest first.
type Page struct {
	Op      uint64
	Peer    string
	Entries []protocol.Entry
	More    bool
	Code    protocol.Code
}

// Claim asks for a name; answered by Claimed, at the latest at Until.
type Claim struct {
	To   *actor.PID
	Op   uint64
	Name string
	// Proof is the token the client showed, if any; Fresh the one it gets if the
	// name is free. Repeating a Claim with the same Fresh is harmless.
	Proof, Fresh string
	// Signed: the name is a signed identity's.
	Signed  bool
	Address netip.Addr
	Until   time.Time
}

// Claimed answers Claim.
type Claimed struct {
	Op            uint64
	Token         string
	Since         int64 // µs; direct messages up to here are a former holder's
	Refs          int64 // and references; less than Since where the claim follows one that was lost
	Kept          bool  // its holder has shown the token again
	Conversations []protocol.Conversation
	Rooms         []protocol.Place // that the name was in last
	Code          protocol.Code
}

// Hold asks to hold a claim's name for a time after its last connection, for its holder
// keeps the token; answered by Held, at the latest at Until.
type Hold struct {
	Op    uint64
	Until time.Time
	Claim HeldClaim // of the session that asks
}

// Held answers Hold. Where the address holds as many names as it may, Retry says when
// the next may be, and the Code that it is not held.
type Held struct {
	Op    uint64
	Retry time.Duration
	Code  protocol.Code
}

// ReadClaims asks the bridge's parent for every claim of this node; answered by Claims.
type ReadClaims struct {
	Doubt int // given back
}

// Claims answers ReadClaims.
type Claims struct {
	Doubt int
	Held  []HeldClaim
}

// HeldClaim is the claim that a connection of this node has on its name, or that one
// which ended of late had.
type HeldClaim struct {
	Session *actor.PID // nil if the connection has ended
	Left    time.Time  // when that was
	Name    string
	Token   string // "" for a signed identity
	Signed  bool
	Since   int64 // when it began, µs
	Refs    int64 // and the references that are its own, as in Claimed
	// Kept: its holder has shown the token again, so that the name is to be held.
	Kept    bool
	Address netip.Addr
}

// ClaimLost tells a session that its name is somebody else's now: it is not to read or
// to speak any more.
type ClaimLost struct{}

// Present changes which names are present in a room on this node; with Whole, Joined are all
// of them. The bridge remembers it over outages of Redis. In the public room are all who are online.
type Present struct {
	Log    Log
	Room   string // its name as it is spelled
	Whole  bool
	Joined []string
	Left   []Departure
}

// Departure is a name whose last connection on this node ended, and when.
type Departure struct {
	Name string
	At   time.Time
}

// PresenceChanged is an event: names came and went. Seq numbers the events.
type PresenceChanged struct {
	Seq    int64
	Joined []string
	Left   []string
}

// ReadMembers asks for all names present in a room anywhere; answered by Members.
type ReadMembers struct {
	To  *actor.PID
	Log Log
}

// Members answers ReadMembers. Seq is that of the last event it includes.
type Members struct {
	Names []string
	Seq   int64
}

// BridgeStarted says that a bridge began, and knows of nothing asked before.
type BridgeStarted struct{}

// RedisChanged says that another Redis answers, or one that has begun anew: hand
// back what it may lack, by Restore. Reads and appends wait meanwhile.
type RedisChanged struct{}

// Restore asks to put entries into a log that lacks them. Each came right after the one
// before it, and the first after After, which is 0 if there was none: a log that turns out
// to lack After has lost it. Past are older ones that the log had trimmed: they have no frames,
// and only their references are put back.
type Restore struct {
	Log     Log
	Past    []protocol.Entry
	After   int64
	Entries []protocol.Entry
}
