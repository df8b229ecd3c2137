package main

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// boundPerConnection is what a connection may cost this process, its client's end
// included, in bytes: README states 64 KiB for the server's.
const boundPerConnection = 96 << 10

// heap is what is in use after a collection, stacks included.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestHugeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := dialRaw(t, n)
	go func() { _, _ = io.WriteString(c, "GET /ws HTTP/1.1\r\nX-Huge: "+strings.Repeat("x", 1<<20)+"\r\n\r\n") }()
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answered with %d", answer.StatusCode)
	}
}

func TestFramesThatNoClientSends(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	for name, c := range map[string]struct {
		send func(c *raw)
		code int
	}{
		"not UTF-8":           {func(c *raw) { _ = c.write(text, "msg:\xff\xfe") }, 1007},
		"over 16 KiB":         {func(c *raw) { _ = c.write(text, strings.Repeat("x", 16<<10+1)) }, 1009},
		"compressed":          {func(c *raw) { _ = c.write(text|0x40, "\x00") }, 1002},
		"an unknown opcode":   {func(c *raw) { _ = c.write(0x83, "x") }, 1002},
		"a long ping":         {func(c *raw) { _ = c.write(ping, strings.Repeat("x", 126)) }, 1002},
		"a lone continuation": {func(c *raw) { _ = c.write(0x80, "x") }, 1002},
		"fragments for ever":  {func(c *raw) { _ = c.write(fragment, "x"); go c.repeat(continuation, strings.Repeat("x", 1000)) }, 1009},
		"not masked":          {func(c *raw) { _, _ = c.Write([]byte{text, 1, 'x'}) }, 1002},
		"split in a character": {func(c *raw) {
			_ = c.write(fragment, "join:\xc3")
			_ = c.write(0x80, "\xa9")
			_ = c.write(goodbye, "\x03\xe8")
		}, 1000},
	} {
		r := connectRaw(t, n)
		c.send(r)
		if code := r.closedWith(); code != c.code {
			t.Errorf("%s: closed with %d, not %d", name, code, c.code)
		}
	}
}

// repeat sends a frame until it can't.
func (c *raw) repeat(head byte, payload string) {
	for c.write(head, payload) == nil {
	}
}

func TestNoCompressionIsEverNegotiated(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	status, answer := dialRaw(t, n).shake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
	if got := answer.Values("Sec-WebSocket-Extensions"); status != http.StatusSwitchingProtocols || len(got) > 0 {
		t.Errorf("answered with %d, %q", status, got)
	}
}

func TestFloodOfPingsIsAnsweredAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	alice := join(t, n, "alice")
	reads, stalls := connectRaw(t, n), connectRaw(t, n)
	go stalls.repeat(ping, strings.Repeat("x", 125))
	const pings = 5000
	go func() {
		for i := range pings {
			_ = reads.write(ping, fmt.Sprint(i))
		}
	}()
	for i := range pings {
		if got := reads.hearRaw("a pong", func(head byte, _ string) bool { return head == pong }); got != fmt.Sprint(i) {
			t.Fatalf("pong %s came where %d was due", got, i)
		}
		if i%1000 == 0 {
			alice.say(fmt.Sprintf("msg:alice:steady %d", i))
			alice.hearText(fmt.Sprintf("steady %d", i))
		}
	}
}

func TestFramesOfOneByteAreAnsweredOneByOne(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := connectRaw(t, n)
	const frames = 1000
	go func() {
		for range frames {
			_ = c.write(text, "x")
		}
	}()
	for range frames {
		c.hearRaw("an error", func(_ byte, payload string) bool {
			return strings.HasPrefix(payload, `{"type":"error","code":"bad_frame"`)
		})
	}
}

// TestCrowdThatOnlyComesAndStays never joins, or never reads: it costs what is stated,
// holds nobody up, and what it cost comes back.
func TestCrowdThatOnlyComesAndStays(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "MESSAGE_RATE=0", "FRAME_RATE=0")
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	const crowd, messages = 300, 1500
	before := heap()
	var all []*raw
	for range crowd {
		all = append(all, connectRaw(t, n))
	}
	idle := (heap() - before) / crowd
	body := strings.Repeat("x", 1000)
	var slowest time.Duration
	for i := range messages {
		began := time.Now()
		alice.say(fmt.Sprintf("msg:alice:%d %s", i, body))
		if i%100 == 99 {
			bob.hearText(fmt.Sprintf("%d %s", i, body))
			slowest = max(slowest, time.Since(began))
		}
	}
	clogged := (heap() - before - 2*2*messages*int64(len(body))) / crowd // what alice and bob heard is kept by the test
	t.Logf("a connection costs %d bytes idle and %d clogged, its client's end included; a message took up to %v meanwhile", idle, clogged, slowest)
	if idle > boundPerConnection || clogged > boundPerConnection {
		t.Errorf("a connection costs %d bytes idle and %d clogged", idle, clogged)
	}
	late := all[0]
	for i := range messages { // who reads after all, has missed nothing
		late.hearRaw(fmt.Sprint("message ", i), func(_ byte, payload string) bool {
			if !strings.HasPrefix(payload, `{"type":"msg"`) {
				return false
			}
			if want := fmt.Sprintf(`"text":"%d x`, i); !strings.Contains(payload, want) {
				t.Fatalf("where %s was due came %.80s", want, payload)
			}
			return true
		})
	}
	for _, c := range all {
		_ = c.Close()
	}
	eventually(t, "the crowd is gone", func() bool { return n.metric("parley_connections") == 2 })
}

// TestReconnectStormLeavesRoomForThoseWhoTalk has 1,000 clients come at once, again and
// again, while two talk on.
func TestReconnectStormLeavesRoomForThoseWhoTalk(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	before, goroutines := heap(), runtime.NumGoroutine()
	over := make(chan struct{})
	var storm sync.WaitGroup
	go func() {
		defer close(over)
		for range 2 {
			for range 50 {
				storm.Go(func() {
					for range 10 {
						c, err := rig.Dial(t.Context(), n.WS(), rig.ClientOptions{OnFrame: func(rig.Frame) {}})
						if err != nil {
							t.Error(err)
							return
						}
						c.Drop()
					}
				})
			}
			storm.Wait()
		}
	}()
	var slowest time.Duration
	said := 0
	for storming := true; storming; said++ {
		began := time.Now()
		alice.say(fmt.Sprintf("msg:alice:through the storm %d", said))
		bob.hearText(fmt.Sprintf("through the storm %d", said))
		slowest = max(slowest, time.Since(began))
		select {
		case <-over:
			storming = false
		default:
		}
	}
	t.Logf("%d messages went through the storm, the slowest in %v", said, slowest)
	if slowest > 5*time.Second {
		t.Errorf("a message took %v", slowest)
	}
	eventually(t, "the storm is over", func() bool { return n.metric("parley_connections") == 2 })
	eventually(t, "its goroutines are gone", func() bool { return runtime.NumGoroutine() <= goroutines+20 })
	if left := heap() - before - int64(said)*4096; left > 8<<20 {
		t.Errorf("%d bytes stay in use after the storm", left)
	}
}
