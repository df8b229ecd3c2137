package actors

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhoResumesFromBeforeAClaimThatWasMadeAnewIsToldSo: Redis had lost the claim, and whose what was sent before the new one
// is nobody could say.
func TestWhoResumesFromBeforeAClaimThatWasMadeAnewIsToldSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resume    Resume
		anew      bool
		truncated bool
	}{
		"from before":                      {Resume{DMSince: 1}, true, true},
		"from the beginning":               {Resume{DMSince: 0}, true, true},
		"from the claim on":                {Resume{DMSince: 1_700_000_000_000_000}, true, false},
		"from nowhere":                     {Resume{DMSince: Newest}, true, false},
		"from before, and it follows none": {Resume{DMSince: 1}, false, false},
		"from before, signed":              {Resume{DMSince: 1, Name: "alice"}, true, true},
		"from the beginning, signed":       {Resume{DMSince: 0, Name: "alice"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := newFakeRedis()
			redis.since, redis.anew = redis.newest, c.anew
			c.resume.Since = Newest
			u := &client{fakeSocket: newFakeSocket(), t: t}
			u.dial(startChat(t, redis), c.resume)
			u.say("join:alice")
			joined := u.hears(`"type":"joined"`)
			if !strings.HasSuffix(joined, fmt.Sprintf(`"truncated":%v}`, c.truncated)) {
				t.Errorf("told %s", joined)
			}
		})
	}
}
