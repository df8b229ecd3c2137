package redisbridge

import (
	"time"

	"parley/actors"
)

// kind is what differs in Redis between logs by what they are for.
type kind struct {
	prefix string        // of the key, before the log's name
	head   string        // of what it holds, before the id; "" where the id comes last
	keep   int           // how many messages; 0: HISTORY_KEEP
	life   time.Duration // how long after the last of them; 0: for ever, but a room's ROOM_KEEP
	events bool          // its channel bears what is appended
	// crowded: many write to it, and every node hears it. So its commits keep a pace, and the
	// newest id that was seen in it counts for good, whoever wrote it; but once its event has
	// come, others remember what was stored.
	crowded bool
	// apart: where ids are ahead of the clock, those of different ones differ by a part of a
	// second. They are unique only inside their log, but a page merges two.
	apart bool
}

const (
	// conversationLog is one direction of a conversation, which gives direct messages their
	// ids: a log that only this package knows.
	conversationLog = ^actors.LogKind(0)
	// inboxKeep is how many direct messages an inbox keeps.
	inboxKeep = 1000
	// inboxLife is how long an inbox and a conversation are kept after their last
	// message.
	inboxLife = 30 * 24 * time.Hour
)

var (
	publicKind       = &kind{prefix: publicKey, head: messageHead, events: true, crowded: true}
	roomKind         = &kind{prefix: roomPrefix, head: messageHead, events: true}
	inboxKind        = &kind{prefix: inboxPrefix, keep: inboxKeep, life: inboxLife, events: true, apart: true}
	conversationKind = &kind{prefix: talkPrefix, head: `{"type":"dm","id":`, life: inboxLife, apart: true}
)

const messageHead = `{"type":"msg","id":`

func kindOf(log actors.Log) *kind {
	switch {
	case log.Kind == conversationLog:
		return conversationKind
	case log.Private():
		return inboxKind
	case log.Named():
		return roomKind
	}
	return publicKind
}

// conversation is the log of what one user said to another.
func conversation(sender, receiver string) actors.Log {
	return actors.Log{Kind: conversationLog, Name: sender + ":" + receiver}
}
