// Package actors is the chat: everything between a socket and Redis, and neither.
//
//	chat                      top supervisor
//	├── bridge                owns Redis; implemented by package redisbridge
//	├── room                  presence and broadcast; keeps the tail of a room's log: the public one
//	├── rooms
//	│   └── room-<name>       another room; lives while a connection here is in it
//	├── dms
//	│   └── dm-<user>         one user's inbox; lives while the user has a connection here
//	└── sessions
//	    └── session-<n>       one connection: parses frames, holds what is not stored yet
//
// # The idea
//
// Redis holds logs. Every connection is a cursor into them. An event only says that
// there is more, with the data attached so that usually nobody has to look. So
// everything that can go wrong ends at one rule: compare with your cursor; on a
// hole, read the log. Joining, resuming, a restarted actor, a link that was made
// anew and a slow client are one path.
//
// Below this package stand three that know nothing of it, nor of each other: engine makes
// actors that die and heal of the library's, protocol is what is said on the wire, limit has
// the budgets.
//
// # Who tells whom what
//
//	transport → session   Connection.Receive, Drained, Closed
//	session   → bridge    Append, ReadPage             bridge → session  Settled, Page
//	session   → bridge    Claim, Hold                  bridge → session  Claimed, Held, ClaimLost
//	session   → bridge    FindRoom, ListRooms, Visit   bridge → session  RoomFound, RoomsListed
//	session   → room      enter, appear, catchUp       room   → session  opened, wave, Recalled
//	session   → rooms → room-<name>, dms → dm          the same, and leave to rooms
//	room, dm  → bridge    Subscribe, Read, Restore     bridge → room, dm Linked, Appended, Recalled
//	room      → bridge    Present, ReadMembers         bridge → room     PresenceChanged, Members
//	room, dm  → session   logBegan: enter again        rooms, dms → session  logsBegan: likewise
//	room-<name>, dm → rooms, dms  deserted: nobody here needs it
//	bridge    → chat      ReadClaims                   chat   → bridge   Claims
//	bridge    → chat → all  BridgeStarted, RedisChanged
//	chat      → room, rooms, dms, sessions → session  gone (a connection has ended)
//
// # How a connection ends
//
// It has a phase, which only goes forward (Connection.enter):
//
//	open ──drained──▸ leaving ──all said has its outcome──▸ closing ──▸ closed ──▸ finished
//	  ╰─────the socket is being closed, by whomever────────────╯
//
// From leaving on nothing more is taken in. closed is the transport's word, and the one
// message of it is gone: its listeners forget the connection, and nobody hears answers any
// more; but what was taken in is still stored. Then it is finished: its session ends, and no
// other follows.
//
// # Whose a name is
//
// A name is its claim's, and a claim is a connection's while the node's lease lasts. A
// node that could not renew its lease in time may have lost names to others without
// knowing it. So nothing is said under a name, and nothing of an inbox is told, unless
// the lease lasts and every claim of the node was looked at since it last lapsed
// (ReadClaims, Claims): whose claim was lost hears ClaimLost, before its inbox's actor
// hears anything more, and is closed with 4009. What Redis stores it stores only before
// the lease's end, by its own clock.
//
// # Who is in a room
//
// Being online, which claims ask, is being in the public room. In another room is a name one of
// whose connections has entered it. A node says so to Redis in a life (redisbridge's life): one ends
// with the bridge, with the lease, and with a Redis that forgot, and the rooms then say again who is
// in them. What a node said in a life that is over any node clears. So a room's actor may end as
// soon as nobody here is in the room, whether what it said last arrives or not.
//
// # What strangers may take
//
// Every connection belongs to an address, and every address has budgets over all its
// connections and names (budgets): what a frame costs is taken before it has an effect,
// and what is told again on request is paid for afterwards, by waiting. Who only listens
// pays nothing.
//
// # What is ordered
//
// What one actor sends another arrives in that order. A log's entries reach a
// session in the log's order, each once: waves follow the cursor or are ignored.
// One sender's messages stay in order because a session has one append under way,
// holding all that waits; what waits behind a refused message is refused with it, for
// the refusal may never be read. Order between two logs is not promised.
//
// # What may be lost
//
// Every message may: an actor dies with the message in hand, and with its queue if
// it is stopped. So nothing that must survive lives in an actor or in a mailbox. A
// Connection outlives its session, and its claim outlives both for a while; the tails,
// the rosters, the departures and the journal outlive the room and the dm actors; they
// belong to Chat, and are handed to the next incarnation, and with them up to which of
// the times that Redis had lost something they were handed back. The lease belongs to
// the bridge's Store, and so does whether a write-back is owed, and whose claims were
// lost. An actor that begins asks for all it needs again (logBegan, logsBegan,
// BridgeStarted tell the others to), and everything asked is idempotent.
//
// # What is vouched for
//
// Who hands back an entry says which one was before it in its log. One that the log then
// lacks is lost, unless somebody else still hands it back, and the log says so to all
// who read on from before it.
//
// # What a panic costs
//
// In Receive, its message: the supervisor restarts the actor. On a goroutine or a timer
// that an actor started, the same: it comes home as a Stray, or is done again. Anywhere
// else what was being done, and a line in the log (see contain). Never the process.
//
// # Who may wait
//
// No actor, ever. A connection's read loop waits in Receive while its session is
// behind, and so TCP pushes back. Every queue is bounded: a mailbox holds at most
// one question of each asker, and sheds what the log has (see mailbox).
package actors
