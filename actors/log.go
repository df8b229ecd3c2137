package actors

import (
	"cmp"

	"parley/actors/protocol"
)

// Log names a log in Redis. What differs between logs by their kind is asked here, and for Redis in
// redisbridge's kind.go.
type Log struct {
	Kind LogKind
	Name string // the room's key, "" for the one where everybody is; or whose inbox it is
}

// LogKind is what a log is for.
type LogKind uint8

const (
	// RoomLog is what everybody in a room hears, and who is there.
	RoomLog LogKind = iota
	// InboxLog is what one user is told in private, and what they tell.
	InboxLog
)

// Private says whether what the log holds is for one user alone.
func (l Log) Private() bool { return l.Kind == InboxLog }

// Compare orders logs.
func (l Log) Compare(with Log) int {
	return cmp.Or(cmp.Compare(l.Kind, with.Kind), cmp.Compare(l.Name, with.Name))
}

// Public is the log of the room where everybody is.
var Public = Log{Kind: RoomLog}

// Room is the log of the room with a name.
func Room(name string) Log { return Log{Kind: RoomLog, Name: protocol.RoomKey(name)} }

// Named says whether the log is of a room that one enters by its name.
func (l Log) Named() bool { return l.Kind == RoomLog && l.Name != "" }

// Inbox is the log of a user's direct messages.
func Inbox(user string) Log { return Log{Kind: InboxLog, Name: user} }

const (
	// openDMs is how many direct messages a join shows without a cursor.
	openDMs = 20
	// firstDMs is how many are read when a user comes: those, and some for clients
	// that resume a little further back.
	firstDMs = 50
	// firstInRoom likewise of a room with a name, of which a node may have ten thousand.
	firstInRoom = 50
)

// shown is how many entries a first frame shows without a cursor.
func (c *Chat) shown(log Log) int {
	if log.Private() {
		return openDMs
	}
	return c.settings.HistorySize
}

// first is how many entries of the log's end are held to begin with, of at most so many.
func (l Log) first(limit int) int {
	switch {
	case l.Private():
		return min(firstDMs, limit)
	case l.Named():
		return min(firstInRoom, limit)
	}
	return limit
}
