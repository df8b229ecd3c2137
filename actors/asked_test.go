package actors

import (
	"testing"

	"github.com/rs/zerolog"

	"parley/actors/engine"
)

// What was asked of one that died is not answered any more; nor what was asked by one.

// forgetStowed has what was stowed never done, and gives it.
func (r *fakeRedis) forgetStowed() (stowed []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stowed, r.stowed = r.stowed, nil
	return stowed
}

// TestSessionWaitsForNoAnswerOfALogsActorThatDied: it asked for what is after its cursor, where
// nothing is, so that nothing shows it that it has missed something.
func TestSessionWaitsForNoAnswerOfALogsActorThatDied(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"room": "chat/room", "dm-alice": "chat/dms/dm-alice"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chat, _ := newChat(t)
			alice := join(t, chat, "alice")
			still(t, chat)
			suspend(t, chat, path)
			chat.root.Send(alice.conn.pid, &nudge{})
			eventually(t, "it is asked", func() bool { return waiting[*catchUp](chat, name) > 0 })
			kill(t, chat, name, "", engine.Stop) // with what it has not heard
			still(t, chat)
			alice.say("dm:alice:alice:psst")
			alice.say("msg:alice:hello")
			alice.hears(`{"type":"dm"`)
			alice.hears(`{"type":"msg"`)
		})
	}
}

// TestSessionThatWasCatchingUpAsksTheNextBridge for what is older than what the node remembers.
func TestSessionThatWasCatchingUpAsksTheNextBridge(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	chat := startChatIn(t, Options{
		Settings: defaults, Bridge: producerOf(redis), Log: zerolog.Nop(), Memory: Memory{Public: 4, Inbox: 4},
	})
	slow, bob := join(t, chat, "slow"), join(t, chat, "bob")
	slow.clog(0)
	asked := map[Log]int{}
	redis.stow(func(m any) bool {
		r, is := m.(*Read)
		if is = is && r.To.Equal(slow.conn.pid); is {
			asked[r.Log]++
		}
		return is
	})
	isAsked := func(times int) func() bool {
		return func() bool {
			redis.mu.Lock()
			defer redis.mu.Unlock()
			return asked[Public] == times && asked[Inbox("slow")] == times
		}
	}
	const said = 20
	for range said {
		bob.say("dm:bob:slow:psst")
	}
	bob.talk("bob", "b", said)
	bob.isAcked("b", said)
	still(t, chat)
	slow.unclog()
	eventually(t, "the bridge is asked", isAsked(1))
	kill(t, chat, string(KindBridge), "", engine.Stop)
	eventually(t, "the next bridge is asked", isAsked(2))
	redis.release()
	slow.hasHeardAll("msg", redis.logOf(Public), 0)
	slow.hasHeardAll("dm", redis.logOf(Inbox("slow")), 0)
}

// TestRoomAsksAgainForWhatItWaitsFor: of the next bridge, and where it is itself the next, for the
// answer may have gone to the one before.
func TestRoomAsksAgainForWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	isReadMembers := func(m any) bool { _, is := m.(*ReadMembers); return is }
	for what, is := range map[string]func(any) bool{"the log": isRead, "who is present": isReadMembers} {
		for _, killed := range []engine.Kind{KindBridge, KindRoom} {
			t.Run(what+" "+string(killed), func(t *testing.T) {
				t.Parallel()
				chat, redis := newChat(t)
				u := connect(t, chat, Newest)
				u.hears(`{"type":"init"`)
				redis.stow(is)
				chat.root.Send(chat.room, &engine.Missed{})
				eventually(t, "it is asked", func() bool { return redis.stowing() > 0 })
				redis.forgetStowed()
				kill(t, chat, string(killed), "", engine.Stop)
				eventually(t, "it is asked again", func() bool { return redis.stowing() > 0 })
				redis.release()
				redis.say(1)
				redis.arrive("ann")
				u.hears(`{"type":"msg"`)
				u.hears(`"ann"`)
			})
		}
	}
}
