package actors

import (
	"fmt"
	"strings"
	"testing"

	"parley/actors/engine"
)

// refusedUnread gives a client that does not read, and whose message is refused meanwhile,
// though the kernel has taken the refusal.
func refusedUnread(t *testing.T) (alice *client, redis *fakeRedis) {
	t.Helper()
	chat, redis := newChat(t)
	alice = join(t, chat, "alice")
	alice.ignorePings(true)
	redis.stow(isAppend)
	alice.say("msg#18:alice:eighteen")
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	alice.say("msg#19:alice:nineteen")
	alice.hears(`"ref":"19"`)
	redis.release()
	alice.hears(`{"type":"ack","ref":"18"`)
	return alice, redis
}

// hasToWait looks, once its session has nothing more to do, whether what the client said is
// still to be handled.
func (u *client) hasToWait() {
	u.t.Helper()
	eventually(u.t, "its session is idle", func() bool {
		v, lives := u.conn.chat.system.View(sessionName(u.conn.ID))
		return lives && !v.Running
	})
	if _, waits := u.conn.next(); !waits {
		u.t.Error("what was said was handled")
	}
}

// TestWhatIsSaidBehindAnUnreadRefusalWaitsForItToBeRead: a client that comes back says 19 and
// 20 again, for it has an answer to neither, and they must not have swapped.
func TestWhatIsSaidBehindAnUnreadRefusalWaitsForItToBeRead(t *testing.T) {
	t.Parallel()
	alice, redis := refusedUnread(t)
	alice.say("msg#20:alice:twenty")
	alice.hasToWait()
	kill(t, alice.conn.chat, sessionName(alice.conn.ID), "", engine.Restart)
	alice.hasToWait() // for the next one, too
	alice.say("ping:x")
	alice.hasToWait()
	if n := redis.count(Public, `"twenty"`); n != 0 || len(alice.heardOf("pong")) > 0 {
		t.Error("it did not wait")
	}
	alice.ignorePings(false)
	alice.hears(`{"type":"ack","ref":"20"`)
	alice.hears(`{"type":"pong"`)
}

// TestWhatIsSaidBehindARefusalThatIsNeverReadIsNotStored.
func TestWhatIsSaidBehindARefusalThatIsNeverReadIsNotStored(t *testing.T) {
	t.Parallel()
	alice, redis := refusedUnread(t)
	alice.say("msg#20:alice:twenty")
	alice.leave(false)
	eventually(t, "its session has ended", func() bool { return len(alice.conn.chat.liveConnections()) == 0 })
	if n := redis.count(Public, `"twenty"`); n != 0 {
		t.Error("it is stored")
	}
}

// TestPongsThatNobodyAwaitsPassNoFence.
func TestPongsThatNobodyAwaitsPassNoFence(t *testing.T) {
	t.Parallel()
	alice, redis := refusedUnread(t)
	for _, payload := range []string{"x", "\x00\x00\x00\x00", "\x00\x00\x00\x02", "\xff\xff\xff\xff", strings.Repeat("x", 125)} {
		alice.conn.Pong([]byte(payload))
	}
	alice.say("msg#20:alice:twenty")
	alice.hasToWait()
	if n := redis.count(Public, `"twenty"`); n != 0 {
		t.Error("it is stored")
	}
}

// TestEmptyPongPassesAFenceUnlessTheClientCanDoBetter: not every library answers with what the ping bore.
func TestEmptyPongPassesAFenceUnlessTheClientCanDoBetter(t *testing.T) {
	t.Parallel()
	alice, _ := refusedUnread(t)
	alice.say("msg#20:alice:twenty")
	alice.hasToWait()
	if !alice.conn.Pong(nil) {
		t.Error("it was not asked for")
	}
	alice.hears(`{"type":"ack","ref":"20"`)

	alice.conn.awaited.Store(2)
	if !alice.conn.Pong([]byte("\x00\x00\x00\x02")) {
		t.Error("what was asked for is not taken")
	}
	alice.conn.awaited.Store(3)
	if alice.conn.Pong(nil) {
		t.Error("a pong of the client's own accord passes")
	}
}

// TestClientThatSaysMoreThanIsHeldBehindARefusalIsNotStuck: its pong is behind what it says.
func TestClientThatSaysMoreThanIsHeldBehindARefusalIsNotStuck(t *testing.T) {
	t.Parallel()
	alice, redis := refusedUnread(t)
	alice.talk("alice", "many", inputFrames+1)
	for i := range inputFrames {
		if answer := alice.hears(fmt.Sprintf(`"ref":"many-%d"`, i)); !strings.Contains(answer, `"code":"unavailable"`) {
			t.Fatalf("answered with %s", answer)
		}
	}
	if n := redis.count(Public, `many`); n > 0 {
		t.Errorf("%d are stored", n)
	}
	alice.ignorePings(false)
	alice.say("msg#last:alice:last")
	alice.hears(`{"type":"ack","ref":"last"`)
}
