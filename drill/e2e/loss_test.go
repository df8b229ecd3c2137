package e2e

import (
	"fmt"
	"testing"
)

// TestDirectMessagesThatAreLostAreToldOfToWhoResumesAcrossThem: Redis loses everything, and
// with it dies the node through which one of three was stored. Where the node lives nothing
// is lost, and nobody is told so.
func TestDirectMessagesThatAreLostAreToldOfToWhoResumesAcrossThem(t *testing.T) {
	for _, dies := range []bool{true, false} {
		t.Run(fmt.Sprintf("node dies %v", dies), func(t *testing.T) {
			t.Parallel()
			redis := startRedis(t)
			a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
			alice, carol := join(t, a, "alice"), join(t, b, "carol")
			bob := connect(t, a, "")
			bob.say("join:bob")
			token := bob.hearJoined().Token
			alice.say("dm#1:alice:bob:first")
			cursor := bob.hearText("first").Cursor
			bob.Drop()
			alice.hear("member_remove")
			carol.say("dm#2:carol:bob:second")
			carol.hear("ack")
			alice.say("dm#3:alice:bob:third")
			alice.hearText("third")
			if dies {
				b.Kill()
			}
			must(t, redis.Kill())
			must(t, redis.Wipe())
			must(t, redis.Start())
			want, left := "[first second third]", "3"
			if dies {
				want, left = "[first third]", "2"
			}
			eventually(t, "what is left is back", func() bool {
				n, err := redis.Do(t.Context(), "ZCARD", "chat:inbox:bob")
				return err == nil && fmt.Sprint(n) == left
			})
			for _, since := range []int64{0, cursor} {
				back := connect(t, a, fmt.Sprintf("?dmsince=%d", since))
				back.say("join:bob:" + token)
				j := back.hearJoined()
				var texts []string
				for _, m := range j.DMs {
					texts = append(texts, m.Text)
				}
				if since > 0 {
					texts = append([]string{"first"}, texts...)
				}
				if got := fmt.Sprint(texts); got != want || j.Truncated != dies {
					t.Errorf("since %d: %s, truncated %v", since, got, j.Truncated)
				}
			}
		})
	}
}
