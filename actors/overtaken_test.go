package actors

import (
	"testing"

	"parley/actors/protocol"
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

	resume := suspend(t, chat, "chat/room") // it answers nothing
	asked := func() int { return waiting[*catchUp](chat, string(KindRoom)) }
	chat.root.Send(u.conn.pid, &nudge{})
	eventually(t, "the session catches up", func() bool { return asked() == 1 })
	chat.root.Send(u.conn.pid, newWave(Public, last, []protocol.Entry{{ID: last + 1, Frame: protocol.AppendFrame(nil, "{}")}}, nil, 1, func() {}))
	chat.root.Send(u.conn.pid, &Recalled{Read: Read{Log: Public, After: last}, Newest: last})
	eventually(t, "it asks for what the wave has told", func() bool { return asked() == 2 })
	resume()
}
