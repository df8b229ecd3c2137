package sim

import (
	"encoding/json"

	"parley/drill/check"
	"parley/drill/rig"
)

// resumedFeed moves the place in the public log: to the newest message shown, or, where
// nothing is shown, to where init says that reading goes on.
func (c *client) resumedFeed(f rig.Frame) {
	var init struct {
		History   []rig.Message
		Truncated bool
	}
	_ = f.Decode(&init) // not JSON: no place to move to
	if n := len(init.History); n > 0 {
		c.since = max(c.since, init.History[n-1].ID)
	}
	if c.since == check.None || len(init.History) == 0 && init.Truncated {
		c.since = max(c.since, f.Cursor)
	}
}

// resumedInbox likewise; it also takes the token.
func (c *client) resumedInbox(f rig.Frame) {
	var joined struct {
		Token string
		DMs   []rig.Message `json:"dms"`
	}
	_ = json.Unmarshal(f.Raw, &joined) // not JSON: no place to move to
	if joined.Token != c.person.token {
		c.record.Shown = false // what was shown was another claim's, which somebody has taken since
	}
	if joined.Token != "" {
		c.person.token = joined.Token
	}
	if n := len(joined.DMs); n > 0 {
		c.dmSince = max(c.dmSince, joined.DMs[n-1].Cursor)
	}
	if c.dmSince == check.None || len(joined.DMs) == 0 { // nothing is before it that is still shown
		c.dmSince = max(c.dmSince, f.Cursor)
	}
}
