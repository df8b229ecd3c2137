package actors

import (
	"fmt"
	"testing"
	"time"

	"parley/actors/protocol"
)

// TestEveryFrameCountsWhetherItIsAMessageOrNot has pings use up what messages then lack, and
// a client that goes on at ten times its rate be closed, by both at once.
func TestEveryFrameCountsWhetherItIsAMessageOrNot(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	chat.settings.FrameRate = 2
	u := connect(t, chat, Newest)
	for i := range 2 * int(burst.Seconds()) {
		if !u.conn.Frame() {
			t.Fatalf("frame %d is over the rate", i)
		}
	}
	if u.conn.Frame() {
		t.Error("more than the burst came at once")
	}
	u.conn.Receive("ping#p:are you there")
	u.hears(`"code":"rate_limited"`)
	go func() {
		for i := range 10_000 {
			u.conn.Receive(fmt.Sprint("ping:", i))
		}
	}()
	for range 10_000 {
		u.conn.Frame()
	}
	select {
	case <-u.end:
	case <-time.After(patience):
		t.Fatal("the flood goes on")
	}
	if codes := u.closes(); codes[0] != protocol.CloseNotAllowed {
		t.Errorf("closed with %d", codes)
	}
}
