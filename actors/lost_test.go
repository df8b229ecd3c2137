package actors

import (
	"strings"
	"testing"

	"parley/actors/engine"
)

// What a session was killed with in hand, or what came while nobody listened, must
// not matter to its client.

func TestPresenceIsToldAlsoToASessionThatWasKilledWithIt(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.arrive("ann")
	u.believes("ann")
	kill(t, chat, sessionName(u.conn.ID), "", engine.PanicBefore)
	redis.arrive("bob")
	u.believes("ann", "bob")
}

func TestSessionKilledWithDrainedInHandGoesOn(t *testing.T) {
	t.Parallel()
	for _, how := range ways {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			u := connect(t, chat, Newest)
			u.hears(`"type":"init"`)
			u.clog(0)
			redis.say(1)
			eventually(t, "the socket is clogged", func() bool { return u.refusedWrites() > 0 && idle(chat, u) })
			kill(t, chat, sessionName(u.conn.ID), "", how)
			u.unclog()
			redis.say(1)
			u.hasHeardAll("msg", redis.logOf(Public), 0)
		})
	}
}

// TestMessagesBeyondOneGatheringAreTold also where no further message follows.
func TestMessagesBeyondOneGatheringAreTold(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	redis.lose(true)
	redis.say(gatherLimit + 1)
	redis.lose(false)
	redis.mu.Lock()
	log := redis.logs[Public]
	redis.root.Send(redis.subscribers[Public], &Appended{Prev: log[0].ID, Entries: log[1:]})
	redis.mu.Unlock()
	u.hasHeardAll("msg", redis.logOf(Public), 0)
}

// TestActorsThatEndedWithTheirParentAreNotListed: the user left while the dms were
// restarted.
func TestActorsThatEndedWithTheirParentAreNotListed(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	u := join(t, chat, "alice")
	kill(t, chat, "", KindDMs, engine.PanicBefore)
	u.leave(true)
	eventually(t, "the session has gone", func() bool { return !lives(chat, sessionName(u.conn.ID)) })
	eventually(t, "the dm has gone", func() bool { return !lives(chat, "dm-alice") })
}

// TestTailOfAnInboxGoesWithItsUser also where the dms die before its actor has ended.
func TestTailOfAnInboxGoesWithItsUser(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	suspend(t, chat, "chat/dms")
	alice.leave(true)
	kill(t, chat, string(KindDMs), "", engine.Stop) // with what they have not heard
	eventually(t, "alice's tail has gone, and bob's is there", func() bool {
		chat.books.mu.Lock()
		defer chat.books.mu.Unlock()
		return chat.books.by[Inbox("alice")] == nil && chat.books.by[Inbox("bob")] != nil
	})
	bob.say("dm#d:bob:bob:to myself")
	bob.hears(`{"type":"dm"`)
}

// TestFirstFrameIsInitAlsoWhileTheNodeGoesAway: a connection that waits for the log
// is not told to leave before.
func TestFirstFrameIsInitAlsoWhileTheNodeGoesAway(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	redis.stow(isRead)
	chat := startChat(t, redis)
	u := connect(t, chat, Newest)
	eventually(t, "its session waits for the log", func() bool { return redis.stowing() > 0 && idle(chat, u) })
	chat.root.Send(chat.sessions, &drainAll{})
	eventually(t, "it hears something", func() bool { return len(u.heard()) > 0 })
	if first := u.heard()[0]; !strings.HasPrefix(first, `{"type":"init"`) {
		t.Errorf("the first frame is %s", first)
	}
}
