package actors

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// TestConnectionThatEndedWhileTheSessionsDiedIsForgotten: nobody lived to see its session
// end, and its name must not be vouched for for ever.
func TestConnectionThatEndedWhileTheSessionsDiedIsForgotten(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice := join(t, chat, "alice")
	bob := join(t, chat, "bob")
	chat.census.mu.Lock() // the sessions can't make another, and wait
	late := connect(t, chat, Newest)
	box := &chat.census.alive[string(KindSessions)].mailbox
	eventually(t, "the sessions are at it", func() bool { return box.UserMessageCount() == 0 })
	box.PostSystemMessage(&actor.Restart{})
	alice.conn.closed.Store(true)
	chat.root.Send(alice.conn.pid, &disconnected{conn: alice.conn})
	eventually(t, "alice's session ends", func() bool {
		for range 2 * unhurried { // no worker is woken for one that waits: no actor ever does
			chat.workers.Schedule(func() {})
		}
		return alice.conn.finished.Load()
	})
	chat.census.mu.Unlock()
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
	box := &chat.census.find(string(KindSessions)).mailbox
	box.PostSystemMessage(&actor.SuspendMailbox{})
	eventually(t, "they hear nothing", func() bool {
		box.mu.Lock()
		defer box.mu.Unlock()
		return box.suspended
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		chat.Drain(t.Context())
	}()
	eventually(t, "they are told to hang up", func() bool { return box.holds(func(m any) bool { _, is := m.(*hangUpAll); return is }) })
	kill(t, chat, string(KindSessions), "", Stop)
	eventually(t, "the connection is closed", func() bool { return len(alice.closes()) > 0 })
	<-ended
}
