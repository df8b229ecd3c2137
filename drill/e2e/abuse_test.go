package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// boundPerConnection is what a connection may cost the server, in bytes, as docs/security.md says.
const boundPerConnection = 64 << 10

// boundPerListener is what one may that reads what it is sent and says nothing.
const boundPerListener = 16 << 10

// keptPerListener is what stays when it has gone: tables that have grown do not shrink.
const keptPerListener = 2 << 10

// heap is what the server has in use after a collection, stacks included.
func (n *node) heap() int64 {
	n.test.Helper()
	for range 2 { // what the first one finalizes, the second frees
		n.get(n.Admin + "/debug/pprof/heap?gc=1")
	}
	return int64(n.metric("go_memstats_heap_alloc_bytes") + n.metric("go_memstats_stack_inuse_bytes"))
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
		"a ping in fragments": {func(c *raw) { _ = c.write(0x09, "x") }, 1002},
		"one in another":      {func(c *raw) { _ = c.write(fragment, "x"); _ = c.write(text, "y") }, 1002},
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
	n := startNode(t, "FRAME_RATE=0")
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

// TestTenThousandThatNeverJoin hold nobody up, and what they cost comes back.
func TestTenThousandThatNeverJoin(t *testing.T) {
	const crowd, atOnce = 10_000, 50
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	before := n.heap()
	all := make([]*raw, crowd)
	var coming sync.WaitGroup
	for first := range atOnce {
		coming.Go(func() {
			for i := first; i < crowd; i += atOnce {
				all[i] = connectRaw(t, n)
			}
		})
	}
	coming.Wait()
	if t.Failed() {
		return
	}
	eventually(t, "all are there", func() bool { return n.metric("parley_connections") == crowd+2 })
	alice.say("msg:alice:what a crowd")
	bob.hearText("what a crowd")
	all[crowd-1].hearRaw("the message", isMessage("what a crowd"))
	cost := (n.heap() - before) / crowd
	t.Logf("a connection that never joins costs %d bytes", cost)
	if cost > boundPerListener {
		t.Errorf("a connection that never joins costs %d bytes", cost)
	}
	for _, c := range all {
		_ = c.Close()
	}
	eventually(t, "the crowd is gone", func() bool { return n.metric("parley_connections") == 2 })
	eventually(t, "what it cost is back", func() bool { return n.heap()-before < crowd*keptPerListener })
}

// TestCrowdThatOnlyComesAndStays never reads: it costs what is stated, and holds nobody
// up.
func TestCrowdThatOnlyComesAndStays(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	const crowd, messages = 300, 1500
	before := n.heap()
	var all []*raw
	for range crowd {
		all = append(all, connectRaw(t, n))
	}
	idle := (n.heap() - before) / crowd
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
	clogged := (n.heap() - before) / crowd
	t.Logf("a connection costs %d bytes idle and %d clogged; a message took up to %v meanwhile", idle, clogged, slowest)
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

// TestReconnectStormLeavesRoomForThoseWhoTalk has 5,000 clients come, 50 at once, and go,
// while two talk on.
func TestReconnectStormLeavesRoomForThoseWhoTalk(t *testing.T) {
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	before, goroutines := n.heap(), n.metric("go_goroutines")
	over := make(chan struct{})
	var storm sync.WaitGroup
	go func() {
		defer close(over)
		for range 2 {
			for range 50 {
				storm.Go(func() {
					for range 50 {
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
	eventually(t, "its goroutines are gone", func() bool { return n.metric("go_goroutines") <= goroutines+20 })
	if left := n.heap() - before; left > 8<<20 {
		t.Errorf("%d bytes stay in use after the storm", left)
	}
}
