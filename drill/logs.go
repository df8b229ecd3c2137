package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"parley/drill/check"
	"parley/drill/rig"
)

// Keys that the server's logs stand under, as docs/architecture.md lists them.
const (
	publicKey      = "chat:messages"
	membersKey     = "chat:members"
	inboxPrefix    = "chat:inbox:"
	dialoguePrefix = "chat:dm:"
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
	last, err := l.client.ZRangeWithScores(ctx, inboxPrefix+user, -1, -1).Result()
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
	}
	var err error
	if logs.Public, err = l.log(ctx, publicKey, false); err != nil {
		return logs, err
	}
	if logs.Members, err = l.client.SMembers(ctx, membersKey).Result(); err != nil {
		return logs, fmt.Errorf("failed to read the members: %w", err)
	}
	inboxes, err := l.keys(ctx, inboxPrefix)
	if err != nil {
		return logs, err
	}
	for _, key := range inboxes {
		user := strings.TrimPrefix(key, inboxPrefix)
		entries, err := l.log(ctx, key, true)
		if err != nil {
			return logs, err
		}
		logs.Inboxes[user] = entries
		if len(entries) >= inboxKeep {
			logs.InboxFloors[user] = entries[0].Cursor
		}
	}
	dialogues, err := l.keys(ctx, dialoguePrefix)
	if err != nil {
		return logs, err
	}
	for _, key := range dialogues {
		from, to, _ := strings.Cut(strings.TrimPrefix(key, dialoguePrefix), ":")
		if logs.Conversations[check.Conversation{From: from, To: to}], err = l.log(ctx, key, false); err != nil {
			return logs, err
		}
	}
	return logs, nil
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
func (l *logReader) log(ctx context.Context, key string, inbox bool) ([]check.Entry, error) {
	var entries []check.Entry
	for from := int64(0); ; from += page {
		members, err := l.client.ZRangeWithScores(ctx, key, from, from+page-1).Result()
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", key, err)
		}
		for _, z := range members {
			entries = append(entries, entry(z, inbox))
		}
		if len(members) < page {
			return entries, nil
		}
	}
}

func entry(z redis.Z, inbox bool) check.Entry {
	frame, _ := z.Member.(string)
	var m rig.Message
	_ = json.Unmarshal([]byte(frame), &m) // not JSON: an entry that nobody sent, and that nobody can have received
	e := check.Entry{ID: int64(z.Score), Cursor: m.Cursor, From: m.User, To: m.To, Ref: refOf(m.User, m.Text),
		Hash: hashString(frame), TextHash: hashString(m.Text)}
	if inbox {
		e.ID, e.Cursor = m.ID, int64(z.Score)
	}
	return e
}

func (l *logReader) close() error { return l.client.Close() }
