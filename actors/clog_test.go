package actors

import (
	"fmt"
	"testing"

	"parley/actors/protocol"
)

// TestCloggedSocketIsWrittenNothingMoreAndCatchesUpInOrder: what the socket takes
// before it clogs may end anywhere.
func TestCloggedSocketIsWrittenNothingMoreAndCatchesUpInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ space, more int }{
		{0, 1}, {0, 300}, {100, 300}, {5_000, 300}, {40_000, 3_000},
	} {
		t.Run(fmt.Sprint(c.space, " bytes ", c.more, " messages"), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			slow, witness := join(t, chat, "slow"), connect(t, chat, Newest)
			redis.say(5)
			slow.hasHeardAll("msg", redis.logOf(Public), 0)
			slow.clog(c.space)
			for range 10 {
				redis.say(c.more/10 + 1)
				witness.hasHeardAll("msg", redis.logOf(Public), 0)
			}
			eventually(t, "the socket is clogged", func() bool { return slow.refusedWrites() > 0 })
			redis.say(10)
			witness.hasHeardAll("msg", redis.logOf(Public), 0)
			eventually(t, "the session has nothing to do", func() bool { return idle(chat, slow) })
			if n := slow.refusedWrites(); n != 1 {
				t.Errorf("written to %d times, though it takes no more", n)
			}
			slow.unclog()
			redis.say(5)
			slow.hasHeardAll("msg", redis.logOf(Public), 0)
		})
	}
}

// idle says whether nothing waits for a client's session.
func idle(chat *Chat, u *client) bool {
	v, lives := chat.system.View(sessionName(u.conn.ID))
	return lives && len(v.Waiting) == 0 && !v.Running
}

func TestCloggedClientIsToldWhoIsPresentWhenItReadsOn(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	slow, witness := connect(t, chat, Newest), connect(t, chat, Newest)
	redis.arrive("ann")
	slow.believes("ann")
	slow.clog(0)
	redis.say(1)
	eventually(t, "the socket is clogged", func() bool { return slow.refusedWrites() > 0 })
	redis.arrive("bob")
	witness.believes("ann", "bob")
	slow.unclog()
	slow.believes("ann", "bob")
}

// TestReadLoopWaitsWhenTheSessionIsBehind, and goes on in the order sent.
func TestReadLoopWaitsWhenTheSessionIsBehind(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	const n = outboxMessages + inputFrames + 50
	said := make(chan int, n)
	go func() {
		defer close(said)
		for i := range n {
			alice.say(fmt.Sprintf("msg#w-%d:alice:%d", i, i))
			said <- i
		}
	}()
	full := func() bool {
		alice.conn.mu.Lock()
		defer alice.conn.mu.Unlock()
		return alice.conn.input.Len() == inputFrames
	}
	eventually(t, "the read loop waits", func() bool { return full() && idle(chat, alice) })
	if got := len(said); got > outboxMessages+inputFrames {
		t.Errorf("%d frames were taken in, more than %d and %d", got, outboxMessages, inputFrames)
	}
	redis.release()
	alice.isAcked("w", n)
	for range said { // ends when the loop does
	}
	alice.hasHeardAll("msg", redis.logOf(Public), 0)
}

func TestReadLoopThatWaitsEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range outboxMessages + inputFrames + 50 {
			alice.say("msg:alice:x")
		}
	}()
	eventually(t, "the outbox is full", func() bool { return redis.stowing() > 0 })
	alice.conn.close(protocol.CloseNotAllowed, "")
	<-ended
	redis.release()
}
