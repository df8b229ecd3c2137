package actors

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// TestConnectionThatEndedWhileTheSessionsDiedIsForgotten: nobody lived to see its session
// end, and its name must not be vouched for for ever.
func TestConnectionThatEndedWhileTheSessionsDiedIsForgotten(t *testing.T) {
	t.Parallel()
	chat, _, sessions := startGated(t, string(KindSessions))
	alice := join(t, chat, "alice")
	bob := join(t, chat, "bob")
	sessions.shut()
	late := connect(t, chat, Newest)
	control(chat, "chat/sessions", &actor.Restart{})
	alice.conn.enter(closed)
	chat.root.Send(alice.conn.pid, &gone{Conn: alice.conn})
	eventually(t, "alice's session ends", func() bool { return alice.conn.is(finished) })
	sessions.open()
	eventually(t, "she is forgotten", func() bool {
		for _, conn := range chat.liveConnections() {
			if conn == alice.conn {
				return false
			}
		}
		return true
	})
	if chat.names()["alice"] || len(chat.former.all(time.Now())) != 1 {
		t.Error("her claim is not a former one")
	}
	alice.leave(true)
	late.hears(`{"type":"init"`)
	bob.talk("bob", "on", 1)
	bob.isAcked("on", 1)
}

// TestConnectionIsHungUpThoughTheSessionsWereKilledWithThat: they are told once.
func TestConnectionIsHungUpThoughTheSessionsWereKilledWithThat(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice := join(t, chat, "alice")
	suspend(t, chat, "chat/sessions")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		chat.Drain(t.Context())
	}()
	eventually(t, "they are told to hang up", func() bool { return waiting[*hangUpAll](chat, string(KindSessions)) > 0 })
	kill(t, chat, string(KindSessions), "", engine.Stop)
	eventually(t, "the connection is closed", func() bool { return len(alice.closes()) > 0 })
	<-ended
}

// TestSessionEndsThoughItDiedWithTheEndOfItsConnection: it is told once, and nobody else need tell it
// anything.
func TestSessionEndsThoughItDiedWithTheEndOfItsConnection(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice := join(t, chat, "alice")
	still(t, chat)
	defer suspend(t, chat, "chat/room")()
	eventually(t, "she has heard all", func() bool { return idle(chat, alice) })
	session := sessionName(alice.conn.ID)
	kill(t, chat, session, "", engine.PanicBefore)
	alice.leave(true)
	eventually(t, "its session has gone", func() bool { return !lives(chat, session) })
}

// TestWhatAClientSaidThatNeverReadIsStoredWhenItLeaves: until then it waits, for there is to be an
// answer.
func TestWhatAClientSaidThatNeverReadIsStoredWhenItLeaves(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.clog(0)
	redis.say(1)
	eventually(t, "the socket is clogged", func() bool { return alice.refusedWrites() > 0 })
	alice.say("msg#r:alice:farewell")
	still(t, chat)
	if n := redis.count(Public, "farewell"); n != 0 {
		t.Error("it did not wait for what the client is to read")
	}
	alice.leave(true)
	eventually(t, "its session has gone", func() bool { return !lives(chat, sessionName(alice.conn.ID)) })
	if n := redis.count(Public, "farewell"); n != 1 {
		t.Errorf("it is stored %d times", n)
	}
}

// TestWhoHasEndedIsNotLetIn: its gone was heard before.
func TestWhoHasEndedIsNotLetIn(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	connect(t, chat, Newest).hears(`{"type":"init"`)
	ended := &Connection{ID: 99, chat: chat, pid: chat.sessions}
	ended.phase.Store(closed)
	chat.root.Send(chat.room, &enter{Conn: ended, Log: Public, Name: "ghost"})
	chat.root.Send(chat.room, &appear{Conn: ended, Name: "ghost"})
	chat.root.Send(chat.dms, &enter{Conn: ended, Log: Inbox("ghost")})
	still(t, chat)
	if lives(chat, "dm-ghost") {
		t.Error("its inbox has an actor")
	}
	redis.mu.Lock()
	defer redis.mu.Unlock()
	if redis.room(Public).members["ghost"] {
		t.Error("it is present")
	}
}
