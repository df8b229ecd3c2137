package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// TestResumeAnywhereUnderLoad cuts connections all the time, while about a thousand
// messages a second go by; each comes back on the other node.
func TestResumeAnywhereUnderLoad(t *testing.T) {
	redis := startRedis(t)
	open := []string{"REDIS_ADDR=" + redis.Addr()}
	a, b := startNode(t, open...), startNode(t, open...)
	tr := startTraffic(t, redis, 8, a, b)
	for i := range 40 {
		tr.said(50)
		w := tr.talkers[i%len(tr.talkers)]
		w.mu.Lock()
		c := w.conn
		w.mu.Unlock()
		if c != nil {
			c.Drop()
		}
	}
	tr.said(200)
	tr.finish()
	if n := tr.connectionsEnded(); n < 20 {
		t.Errorf("only %d connections ended: the test has tested little", n)
	}
}

func TestResumePastWhatIsKeptIsTruncated(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr(), "HISTORY_KEEP=50")
	alice := join(t, n, "alice")
	var ids []int64
	for i := range 80 {
		alice.say(fmt.Sprintf("msg:alice:line %d", i))
		ids = append(ids, alice.hearText(fmt.Sprintf("line %d", i)).ID)
	}
	if kept := do(t, redis, "ZCARD", "chat:messages"); fmt.Sprint(kept) != "50" {
		t.Errorf("the log keeps %v", kept)
	}
	n.Stop() // its memory would serve what Redis no longer keeps
	n = startNode(t, "REDIS_ADDR="+redis.Addr(), "HISTORY_KEEP=50")
	for _, c := range []struct {
		since     int64
		messages  int
		truncated bool
	}{{ids[79], 0, false}, {ids[40], 39, false}, {ids[29], 50, false}, {ids[20], 50, true}, {0, 50, true}} {
		o := connect(t, n, fmt.Sprintf("?since=%d", c.since)).hearInit()
		if len(o.History) != c.messages || o.Truncated != c.truncated || o.Cursor != ids[79] {
			t.Errorf("since %d: %d messages, truncated %v, cursor %d", c.since, len(o.History), o.Truncated, o.Cursor)
		}
	}
}

func TestLongResumeGoesOnInOrdinaryFrames(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	const messages = 3000
	for i := range messages {
		alice.say(fmt.Sprintf("msg:alice:line %d", i))
	}
	alice.hearText(fmt.Sprintf("line %d", messages-1))
	back := connect(t, n, "?since=0")
	o := back.hearInit()
	if len(o.History) == 0 || len(o.History) > 1000 || o.Truncated {
		t.Fatalf("resumed with %d messages, truncated %v", len(o.History), o.Truncated)
	}
	last, count := o.History[len(o.History)-1].ID, len(o.History)
	for count < messages {
		f := back.hear("msg")
		if f.ID <= last {
			t.Fatalf("%d after %d", f.ID, last)
		}
		last = f.ID
		count++
	}
	if last != o.Cursor {
		t.Errorf("ended at %d, the cursor was %d", last, o.Cursor)
	}
}

func TestDirectMessagesResumeByTheirCursor(t *testing.T) {
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, a, "alice")
	bob := connect(t, b, "")
	bob.say("join:bob")
	token := bob.hearJoined().Token
	var cursors []int64
	for i := range 30 {
		alice.say(fmt.Sprintf("dm#d%d:alice:bob:note %d", i, i))
		cursors = append(cursors, bob.hearText(fmt.Sprintf("note %d", i)).Cursor)
	}
	bob.Drop()
	alice.say("dm:alice:bob:while away")
	alice.hearText("while away")
	for _, n := range []*node{a, b} {
		back := connect(t, n, fmt.Sprintf("?dmsince=%d", cursors[9]))
		back.say("join:bob:" + token)
		j := back.hearJoined()
		if len(j.DMs) != 21 || j.DMs[0].Text != "note 10" || j.DMs[20].Text != "while away" || j.Truncated {
			t.Errorf("resumed with %d direct messages, truncated %v", len(j.DMs), j.Truncated)
		}
	}
}

func TestRepeatedReferenceIsStoredOnceOnAnyNode(t *testing.T) {
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := connect(t, a, "")
	alice.say("join:alice")
	token := alice.hearJoined().Token
	other := connect(t, b, "")
	other.say("join:alice:" + token)
	other.hear("joined")
	alice.say("msg#r:alice:first")
	first := alice.hear("ack")
	for _, u := range []*user{alice, other} {
		u.say("msg#r:alice:another text")
		if again := u.hear("ack"); again.ID != first.ID {
			t.Errorf("a repeat was acked with %d, the first with %d", again.ID, first.ID)
		}
	}
	// The same reference to two receivers is two messages; to one, one.
	for range 2 {
		alice.say("dm#r:alice:bob:to bob")
		alice.say("dm#r:alice:carol:to carol")
	}
	ids := map[int64]int{}
	for range 4 {
		ids[alice.hear("ack").ID]++
	}
	if len(ids) != 2 {
		t.Errorf("acked with %v", ids)
	}
	for key, want := range map[string]string{"chat:messages": "1", "chat:dm:alice:bob": "1", "chat:inbox:bob": "1", "chat:inbox:carol": "1", "chat:inbox:alice": "2"} {
		if n := do(t, redis, "ZCARD", key); fmt.Sprint(n) != want {
			t.Errorf("%s holds %v, not %s", key, n, want)
		}
	}
}

// TestSlowClientGetsEverythingInOrderAndSlowsNobody stalls one of three for 4 MB of
// talk.
func TestSlowClientGetsEverythingInOrderAndSlowsNobody(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	var mu sync.Mutex
	var ids []int64
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	slow, err := rig.Dial(ctx, n.WS(), rig.ClientOptions{ReceiveBuffer: 64 << 10, OnFrame: func(f rig.Frame) {
		if f.Type == "msg" {
			mu.Lock()
			ids = append(ids, f.ID)
			mu.Unlock()
		}
	}})
	must(t, err)
	t.Cleanup(slow.Close)
	slow.Stall()
	const messages = 1200
	long := strings.Repeat("x", 3500)
	for i := range messages {
		alice.say(fmt.Sprintf("msg:alice:%d %s", i, long))
	}
	last := bob.hearText(fmt.Sprintf("%d %s", messages-1, long))
	began := time.Now()
	slow.Unstall()
	eventually(t, "the slow client has heard all", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(ids) >= messages
	})
	t.Logf("caught up in %v", time.Since(began))
	mu.Lock()
	defer mu.Unlock()
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			t.Fatalf("%d after %d", ids[i], ids[i-1])
		}
	}
	if len(ids) != messages || ids[len(ids)-1] != last.ID {
		t.Errorf("heard %d, the last is %d, not %d", len(ids), ids[len(ids)-1], last.ID)
	}
}
