package actors

import (
	"strings"
	"testing"
)

// TestWhatIsWrittenBackOfAFormerHolderIsNotToldToTheNext: a node that was cut off may give a Redis that lost an inbox its
// messages back when the name was taken anew already.
func TestWhatIsWrittenBackOfAFormerHolderIsNotToldToTheNext(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	redis.whisper("known to Redis", 0)
	redis.since = redis.newest + 1000
	bob := join(t, chat, "bob")
	redis.lose(true) // what is written back is told to nobody
	redis.whisper("written back", 0)
	redis.lose(false)
	redis.whisper("for the heir", redis.since)
	bob.hears("for the heir")
	for _, frame := range bob.heardOf("dm") {
		if !strings.Contains(frame, "for the heir") {
			t.Errorf("the heir was told %s", frame)
		}
	}
}

// whisper has somebody tell bob something, above that id.
func (r *fakeRedis) whisper(text string, above int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = max(r.newest, above)
	r.store(Message{Ref: "other#" + text, Sender: "other", Receiver: "bob", Text: text})
}
