package actors

import (
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// gaveBack says whether an entry was handed back to Redis.
func (r *fakeRedis) gaveBack(log Log, id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.restored, func(m *Restore) bool {
		return m.Log == log && slices.ContainsFunc(m.Entries, func(e protocol.Entry) bool { return e.ID == id })
	})
}

// TestWhoIsKilledBeforeItHandsBackIsFollowedByOneThatDoes: a Redis that forgot is told
// only once.
func TestWhoIsKilledBeforeItHandsBackIsFollowedByOneThatDoes(t *testing.T) {
	t.Parallel()
	for path, log := range map[string]Log{"chat/room": Public, "chat/dms/dm-alice": Inbox("alice")} {
		victim := path[strings.LastIndexByte(path, '/')+1:]
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice := join(t, chat, "alice")
			alice.say("dm#d:alice:alice:note")
			alice.hears(`{"type":"dm"`)
			redis.say(1)
			alice.hears(`{"type":"msg"`)
			redis.mu.Lock()
			last := lastID(redis.logs[log])
			top := redis.parent
			redis.mu.Unlock()
			suspend(t, chat, path)
			chat.root.Send(top, &RedisChanged{})
			eventually(t, "it was told", func() bool { return waiting[*RedisChanged](chat, victim) > 0 })
			if redis.gaveBack(log, last) {
				t.Fatal("it was handed back before")
			}
			kill(t, chat, victim, "", engine.Stop)
			eventually(t, "it is handed back", func() bool { return redis.gaveBack(log, last) })
			if victim != string(KindRoom) {
				return
			}
			redis.mu.Lock()
			redis.restored = nil
			redis.mu.Unlock()
			kill(t, chat, victim, "", engine.Stop)
			late := connect(t, chat, Newest)
			late.hears(`"type":"init"`)
			if redis.gaveBack(log, last) {
				t.Error("it is handed back again, though Redis has it")
			}
		})
	}
}

// TestWhatIsHandedBackSaysWhatWasBeforeIt: should that be lost, its log says so to all who read on
// from before.
func TestWhatIsHandedBackSaysWhatWasBeforeIt(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	const held, more = 4, 6
	chat := startChatIn(t, Options{
		Settings: defaults, Bridge: producerOf(redis), Log: zerolog.Nop(), Memory: Memory{Public: held},
	})
	u := connect(t, chat, Newest)
	u.hears(`"type":"init"`)
	redis.say(held + more)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	redis.mu.Lock()
	log, top := redis.logs[Public], redis.parent
	redis.mu.Unlock()
	chat.root.Send(top, &RedisChanged{})
	eventually(t, "it is handed back", func() bool { return redis.gaveBack(Public, lastID(log)) })
	redis.mu.Lock()
	defer redis.mu.Unlock()
	if m := redis.restored[0]; len(m.Entries) != held || m.After != log[more-1].ID {
		t.Errorf("%d are handed back, and before them was %d, not %d", len(m.Entries), m.After, log[more-1].ID)
	}
}
