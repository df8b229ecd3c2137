package actors

import (
	"testing"

	"parley/actors/protocol"

	"github.com/asynkron/protoactor-go/actor"
)

// TestAnswerThatAWaveHasOvertakenIsNotTheLast: what a session asked the log for was read before
// the wave's message was stored, and comes after the wave, which a session ignores meanwhile.
func TestAnswerThatAWaveHasOvertakenIsNotTheLast(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	last := redis.logs[Public][0].ID

	room := &chat.census.find(string(KindRoom)).mailbox
	room.PostSystemMessage(&actor.SuspendMailbox{}) // it answers nothing
	eventually(t, "the room is suspended", func() bool {
		room.mu.Lock()
		defer room.mu.Unlock()
		return room.suspended
	})
	asked := func() (n int) {
		room.holds(func(m any) bool {
			if _, is := m.(*CatchUp); is {
				n++
			}
			return false
		})
		return n
	}
	chat.root.Send(u.conn.pid, &Nudge{})
	eventually(t, "the session catches up", func() bool { return asked() == 1 })
	chat.root.Send(u.conn.pid, newWave(Public, last, []protocol.Entry{{ID: last + 1, Frame: protocol.AppendFrame(nil, "{}")}}, nil, 1, func() {}))
	chat.root.Send(u.conn.pid, &Recalled{Read: Read{Log: Public, After: last}, Newest: last})
	eventually(t, "it asks for what the wave has told", func() bool { return asked() == 2 })
	room.PostSystemMessage(&actor.ResumeMailbox{})
}
