package protocol

import "slices"

// Entry is one message as a log holds it. Entries are shared between goroutines
// and never changed.
type Entry struct {
	ID    int64  // its place in the log, in µs since the epoch, below 2^53
	Ref   string // by which the append script knows a repeat: name#ref
	Frame []byte // the WebSocket frame; its payload is what the log holds
}

// Payload is the entry's JSON, byte for byte what the log holds.
func (e Entry) Payload() []byte { return payloadOf(e.Frame) }

// Conversation is somebody the user talks with, and the newest id of their talk.
type Conversation struct {
	Peer string
	ID   int64
}

// Place is a room that a name was in, and how far it had followed it.
type Place struct {
	Room   string // as it is spelled
	Cursor int64
}

// RoomSize is a room, and how many names are in it.
type RoomSize struct {
	Room    string // as it is spelled
	Members int64
}

// Reason is why a connection is in a room no more.
type Reason string

// Left is the reason of who has asked for it.
const Left Reason = "left"

// How much of a log fits into a frame, or into what is told at once.

// SizeOf is about how many bytes entries take in a list.
func SizeOf(entries []Entry) int {
	n := 0
	for _, e := range entries {
		n += len(e.Frame)
	}
	return n
}

// NewestWithin cuts entries, oldest first, to the newest that take at most limit
// bytes together, and at least one.
func NewestWithin(entries []Entry, limit int) []Entry {
	for i, e := range slices.Backward(entries) {
		if limit -= len(e.Frame); limit < 0 && i < len(entries)-1 {
			return entries[i+1:]
		}
	}
	return entries
}

// OldestWithin likewise from the other end.
func OldestWithin(entries []Entry, limit int) []Entry {
	for i, e := range entries {
		if limit -= len(e.Frame); limit < 0 && i > 0 {
			return entries[:i]
		}
	}
	return entries
}
