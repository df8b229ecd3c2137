package actors

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// ways are those that a session outlives on its socket.
var ways = []engine.How{engine.PanicBefore, engine.PanicAfter, engine.Restart, engine.Poison}

func kill(t *testing.T, chat *Chat, name string, kind engine.Kind, how engine.How) {
	t.Helper()
	if _, err := chat.Kill(name, kind, how); err != nil && !errors.Is(err, engine.ErrNoSuchActor) {
		t.Errorf("%s of %s%s: %v", how, name, kind, err)
	}
}

// TestKilledSessionGoesOnWithNoHoleDoubleOrReorder while messages flow both ways.
func TestKilledSessionGoesOnWithNoHoleDoubleOrReorder(t *testing.T) {
	t.Parallel()
	for _, how := range ways {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice := join(t, chat, "alice")
			const rounds = 8
			for i := range rounds {
				kill(t, chat, sessionName(alice.conn.ID), "", how)
				alice.talk("alice", fmt.Sprint("r", i), 20)
				redis.say(20)
				alice.say(fmt.Sprintf("dm#d%d:alice:bob:psst %d", i, i))
			}
			for i := range rounds {
				alice.isAcked(fmt.Sprint("r", i), 20)
			}
			alice.hasHeardAll("msg", redis.logOf(Public), 0)
			alice.hasHeardAll("dm", redis.logOf(Inbox("alice")), 0)
			if n := redis.count(Public, `"alice"`); n != rounds*20 {
				t.Errorf("%d messages are stored, of %d", n, rounds*20)
			}
			if codes := alice.closes(); codes != nil {
				t.Errorf("its socket was closed with %v", codes)
			}
		})
	}
}

func TestStopOfASessionClosesItsSocketWith1012(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice := join(t, chat, "alice")
	bob := join(t, chat, "bob")
	kill(t, chat, sessionName(alice.conn.ID), "", engine.Stop)
	<-alice.end
	if codes := alice.closes(); !slices.Equal(codes, []uint16{protocol.CloseRestart}) {
		t.Errorf("closed with %v", codes)
	}
	eventually(t, "its session is gone", func() bool { return !lives(chat, sessionName(alice.conn.ID)) })
	bob.talk("bob", "still", 1)
	bob.isAcked("still", 1)
	if codes := bob.closes(); codes != nil {
		t.Errorf("another's socket was closed with %v", codes)
	}
}

// TestWhatWasSaidBeforeAStopIsStored: the bridge that was asked to dies, and nobody but the
// stopped session's next incarnation knows of it.
func TestWhatWasSaidBeforeAStopIsStored(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	var asked atomic.Int32
	redis.stow(func(m any) bool {
		if isAppend(m) {
			asked.Add(1)
		}
		return isAppend(m)
	})
	alice.say("dm:alice:bob:psst")
	eventually(t, "the bridge is asked", func() bool { return asked.Load() == 1 })
	kill(t, chat, sessionName(alice.conn.ID), "", engine.Stop)
	<-alice.end
	kill(t, chat, string(KindBridge), "", engine.Stop)
	eventually(t, "the next bridge is asked", func() bool { return asked.Load() > 1 })
	redis.release()
	eventually(t, "her session is gone", func() bool { return !lives(chat, sessionName(alice.conn.ID)) })
	if n := redis.count(Inbox("bob"), `"psst"`); n != 1 {
		t.Errorf("it is stored %d times", n)
	}
}

// TestEveryKindIsKilledInEveryWayAndAllIsServedAgain, the top supervisor too,
// during traffic. Only a session's stop ends its connection.
func TestEveryKindIsKilledInEveryWayAndAllIsServedAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []engine.Kind{KindChat, KindBridge, KindRoom, KindDMs, KindDM, KindSessions, KindSession} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
			hows := ways
			if kind != KindSession {
				hows = append(slices.Clone(ways), engine.Stop)
			}
			for i, how := range hows {
				for j := range 4 {
					prefix := fmt.Sprint("t", i, "-", j)
					kill(t, chat, "", kind, how)
					alice.talk("alice", prefix, 5)
					redis.say(5)
					bob.say(fmt.Sprintf("dm#%s-5:bob:alice:%s", prefix, prefix))
					alice.isAcked(prefix, 5)
					bob.hears(fmt.Sprintf(`"ref":"%s-5"`, prefix))
				}
			}
			for _, u := range []*client{alice, bob} {
				u.hasHeardAll("msg", redis.logOf(Public), 0)
				if codes := u.closes(); codes != nil {
					t.Errorf("a socket was closed with %v", codes)
				}
			}
			alice.hasHeardAll("dm", redis.logOf(Inbox("alice")), 0)
			bob.hasHeardAll("dm", redis.logOf(Inbox("bob")), 0)
			late := join(t, chat, "carol")
			late.talk("carol", "late", 1)
			late.isAcked("late", 1)
			late.leave(true)
			for _, u := range []*client{alice, bob} {
				u.believes("alice", "bob")
			}
		})
	}
}

// TestEverythingKilledAtOnceIsServedAgain: parents restart while their children fail,
// and are stopped while they restart.
func TestEverythingKilledAtOnceIsServedAgain(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	for i, how := range slices.Repeat(append(slices.Clone(ways), engine.Stop), 4) {
		for _, a := range chat.Actors() {
			if a.Kind != KindSession || how != engine.Stop {
				kill(t, chat, a.Name, "", how)
			}
		}
		alice.talk("alice", fmt.Sprint("k", i), 3)
		redis.say(3)
		alice.isAcked(fmt.Sprint("k", i), 3)
	}
	alice.hasHeardAll("msg", redis.logOf(Public), 0)
}

func TestKillSaysWhatItCannotKill(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	connect(t, chat, Newest).hears(`{"type":"init"`)
	if _, err := chat.Kill("nobody", "", engine.Restart); !errors.Is(err, engine.ErrNoSuchActor) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := chat.Kill("", KindDM, engine.Restart); !errors.Is(err, engine.ErrNoSuchActor) {
		t.Errorf("a kind of which none lives: %v", err)
	}
	if _, err := chat.Kill("", KindRoom, "kindly"); !errors.Is(err, engine.ErrUnknownHow) {
		t.Errorf("kindly: %v", err)
	}
	if info, err := chat.Kill("", KindRoom, engine.Restart); err != nil || info.Kind != KindRoom || info.Parent != "chat" {
		t.Errorf("killed %+v (%v)", info, err)
	}
}
