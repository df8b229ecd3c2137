package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// TestParentThatIsStoppingSpawnsNobody: it would wait for that child for ever, for
// nobody tells it to stop.
func TestParentThatIsStoppingSpawnsNobody(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{KindDMs, KindSessions} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, _ := newChat(t)
			alice := join(t, chat, "alice")
			box := &chat.census.find(string(kind)).mailbox
			box.PostSystemMessage(&actor.SuspendMailbox{})
			eventually(t, "it is suspended", func() bool {
				box.mu.Lock()
				defer box.mu.Unlock()
				return box.suspended
			})
			late := connect(t, chat, Newest)
			for range 3 {
				chat.root.Send(chat.dms, &Enter{Conn: alice.conn, Session: alice.conn.pid, Log: "late"})
			}
			box.mu.Lock() // both at once: Stop is handled, and what waits right after it
			box.system = append(box.system, &actor.Stop{}, &actor.ResumeMailbox{})
			box.mu.Unlock()
			box.PostSystemMessage(&actor.Watch{Watcher: chat.bridge})
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
