package actors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors/protocol"
)

// patience is how long something may take to become true: CI machines stall.
const patience = 30 * time.Second

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	for end := time.Now().Add(patience); !is(); <-every.C {
		if time.Now().After(end) {
			t.Fatalf("it did not come to be that %s", what)
		}
	}
}

// newChat starts a chat of real actors before a fake Redis.
func newChat(t *testing.T) (*Chat, *fakeRedis) {
	t.Helper()
	redis := newFakeRedis()
	return startChat(t, redis), redis
}

func startChat(t *testing.T, redis *fakeRedis) *Chat {
	t.Helper()
	return startChatOf(t, producerOf(redis))
}

func startChatOf(t *testing.T, bridge actor.Producer) *Chat {
	t.Helper()
	return startChatWith(t, bridge, defaults, zerolog.Nop())
}

// defaults are the settings of a chat where a test has none of its own.
var defaults = Settings{HistorySize: 20, MaxTextBytes: 4096, RoomsPerConnection: 50, RoomsPerNode: 1000}

func startChatWith(t *testing.T, bridge actor.Producer, settings Settings, log zerolog.Logger) *Chat {
	t.Helper()
	return startChatIn(t, Options{Settings: settings, Bridge: bridge, Log: log})
}

func startChatIn(t *testing.T, o Options) *Chat {
	t.Helper()
	o.Node, o.Registerer = "node", prometheus.NewRegistry()
	chat, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, conn := range chat.liveConnections() {
			conn.socket.Close(protocol.CloseRestart, "")
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if !chat.awaitNone(ctx) {
			t.Error("connections are left")
		}
		chat.Stop(ctx)
		if ctx.Err() != nil {
			t.Error("actors are left")
		}
	})
	return chat
}

// client is one connection's far end.
type client struct {
	*fakeSocket
	t    *testing.T
	conn *Connection
}

func connect(t *testing.T, chat *Chat, since int64) *client {
	t.Helper()
	u := &client{fakeSocket: newFakeSocket(), t: t}
	u.dial(chat, Resume{Since: since, DMSince: Newest})
	return u
}

func (u *client) dial(chat *Chat, resume Resume) {
	u.t.Helper()
	conn, err := chat.Connect(u.fakeSocket, resume)
	if err != nil {
		u.t.Fatal(err)
	}
	u.conn, u.fakeSocket.conn = conn, conn
	go func() { // what the transport does when its read loop ends
		<-u.end
		u.leave(false)
	}()
}

// leave ends the connection, once.
func (u *client) leave(clean bool) {
	u.reported.Do(func() {
		u.mu.Lock()
		if len(u.codes) == 0 {
			u.codes = []uint16{1000}
			close(u.end)
		}
		u.mu.Unlock()
		u.conn.Closed(clean)
	})
}

// join connects, and joins under a name.
func join(t *testing.T, chat *Chat, name string) *client {
	t.Helper()
	u := connect(t, chat, Newest)
	u.say("join:" + name)
	u.hears(`{"type":"joined"`)
	return u
}

func (u *client) say(frame string) { u.conn.Receive(frame) }

// hears waits for a frame that holds text, and gives it.
func (u *client) hears(text string) (frame string) {
	u.t.Helper()
	eventually(u.t, "the client hears "+text, func() bool {
		frames := u.heard()
		i := slices.IndexFunc(frames, func(f string) bool { return strings.Contains(f, text) })
		if i >= 0 {
			frame = frames[i]
		}
		return i >= 0
	})
	return frame
}

// hasHeardAll waits until the client was told a log from a place in it to its end;
// and says where what it was told differs.
func (u *client) hasHeardAll(kind string, log func() []string, from int) {
	u.t.Helper()
	eventually(u.t, "the client hears as much as the log holds", func() bool {
		told := u.feed(kind)
		return len(told) >= len(log())-from
	})
	told, want := u.feed(kind), log()[from:]
	for i := range max(len(told), len(want)) {
		if i >= len(told) || i >= len(want) || told[i] != want[i] {
			u.t.Fatalf("the client's %d-th message of %d differs from the log's %d", i, len(told), len(want))
		}
	}
}

// logOf gives a log's content when it is asked.
func (r *fakeRedis) logOf(log Log) func() []string { return func() []string { return r.log(log) } }

// talk has the client say n messages, each with a reference.
func (u *client) talk(name, prefix string, n int) {
	for i := range n {
		u.say(fmt.Sprintf("msg#%s-%d:%s:%s %d", prefix, i, name, prefix, i))
	}
}

// isAcked waits until n messages of talk are acked, each once and in order.
func (u *client) isAcked(prefix string, n int) {
	u.t.Helper()
	acks := func() (of []string) {
		for _, f := range u.heardOf("ack") {
			if strings.Contains(f, `"ref":"`+prefix+`-`) {
				of = append(of, f)
			}
		}
		return of
	}
	eventually(u.t, "all that was said is acked", func() bool { return len(acks()) >= n })
	for i, f := range acks() {
		if !strings.Contains(f, fmt.Sprintf(`"ref":"%s-%d"`, prefix, i)) {
			u.t.Fatalf("the %d-th ack is %s", i, f)
		}
	}
}

// gate is a dispatcher that, while it is shut, has an actor do nothing, whatever it is told.
type gate struct {
	actor.Dispatcher
	mu     sync.Mutex
	isShut bool
	due    []func()
}

// startGated starts a chat one of whose actors is behind a gate.
func startGated(t *testing.T, name string) (*Chat, *fakeRedis, *gate) {
	t.Helper()
	redis, g := newFakeRedis(), &gate{Dispatcher: actor.NewDefaultDispatcher(1)}
	chat := startChatIn(t, Options{
		Settings: defaults, Bridge: producerOf(redis), Log: zerolog.Nop(),
		Dispatch: func(of string) actor.Dispatcher {
			if of == name {
				return g
			}
			return actor.NewDefaultDispatcher(1)
		},
	})
	return chat, redis, g
}

func (g *gate) Schedule(run func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isShut {
		g.due = append(g.due, run)
		return
	}
	g.Dispatcher.Schedule(run)
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isShut = true
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isShut = false
	for _, run := range g.due {
		g.Dispatcher.Schedule(run)
	}
	g.due = nil
}

// lives says whether there is an actor with that name.
func lives(chat *Chat, name string) bool {
	_, lives := chat.system.View(name)
	return lives
}

// still waits until nobody has anything to do. What one actor passes on to the next may escape a
// look at all of them, but only while it moves: there are more looks than it moves.
func still(t *testing.T, chat *Chat) {
	t.Helper()
	const looks = 20
	n := 0
	eventually(t, "nobody has anything to do", func() bool {
		n++
		for _, a := range chat.Actors() {
			if v, lives := chat.system.View(a.Name); lives && (v.Running || len(v.Waiting) > 0) {
				n = 0
			}
		}
		return n == looks
	})
}

// control posts a system message to an actor.
func control(chat *Chat, path string, message any) {
	pid := chat.system.PID(strings.Split(path, "/")...)
	process, _ := chat.root.ActorSystem().ProcessRegistry.Get(pid)
	process.SendSystemMessage(pid, message)
}

// suspend has the actor with that path of names hear nothing but of its children's ends, and its own.
func suspend(t *testing.T, chat *Chat, path string) (resume func()) {
	t.Helper()
	control(chat, path, &actor.SuspendMailbox{})
	eventually(t, path+" is suspended", func() bool {
		v, _ := chat.system.View(path[strings.LastIndexByte(path, '/')+1:])
		return v.Suspended
	})
	return func() { control(chat, path, &actor.ResumeMailbox{}) }
}

// waiting counts the messages of a type that wait for an actor.
func waiting[M any](chat *Chat, name string) (n int) {
	v, _ := chat.system.View(name)
	for _, m := range v.Waiting {
		if _, is := m.(M); is {
			n++
		}
	}
	return n
}
