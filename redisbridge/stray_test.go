package redisbridge

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/engine"
)

// stumbler is a hook of the client that panics the first time each kind of command
// passes by, before or after Redis has done it.
type stumbler struct {
	after bool

	mu       sync.Mutex
	stumbled []string
}

func (s *stumbler) stumble(commands ...redis.Cmder) {
	kind := commands[0].Name()
	if kind == "evalsha" {
		for _, script := range allScripts {
			if script.Hash() == commands[0].Args()[1] {
				kind = script.Hash()
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.stumbled, kind) {
		s.stumbled = append(s.stumbled, kind)
		panic("stumbled at " + commands[0].Name())
	}
}

func (s *stumbler) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stumbled)
}

func (s *stumbler) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *stumbler) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "info" || cmd.Name() == "hello" || cmd.Name() == "client" {
			return next(ctx, cmd) // of the handshake
		}
		if s.after {
			defer s.stumble(cmd)
		} else {
			s.stumble(cmd)
		}
		return next(ctx, cmd)
	}
}

func (s *stumbler) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if s.after {
			defer s.stumble(cmds...)
		} else {
			s.stumble(cmds...)
		}
		return next(ctx, cmds)
	}
}

// guest is a connection to a chat on a real bridge, and all it was told.
type guest struct {
	chat *actors.Chat
	conn *actors.Connection
	log  *logbook

	mu   sync.Mutex
	told []byte
}

func (g *guest) Write(frames []byte) bool { g.Offer(frames); return true }

func (g *guest) Offer(frames []byte) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told = append(g.told, frames...)
	return len(frames)
}

func (g *guest) Close(uint16, string) {}

func (g *guest) heard(text string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return bytes.Count(g.told, []byte(text))
}

func (g *guest) hears(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the client hears "+text, func() bool { return g.heard(text) > 0 })
}

// insists says a frame with a reference until it is acked: again only when it was refused.
func (g *guest) insists(t *testing.T, frame, ref string) {
	t.Helper()
	said, answer := 0, `"ref":"`+ref+`"`
	eventually(t, frame+" is acked", func() bool {
		if g.heard(`{"type":"ack",`+answer) > 0 {
			return true
		}
		if g.heard(answer) == said {
			said++
			g.conn.Receive(frame)
		}
		return false
	})
}

// restarts says how often the bridge was restarted.
func (g *guest) restarts() int {
	for _, a := range g.chat.Actors() {
		if a.Kind == actors.KindBridge {
			return a.Restarts
		}
	}
	return 0
}

// logbook keeps what is logged.
type logbook struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (j *logbook) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(line)
}

// panics are the entries that have a stack.
func (j *logbook) panics(t *testing.T) (entries []map[string]any) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range bytes.Lines(j.lines.Bytes()) {
		var entry map[string]any
		must(t, json.Unmarshal(line, &entry))
		if entry["stack"] != nil {
			entries = append(entries, entry)
		}
	}
	return entries
}

// newGuest connects to a chat on a bridge before the Redis at addr, through a client
// with a hook.
func newGuest(t *testing.T, addr string, hook redis.Hook) *guest {
	t.Helper()
	g := &guest{log: &logbook{}}
	log := zerolog.New(g.log)
	store, err := Open(Settings{Addr: addr, HistoryKeep: 100, RoomKeep: time.Hour}, "n", log, prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	store.client.AddHook(hook)
	g.chat, err = actors.New(actors.Options{
		Settings: actors.Settings{HistorySize: 20, MaxTextBytes: 4096}, Node: "n",
		Bridge: store.Actor, Log: log, Registerer: prometheus.NewRegistry(),
	})
	must(t, err)
	t.Cleanup(func() { g.chat.Stop(soon(t)) })
	g.conn, err = g.chat.Connect(g, actors.Resume{Since: actors.Newest, DMSince: actors.Newest})
	must(t, err)
	t.Cleanup(func() { g.conn.Closed(true) })
	eventually(t, "Redis can be asked", func() bool { return store.Ready().Trouble == actors.NoTrouble })
	return g
}

// TestPanicOfALaneRestartsTheBridgeAndAllIsAnsweredOnce: whichever lane it was.
func TestPanicOfALaneRestartsTheBridgeAndAllIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"before Redis did it": false, "after Redis did it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRedis(t)
			s := &stumbler{after: after}
			g := newGuest(t, r.Addr(), s)
			g.insists(t, "join#j:alice", "j")
			g.insists(t, "msg#m:alice:hello", "m")
			g.insists(t, "dm#d:alice:bob:psst", "d")
			g.hears(t, `"text":"hello"`)
			g.hears(t, `"text":"psst"`)
			if got := texts(t, r); len(got) != 1 {
				t.Errorf("stored: %q", got)
			}
			for _, text := range []string{`{"type":"ack","ref":"m"`, `{"type":"ack","ref":"d"`, `"text":"hello"`, `"text":"psst"`} {
				if n := g.heard(text); n != 1 {
					t.Errorf("%s was told %d times", text, n)
				}
			}
			eventually(t, "each panic is in the log", func() bool { return len(g.log.panics(t)) == s.times() })
			restarts := 0
			for _, entry := range g.log.panics(t) {
				stack, _ := entry["stack"].(string)
				reason, _ := entry["reason"].(string)
				if !strings.HasPrefix(reason, "stumbled at ") || !strings.Contains(stack, "redisbridge.(*bridge).run") {
					t.Errorf("logged: %v", entry)
				}
				if entry["actor"] == "bridge" {
					restarts++ // two lanes at once are one restart
				}
			}
			if n := s.times(); n < 5 || restarts < 5 || g.restarts() != restarts {
				t.Errorf("%d panics, %d of them the actor's, %d restarts", n, restarts, g.restarts())
			}
		})
	}
}

// tripwire is a hook whose connections panic at the first read that holds text.
type tripwire struct {
	text    []byte
	tripped sync.Once
}

func (w *tripwire) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		return &trippingConn{conn, w}, err
	}
}

func (w *tripwire) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (w *tripwire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

type trippingConn struct {
	net.Conn
	wire *tripwire
}

func (c *trippingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if bytes.Contains(p[:n], c.wire.text) {
		c.wire.tripped.Do(func() { panic("tripped") })
	}
	return n, err
}

// TestPanicOfTheLinksReaderRestartsTheBridgeAndItsMessageIsHeardOnce.
func TestPanicOfTheLinksReaderRestartsTheBridgeAndItsMessageIsHeardOnce(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	g := newGuest(t, r.Addr(), &tripwire{text: []byte(`"text":"hello"`)})
	g.insists(t, "join#j:alice", "j")
	g.conn.Receive("msg#m:alice:hello")
	g.conn.Receive("msg#n:alice:there")
	g.hears(t, `"text":"hello"`)
	g.hears(t, `"text":"there"`)
	g.hears(t, `{"type":"ack","ref":"m"`)
	if n := g.heard(`"text":"hello"`); n != 1 || g.restarts() != 1 {
		t.Errorf("heard %d times, the bridge was restarted %d times", n, g.restarts())
	}
	entries := g.log.panics(t)
	if len(entries) != 1 || !strings.Contains(entries[0]["stack"].(string), "readLink") || entries[0]["reason"] != "tripped" {
		t.Errorf("logged: %v", entries)
	}
}

// staller is a hook that holds one append back, and panics when it is let go.
type staller struct {
	tripwire
	stalled    atomic.Bool
	held, free chan struct{}
}

func (s *staller) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if args := cmds[0].Args(); len(args) > 1 && args[1] == appendScript.Hash() {
			if s.stalled.CompareAndSwap(false, true) {
				close(s.held)
				<-s.free
				panic("let go")
			}
		}
		return next(ctx, cmds)
	}
}

func (s *staller) DialHook(next redis.DialHook) redis.DialHook { return next }

// TestPanicOfAnEarlierIncarnationsLaneIsOnlyLogged.
func TestPanicOfAnEarlierIncarnationsLaneIsOnlyLogged(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	s := &staller{held: make(chan struct{}), free: make(chan struct{})}
	g := newGuest(t, r.Addr(), s)
	g.insists(t, "join#j:alice", "j")
	g.conn.Receive("msg#m:alice:hello")
	<-s.held
	_, err := g.chat.Kill("bridge", "", engine.Restart)
	must(t, err)
	g.hears(t, `{"type":"ack","ref":"m"`)
	close(s.free)
	eventually(t, "its panic is logged", func() bool { return len(g.log.panics(t)) == 1 })
	g.insists(t, "msg#n:alice:there", "n")
	if got := texts(t, r); len(got) != 2 || g.restarts() != 1 {
		t.Errorf("stored %q, restarted %d times", got, g.restarts())
	}
}

// TestPanicThatComesHomeLateEndsNobody: the message was under way during a restart.
func TestPanicThatComesHomeLateEndsNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, openStore(t, startRedis(t).Addr(), "n", 10))
	h.root.Send(h.bridge, &panicked{by: newBridge(h.store), stray: &engine.Stray{Reason: "late"}})
	if o := h.outcome(h.say("hello")); o.Code != "" {
		t.Errorf("the outcome is %+v", o)
	}
	if n := len(of[*actors.BridgeStarted](h.ear)); n != 1 {
		t.Errorf("the bridge began %d times", n)
	}
}
