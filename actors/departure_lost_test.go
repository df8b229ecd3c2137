package actors

import (
	"testing"
	"time"

	"parley/actors/engine"
)

// TestDepartureThatARoomDiedWithIsTold: and none of those that come after it lives long enough
// to hear from all who are still there.
func TestDepartureThatARoomDiedWithIsTold(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	join(t, chat, "both")
	began, next := time.Now(), time.Now()
	for _, name := range []string{"alice", "both"} {
		u := join(t, chat, name)
		u.reported.Do(func() { // and the room hears nothing
			close(u.end)
			u.conn.left = time.Now().UnixNano()
			u.conn.enter(closed)
			chat.root.Send(chat.sessions, &gone{Conn: u.conn})
		})
	}
	eventually(t, "it is told that alice left", func() bool {
		if time.Since(next) > Grace/2 {
			kill(t, chat, "room", "", engine.Restart)
			next = time.Now()
		}
		redis.mu.Lock()
		defer redis.mu.Unlock()
		for _, d := range redis.left {
			if d.Name != "alice" || d.At.Sub(began) > Grace/2 {
				t.Errorf("told: %+v, %v later", d, d.At.Sub(began))
			}
		}
		return len(redis.left) > 0
	})
}
