package actors

import (
	"testing"

	"parley/actors/protocol"
)

// TestWhatWasReadForAnEarlierEnterOpensNoLaterOne: who leaves and comes back resumes elsewhere.
func TestWhatWasReadForAnEarlierEnterOpensNoLaterOne(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	c := newChannel(chat, Room("Den"), "Den")
	c.wait(&enter{Conn: &Connection{ID: 7}, Log: Room("Den"), Cursor: 50, Opening: true})
	c.open(nil, &Recalled{Read: Read{Log: Room("Den"), After: 10, Reader: 7}, Entries: []protocol.Entry{{ID: 20}}})
	if c.opening[7] == nil {
		t.Error("it is opened with what it has, and waits no more")
	}
}
