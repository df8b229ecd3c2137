package actors

import (
	"testing"

	"parley/actors/engine"
)

// TestSessionCatchesUpAfterItsFullMailboxShedWaves.
func TestSessionCatchesUpAfterItsFullMailboxShedWaves(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.say(3)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	resume := suspend(t, chat, "chat/sessions/"+sessionName(u.conn.ID))
	for waiting[*engine.Missed](chat, sessionName(u.conn.ID)) == 0 { // wave by wave would take 100 ms each
		chat.root.Send(u.conn.pid, newWave(Public, 0, nil, nil, 1, func() {}))
	}
	redis.say(40)
	eventually(t, "the room is through", func() bool { return waiting[any](chat, "room") == 0 })
	resume()
	u.hasHeardAll("msg", redis.logOf(Public), 0)
}
