package actors

import (
	"slices"
	"testing"

	"parley/actors/protocol"

	"github.com/asynkron/protoactor-go/actor"
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
	for victim, log := range map[string]Log{string(KindRoom): Public, "dm-alice": "alice"} {
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
			box := &chat.census.find(victim).mailbox
			box.PostSystemMessage(&actor.SuspendMailbox{})
			eventually(t, "it hears nothing", func() bool {
				box.mu.Lock()
				defer box.mu.Unlock()
				return box.suspended
			})
			chat.root.Send(top, &RedisChanged{})
			eventually(t, "it was told", func() bool { return box.holds(func(m any) bool { _, is := m.(*RedisChanged); return is }) })
			if redis.gaveBack(log, last) {
				t.Fatal("it was handed back before")
			}
			kill(t, chat, victim, "", Stop)
			eventually(t, "it is handed back", func() bool { return redis.gaveBack(log, last) })
			if victim != string(KindRoom) {
				return
			}
			redis.mu.Lock()
			redis.restored = nil
			redis.mu.Unlock()
			kill(t, chat, victim, "", Stop)
			late := connect(t, chat, Newest)
			late.hears(`"type":"init"`)
			if redis.gaveBack(log, last) {
				t.Error("it is handed back again, though Redis has it")
			}
		})
	}
}

// holds says whether a message of some kind waits.
func (m *mailbox) holds(is func(any) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.user.len() {
		if is(m.user.at(i)) {
			return true
		}
	}
	return false
}
