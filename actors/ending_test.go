package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
)

// TestParentThatIsStoppingSpawnsNobody: it would wait for that child for ever, for
// nobody tells it to stop.
func TestParentThatIsStoppingSpawnsNobody(t *testing.T) {
	t.Parallel()
	for _, kind := range []engine.Kind{KindDMs, KindSessions} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, _, gate := startGated(t, string(kind))
			alice := join(t, chat, "alice")
			gate.shut()
			late := connect(t, chat, Newest)
			for range 3 {
				chat.root.Send(chat.dms, &enter{Conn: alice.conn, Log: Inbox("late")})
			}
			control(chat, "chat/"+string(kind), &actor.Stop{}) // comes first
			gate.open()
			alice.say("dm#r:alice:alice:x")
			alice.hears(`"ref":"r"`)
			alice.hears(`{"type":"dm"`)
			late.say("join:late")
			late.hears(`{"type":"joined"`)
		})
	}
}

// TestNodeThatGoesAwayHangsUpOnlyOnceWhatWasSaidHasItsOutcome.
func TestNodeThatGoesAwayHangsUpOnlyOnceWhatWasSaidHasItsOutcome(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	alice.say("msg#r:alice:x")
	eventually(t, "Redis is asked to store it", func() bool { return redis.stowing() == 1 })
	chat.root.Send(chat.sessions, &hangUpAll{})
	chat.root.Send(chat.sessions, &drainAll{}) // heard behind it
	alice.hears(`{"type":"drain"`)
	if codes := alice.closes(); len(codes) > 0 {
		t.Errorf("closed with %v before it is stored", codes)
	}
	redis.release()
	alice.hears(`{"type":"ack","ref":"r"`)
	eventually(t, "the connection is closed", func() bool { return len(alice.closes()) > 0 })
}
