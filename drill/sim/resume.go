package sim

import (
	"encoding/json"

	"parley/drill/check"
	"parley/drill/rig"
)

// resumedInbox moves the place in the inbox, and takes the token.
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
