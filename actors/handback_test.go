package actors

import (
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// gaveBack says whether an entry was handed back to Redis.
func (r *fakeRedis) gaveBack(log Log, id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.restored, func(m *Restore) bool {
		return m.Log == log && slices.ContainsFunc(m.Entries, func(e Entry) bool { return e.ID == id })
	})
}

// TestWhoIsKilledBeforeItHandsBackIsFollowedByOneThatDoes: a Redis that forgot is told
// only once.
func TestWhoIsKilledBeforeItHandsBackIsFollowedByOneThatDoes(t *testing.T) {
	t.Parallel()
	for victim, log := range map[string]Log{string(KindRoom): Public, "dm-alice": "alice", string(KindDMs): "bob"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice := join(t, chat, "alice")
			redis.mu.Lock()
			redis.store(Message{Ref: "eve#1", Sender: "eve", Receiver: "alice", Text: "from another node"})
			redis.mu.Unlock()
			alice.hears(`{"type":"dm"`)
			redis.say(1)
			alice.hears(`{"type":"msg"`)
			redis.mu.Lock()
			last := lastID(redis.logs[log])
			top := redis.parent
			redis.mu.Unlock()
			box := &chat.census.find(victim).mailbox
			if log == "bob" { // he is not here: only the dms know of him
				last = 7
				chat.journal.note([]LogEntry{{Log: log, Entry: entry(last)}}, time.Now())
			}
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

// TestWhatWasSaidInPrivateIsHandedBackWhoeverDiedMeanwhile: bob is not here, and once alice has
// her ack, only this node knows of what he was told.
func TestWhatWasSaidInPrivateIsHandedBackWhoeverDiedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{KindChat, KindDMs, KindSession} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice := join(t, chat, "alice")
			victim := string(kind)
			if kind == KindSession {
				victim = sessionName(alice.conn.ID)
			}
			redis.stow(isAppend)
			alice.say("dm#d:alice:bob:note")
			eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
			kill(t, chat, victim, "", PanicBefore)
			redis.release()
			alice.hears(`{"type":"ack","ref":"d"`)
			redis.mu.Lock()
			last, top := lastID(redis.logs["bob"]), redis.parent
			redis.mu.Unlock()
			eventually(t, "it is handed back", func() bool {
				chat.root.Send(top, &RedisChanged{})
				return redis.gaveBack("bob", last)
			})
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
