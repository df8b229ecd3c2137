package witness

import (
	"encoding/json"
	"strings"

	"parley/drill/check"
	"parley/drill/rig"
)

// Keys that the server's logs stand under, as docs/architecture.md lists them.
const (
	PublicKey      = "chat:messages"
	MembersKey     = "chat:members"
	InboxPrefix    = "chat:inbox:"
	DialoguePrefix = "chat:dm:"
	RoomPrefix     = "chat:room:"
)

// RoomMembersKey is where the names in a room stand.
func RoomMembersKey(room string) string { return "{" + RoomPrefix + room + "}:members" }

// TrimmedKey is where stands how far a log is trimmed.
func TrimmedKey(log string) string { return "{" + log + "}:trimmed" }

// IsInbox says whether a log's places are cursors.
func IsInbox(key string) bool { return strings.HasPrefix(key, InboxPrefix) }

// Entry is what a log holds at a place: its id, or in an inbox the cursor.
func Entry(member []byte, place int64, inbox bool, hash func([]byte) uint64) check.Entry {
	var m rig.Message
	_ = json.Unmarshal(member, &m) // not JSON: an entry that nobody sent, and that nobody can have received
	e := check.Entry{ID: place, Cursor: m.Cursor, From: m.User, To: m.To, Ref: RefOf(m.User, m.Text),
		Hash: hash(member), TextHash: hash([]byte(m.Text))}
	if inbox {
		e.ID, e.Cursor = m.ID, place
	}
	return e
}

// Set puts a log into the place where it belongs, by its key.
func Set(logs *check.Logs, key string, entries []check.Entry) {
	if user, ok := strings.CutPrefix(key, InboxPrefix); ok {
		logs.Inboxes[user] = entries
	} else if between, ok := strings.CutPrefix(key, DialoguePrefix); ok {
		from, to, _ := strings.Cut(between, ":")
		logs.Conversations[check.Conversation{From: from, To: to}] = entries
	} else if room, ok := strings.CutPrefix(key, RoomPrefix); ok {
		r := logs.Rooms[room]
		r.Entries = entries
		logs.Rooms[room] = r
	} else {
		logs.Public = entries
	}
}
