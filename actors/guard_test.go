package actors

import (
	"fmt"
	"slices"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// brittle is a bridge that panics at the messages that are asked for.
type brittle struct {
	fakeBridge
	at func(any) bool
}

func (b *brittle) Receive(ctx actor.Context) {
	b.fakeBridge.Receive(ctx)
	if b.at(ctx.Message()) {
		panic("brittle")
	}
}

// count is a counter's value.
func count(c prometheus.Counter) float64 {
	var m dto.Metric
	_ = c.Write(&m)
	return m.GetCounter().GetValue()
}

// TestActorThatPanicsAtItsEndIsReplacedAllTheSame: in the library a panic at
// Stopping brings the old one back to life, and one at Stopped hangs its parent.
func TestActorThatPanicsAtItsEndIsReplacedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   func(any) bool
	}{
		{"Stopping", func(m any) bool { _, ok := m.(*actor.Stopping); return ok }},
		{"Stopped", func(m any) bool { _, ok := m.(*actor.Stopped); return ok }},
		{"Restarting", func(m any) bool { _, ok := m.(*actor.Restarting); return ok }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			redis := newFakeRedis()
			chat := startChatOf(t, func() actor.Actor { return &brittle{fakeBridge{redis}, c.at} })
			alice := join(t, chat, "alice")
			for i, how := range []engine.How{engine.Stop, engine.Restart, engine.Poison, engine.PanicBefore, engine.PanicAfter, engine.Stop} {
				kill(t, chat, "bridge", "", how)
				alice.talk("alice", fmt.Sprint("b", i), 1)
				alice.isAcked(fmt.Sprint("b", i), 1)
			}
			kill(t, chat, "chat", "", engine.Stop) // and its parent still ends
			alice.talk("alice", "end", 1)
			alice.isAcked("end", 1)
		})
	}
}

// TestActorIsRestartedAfterMoreThanTenPanicsInARow: the library's default stops it
// at the 11th within 10 s, silently.
func TestActorIsRestartedAfterMoreThanTenPanicsInARow(t *testing.T) {
	t.Parallel()
	for _, kind := range []engine.Kind{KindBridge, KindRoom, KindSession, KindDM} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice := join(t, chat, "alice")
			const panics = 12
			restarts := chat.metrics.Restarts.WithLabelValues(string(kind))
			for i := range panics {
				kill(t, chat, "", kind, engine.PanicBefore)
				alice.say(fmt.Sprintf("dm#p%d:alice:alice:x", i))
				redis.say(1)
				alice.hears(fmt.Sprintf(`{"type":"ack","ref":"p%d"`, i))
				eventually(t, "it was restarted", func() bool { return count(restarts) >= float64(i+1) })
			}
			alice.hasHeardAll("msg", redis.logOf(Public), 0)
			alice.hasHeardAll("dm", redis.logOf(Inbox("alice")), 0)
		})
	}
}

// TestSessionThatFailsOverAndOverIsGivenUp: its client connects again, and gets a
// fresh one.
func TestSessionThatFailsOverAndOverIsGivenUp(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	u := connect(t, chat, Newest)
	u.hears(`"type":"init"`)
	name := sessionName(u.conn.ID)
	eventually(t, "its connection is closed", func() bool {
		_, _ = chat.Kill(name, "", engine.PanicBefore)
		chat.root.Send(u.conn.pid, &nudge{})
		return u.closes() != nil
	})
	if codes := u.closes(); !slices.Equal(codes, []uint16{protocol.CloseRestart}) {
		t.Errorf("closed with %v", codes)
	}
}

// TestUserWhoComesBackWhileTheirActorEndsIsServed: spawning it before the
// Terminated of the one before would make the library take the new for the old.
func TestUserWhoComesBackWhileTheirActorEndsIsServed(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	for i := range 100 {
		alice := join(t, chat, "alice")
		alice.say(fmt.Sprintf("dm#c%d:alice:alice:%d", i, i))
		alice.hears(fmt.Sprintf(`"text":"%d"`, i))
		kill(t, chat, "dm-alice", "", []engine.How{engine.Stop, engine.Poison, engine.Restart}[i%3])
		alice.leave(true)
	}
	alice := join(t, chat, "alice")
	alice.hasHeardAll("dm", redis.logOf(Inbox("alice")), 80)
}

func TestEachChildIsOnceInTheTreeWhateverHappened(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	alice := join(t, chat, "alice")
	for i, how := range slices.Repeat([]engine.How{engine.Stop, engine.Restart, engine.Poison}, 5) {
		for _, kind := range []engine.Kind{KindBridge, KindRoom, KindRooms, KindDMs, KindSessions} {
			kill(t, chat, "", kind, how)
		}
		alice.talk("alice", fmt.Sprint("e", i), 1)
		alice.isAcked(fmt.Sprint("e", i), 1)
	}
	eventually(t, "all are there, once", func() bool {
		var names []string
		for _, a := range chat.Actors() {
			names = append(names, a.Parent+">"+a.Name)
		}
		slices.Sort(names)
		return slices.Equal(names, []string{">chat", "chat>bridge", "chat>dms", "chat>room", "chat>rooms", "chat>sessions", "dms>dm-alice", "sessions>session-1"})
	})
}
