package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/actors"
	"parley/drill/rig"
)

// changes are the frames of presence about a name that the user has heard.
func (u *user) changes(name string) (changes []string) {
	for _, f := range u.Frames() {
		if strings.HasPrefix(f.Type, "member_") && strings.Contains(string(f.Raw), fmt.Sprintf(`"name":%q`, name)) {
			changes = append(changes, f.Type)
		}
	}
	return changes
}

func TestNamesOfAKilledNodeGoWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	doomed := startNode(t, "REDIS_ADDR="+redis.Addr())
	watcher := join(t, n, "watcher")
	for _, name := range []string{"anna", "ben"} {
		join(t, doomed, name)
		watcher.await(name, func(f rig.Frame) bool { return f.Type == "member_add" && strings.Contains(string(f.Raw), name) })
	}
	doomed.Kill()
	killed := time.Now()
	for range 2 {
		watcher.hear("member_remove")
	}
	if took := time.Since(killed); took > 5*time.Second+500*time.Millisecond {
		t.Errorf("gone after %v", took)
	}
	if got := fmt.Sprint(watcher.changes("anna"), watcher.changes("ben")); got != "[member_add member_remove] [member_add member_remove]" {
		t.Errorf("heard %s", got)
	}
}

func TestWhoComesBackWithinTheGraceWasNeverGone(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	watcher := join(t, a, "watcher")
	u := connect(t, b, "")
	u.say("join:anna")
	token := u.hearJoined().Token
	watcher.hearOf("member_add", "anna")

	// A second device, on the other node, is no event; nor is the end of the first.
	second := connect(t, a, "")
	second.say("join:anna:" + token)
	second.hear("joined")
	u.Drop()
	// Back on another node within the grace.
	second.Drop()
	third := connect(t, b, "")
	third.say("join:anna:" + token)
	third.hear("joined")
	grace := time.Now().Add(actors.Grace + time.Second)
	eventually(t, "the grace is over", func() bool { return time.Now().After(grace) })
	if got := watcher.changes("anna"); len(got) != 1 {
		t.Errorf("heard %v", got)
	}
	// A goodbye is told at once; a broken connection after the grace.
	third.Close()
	said := time.Now()
	watcher.hearOf("member_remove", "anna")
	if took := time.Since(said); took > actors.Grace {
		t.Errorf("a goodbye was told after %v", took)
	}
}

// hearOf waits for a change of presence of a name.
func (u *user) hearOf(kind, name string) {
	u.test.Helper()
	u.await(kind+" of "+name, func(f rig.Frame) bool {
		return f.Type == kind && strings.Contains(string(f.Raw), fmt.Sprintf(`"name":%q`, name))
	})
}

func TestPresenceIsSilentAndRightWhenRedisForgets(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	anna := join(t, a, "anna")
	ben := join(t, b, "ben")
	anna.hearOf("member_add", "ben")
	ben.say("msg:ben:kept by the nodes")
	anna.hearText("kept by the nodes")
	before := len(anna.changes("ben"))
	must(t, redis.Kill())
	must(t, redis.Wipe())
	must(t, redis.Start())
	eventually(t, "both are ready", func() bool { return a.ready() && b.ready() })
	ben.say("msg:ben:after")
	anna.hearText("after")
	ben.hearText("after")
	if n := len(anna.changes("ben")); n != before {
		t.Errorf("heard of ben %d times, before it was %d", n, before)
	}
	for _, f := range anna.Frames() {
		if f.Type == "members" {
			t.Errorf("was told %s", f.Raw)
		}
	}
	late := connect(t, b, "")
	o := late.hearInit()
	if fmt.Sprint(o.Members) != "[anna ben]" || len(o.History) != 2 {
		t.Errorf("who comes now is told %v and %d messages", o.Members, len(o.History))
	}
}

func TestCrowdIsToldListsAtMostOnceASecond(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr())
	watcher := join(t, n, "watcher")
	const crowd = 1100
	began := time.Now()
	for i := range crowd {
		join(t, n, fmt.Sprintf("member %04d", i))
	}
	var count struct {
		Count int `json:"member_count"`
	}
	watcher.await("the whole count", func(f rig.Frame) bool {
		return f.Type == "members" && json.Unmarshal(f.Raw, &count) == nil && count.Count == crowd+1
	})
	singles, lists := 0, 0
	for _, f := range watcher.Frames() {
		switch f.Type {
		case "member_add":
			singles++
		case "members":
			lists++
			if n := strings.Count(string(f.Raw), `","`); n > 1000 {
				t.Errorf("a list of %d names", n)
			}
		}
	}
	if limit := int(time.Since(began).Seconds()) + 2; lists > limit || singles > 1000 {
		t.Errorf("%d lists in %v and %d single changes", lists, time.Since(began), singles)
	}
	late := connect(t, n, "")
	if o := late.hearInit(); len(o.Members) != 1000 || o.MemberCount != crowd+1 {
		t.Errorf("who comes now is told %d of %d", len(o.Members), o.MemberCount)
	}
}
