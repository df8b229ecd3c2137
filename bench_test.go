package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"parley/drill/rig"
)

// listeners is how many sockets hear each message of BenchmarkFanOut: both ends are
// in this process, which may have 20,000 files open.
const listeners = 8000

// BenchmarkFanOut tells each message to 8,000 sessions over real sockets. An
// operation is one message, from its sender to the last of them.
func BenchmarkFanOut(b *testing.B) {
	n := startNode(b, "REDIS_ADDR="+startRedis(b).Addr(), "MESSAGE_RATE=0", "FRAME_RATE=0", "LOG_LEVEL=warn", "MAX_CONNECTIONS=0")
	for range listeners {
		listen(b, n)
	}
	u := join(b, n, "speaker")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u.say(fmt.Sprintf("msg:speaker:message %d", i))
		u.hear("msg")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/listeners, "ns/delivery")
}

// listen opens a connection that reads and throws away, without allocating.
func listen(b *testing.B, n *node) {
	b.Helper()
	addr := strings.TrimPrefix(n.URL, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil {
		b.Fatal(err)
	}
	_ = answer.Body.Close() // an upgrade has none
	if answer.StatusCode != http.StatusSwitchingProtocols {
		b.Fatalf("the handshake ended with %d", answer.StatusCode)
	}
	go func() {
		var scrap [512]byte
		for {
			if _, err := conn.Read(scrap[:]); err != nil {
				return
			}
		}
	}()
}

// BenchmarkPublish appends messages of one sender as fast as they are stored. An
// operation is one message.
func BenchmarkPublish(b *testing.B) {
	n := startNode(b, "REDIS_ADDR="+startRedis(b).Addr(), "MESSAGE_RATE=0", "FRAME_RATE=0", "LOG_LEVEL=warn")
	join(b, n, "listener")
	u := join(b, n, "speaker")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u.say(fmt.Sprintf("msg#%d:speaker:message", i))
	}
	last := fmt.Sprint(b.N - 1)
	u.await("the last ack", func(f rig.Frame) bool { return f.Type == "ack" && f.Ref == last })
}
