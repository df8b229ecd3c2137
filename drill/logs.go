package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

const (
	// page is how many messages one read takes: some MB.
	page = 10_000

	// inboxKeep is how many messages an inbox keeps; one that is full may have had more.
	inboxKeep = 1000
)

// logReader reads what Redis holds.
type logReader struct{ client *redis.Client }

func newLogReader(addr string) *logReader {
	return &logReader{redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, ContextTimeoutEnabled: true})}
}

// newest is the cursor of a user's newest direct message, 0 where there is none.
func (l *logReader) newest(ctx context.Context, user string) (int64, error) {
	return l.last(ctx, witness.InboxPrefix+user)
}

// newestIn is the id of the newest message in a room, likewise.
func (l *logReader) newestIn(ctx context.Context, room string) (int64, error) {
	return l.last(ctx, witness.RoomPrefix+rig.RoomKey(room))
}

func (l *logReader) last(ctx context.Context, key string) (int64, error) {
	last, err := l.client.ZRangeWithScores(ctx, key, -1, -1).Result()
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return int64(last[0].Score), nil
}

// read takes all logs.
func (l *logReader) read(ctx context.Context) (check.Logs, error) {
	logs := check.Logs{
		Conversations: make(map[check.Conversation][]check.Entry),
		Inboxes:       make(map[string][]check.Entry),
		InboxFloors:   make(map[string]int64),
		Rooms:         make(map[string]check.RoomLogs),
	}
	var err error
	if logs.Members, err = l.members(ctx, witness.MembersKey); err != nil {
		return logs, err
	}
	for _, name := range roomNames {
		room := rig.RoomKey(name)
		names, err := l.members(ctx, witness.RoomMembersKey(room))
		if err != nil {
			return logs, err
		}
		logs.Rooms[room] = check.RoomLogs{Members: append([]string{}, names...)}
	}
	keys := []string{witness.PublicKey}
	for _, prefix := range []string{witness.InboxPrefix, witness.DialoguePrefix, witness.RoomPrefix} {
		some, err := l.keys(ctx, prefix)
		if err != nil {
			return logs, err
		}
		keys = append(keys, some...)
	}
	for _, key := range keys {
		entries, err := l.log(ctx, key)
		if err != nil {
			return logs, err
		}
		witness.Set(&logs, key, entries)
		if user, inbox := strings.CutPrefix(key, witness.InboxPrefix); inbox && len(entries) >= inboxKeep {
			logs.InboxFloors[user] = entries[0].Cursor
		}
	}
	return logs, nil
}

func (l *logReader) members(ctx context.Context, key string) ([]string, error) {
	names, err := l.client.SMembers(ctx, key).Result()
	if err != nil {
		return nil, fmt.Errorf("failed to read the members: %w", err)
	}
	return names, nil
}

func (l *logReader) keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for it := l.client.Scan(ctx, 0, prefix+"*", page).Iterator(); it.Next(ctx); {
		keys = append(keys, it.Val())
	}
	_, err := l.client.Ping(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("failed to list the logs: %w", err)
	}
	return keys, nil
}

// log reads one sorted set, page by page. The score is the id, or in an inbox the cursor; clients only see the frame.
func (l *logReader) log(ctx context.Context, key string) ([]check.Entry, error) {
	var entries []check.Entry
	for from := int64(0); ; from += page {
		members, err := l.client.ZRangeWithScores(ctx, key, from, from+page-1).Result()
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", key, err)
		}
		for _, z := range members {
			entries = append(entries, entry(z, witness.IsInbox(key)))
		}
		if len(members) < page {
			return entries, nil
		}
	}
}

func entry(z redis.Z, inbox bool) check.Entry {
	frame, _ := z.Member.(string)
	return witness.Entry([]byte(frame), int64(z.Score), inbox, hashBytes)
}

func (l *logReader) close() error { return l.client.Close() }
