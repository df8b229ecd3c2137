package main

import (
	"fmt"

	"parley/drill/check"
	"parley/drill/rig"
)

// resumedFeed moves the place in the public feed. With since, what did not fit into init comes as ordinary frames: the
// place is the newest message shown and not the cursor. It says whether some of what was missed is gone.
func (t *talker) resumedFeed(f rig.Frame) (truncated bool) {
	var init struct {
		History   []rig.Message
		Truncated bool
	}
	_ = f.Decode(&init) // not JSON: no place to move to
	if init.Truncated {
		t.did.add("told of a gap in the public log")
	}
	if n := len(init.History); n > 0 {
		t.since = max(t.since, init.History[n-1].ID)
	}
	if t.since == check.None {
		t.since = f.Cursor
	}
	return init.Truncated
}

// resumedInbox is resumedFeed for direct messages; it also takes the token, and says whether that is another than it had.
func (t *talker) resumedInbox(f rig.Frame) (anew bool) {
	var joined struct {
		Token     string
		DMs       []rig.Message `json:"dms"`
		Truncated bool
	}
	_ = f.Decode(&joined) // not JSON: no place to move to
	if joined.Token != "" {
		anew = joined.Token != t.token
		t.token = joined.Token
	}
	if joined.Truncated {
		t.did.add("told of a gap in an inbox")
	}
	if n := len(joined.DMs); n > 0 {
		t.dmSince = max(t.dmSince, joined.DMs[n-1].Cursor)
	}
	if t.dmSince == check.None {
		t.dmSince = f.Cursor
	}
	return anew
}

// rename makes the talker another person, who was never here. Under the mutex.
func (t *talker) rename() {
	t.renamed++
	t.name = fmt.Sprintf("%s~%d", t.base, t.renamed)
	t.since, t.dmSince, t.taken, t.unacked = check.None, check.None, 0, nil
	t.rooms.Forget()
}

// answered forgets a message. Under the mutex.
func (t *talker) answered(ref string) {
	for i, m := range t.unacked {
		if m.ref == ref {
			t.unacked = append(t.unacked[:i], t.unacked[i+1:]...)
			return
		}
	}
}
