package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/drill/rig"
	"parley/redisbridge"
	"parley/transport"
)

const (
	// listeners is how many sockets hear each message of BenchmarkFanOut.
	listeners = 10_000
	// listenersOf names the variable that makes this test binary hold their ends, of the
	// server at the address that it is set to: a process may open 20,000 files.
	listenersOf = "PARLEY_LISTENERS_OF"
)

// inside runs a server in this process, so that its allocations are counted, and gives
// the address of its WebSocket.
func inside(b *testing.B) string {
	b.Helper()
	registry, log := prometheus.NewRegistry(), zerolog.Nop()
	store, err := redisbridge.Open(redisbridge.Settings{Addr: startRedis(b).Addr(), HistoryKeep: 10_000, RoomKeep: time.Hour}, "bench", log, registry)
	if err != nil {
		b.Fatal(err)
	}
	chat, err := actors.New(actors.Options{
		Settings: actors.Settings{HistorySize: 20, MaxTextBytes: 4096}, Node: "bench", Bridge: store.Actor, Log: log, Registerer: registry,
	})
	if err != nil {
		b.Fatal(err)
	}
	edge, err := transport.New(context.Background(), transport.Options{
		Settings: transport.Settings{ListenAddr: "127.0.0.1:0", AdminAddr: "off", AllowListeners: true},
		Chat:     chat, Ready: store.Ready, Log: log, Registry: registry,
	})
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = edge.Serve() }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		chat.Drain(ctx)
		chat.Stop(ctx)
		_ = edge.Shutdown(ctx)
		_ = store.Close()
	})
	ready := func() bool { return store.Ready().Trouble == actors.NoTrouble }
	eventually(b, "messages go round", ready)
	return "ws" + strings.TrimPrefix(edge.URL(), "http") + "/ws"
}

// enter joins a server that runs inside.
func enter(b *testing.B, ws, name string) *user {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := rig.Dial(ctx, ws, rig.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	u := &user{Client: c, test: b, name: name}
	u.say("join:" + name)
	u.hear("joined")
	return u
}

// BenchmarkFanOut tells each message to 10,000 sessions over real sockets. An operation
// is one message, from its sender until it has heard it itself; allocations are the
// server's and the sender's.
func BenchmarkFanOut(b *testing.B) {
	ws := inside(b)
	crowd := exec.Command(os.Args[0])
	crowd.Env = append(os.Environ(), listenersOf+"="+strings.TrimSuffix(strings.TrimPrefix(ws, "ws://"), "/ws"))
	crowd.Stderr = os.Stderr
	leave, err := crowd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	there, err := crowd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := crowd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = leave.Close(); _ = crowd.Wait() })
	if _, err := bufio.NewReader(there).ReadString('\n'); err != nil {
		b.Fatalf("the listeners did not come: %v", err)
	}
	u := enter(b, ws, "speaker")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u.say(fmt.Sprintf("msg:speaker:message %d", i))
		u.hear("msg")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/listeners, "ns/delivery")
}

// listen holds the listeners of the server at addr until standard input ends.
func listen(addr string) {
	for range listeners {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_, _ = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
		answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
		if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
			fmt.Fprintln(os.Stderr, "not let in:", err)
			os.Exit(1)
		}
		_ = answer.Body.Close() // an upgrade has none
		go func() {
			var scrap [512]byte
			for {
				if _, err := conn.Read(scrap[:]); err != nil {
					return
				}
			}
		}()
	}
	fmt.Println("all are there")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // its end
}

// BenchmarkPublish appends messages of one sender as fast as they are stored. An
// operation is one message.
func BenchmarkPublish(b *testing.B) {
	ws := inside(b)
	enter(b, ws, "listener")
	u := enter(b, ws, "speaker")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u.say(fmt.Sprintf("msg#%d:speaker:message", i))
	}
	last := fmt.Sprint(b.N - 1)
	u.await("the last ack", func(f rig.Frame) bool { return f.Type == "ack" && f.Ref == last })
}
