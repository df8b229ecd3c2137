package actors

import (
	"testing"
	"time"
)

// TestRoomsThatDieDoNotPutOffThatSomebodyLeft, however often they do: nor is it forgotten when that was.
func TestRoomsThatDieDoNotPutOffThatSomebodyLeft(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	join(t, chat, "alice").leave(false)
	connect(t, chat, Newest).hears(`"init"`) // the room has heard of it
	left := time.Now()
	told := func() (d Departure, ok bool) {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		if len(redis.left) == 0 {
			return Departure{}, false
		}
		return redis.left[0], true
	}
	next := left
	eventually(t, "it is told that alice left", func() bool {
		if _, ok := told(); ok {
			return true
		}
		if time.Since(next) > Grace/2 { // none lives for as long as the grace
			kill(t, chat, "room", "", Restart)
			next = time.Now()
		}
		return false
	})
	if d, _ := told(); d.Name != "alice" || d.At.After(left) {
		t.Errorf("told: %+v, who left at %v", d, left)
	}
}
