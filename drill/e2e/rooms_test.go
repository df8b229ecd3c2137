package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/actors"
	"parley/drill/rig"
)

// enteredFrame is what answers an enter.
type enteredFrame struct {
	Ref, Room string
	Members   []string
	History   []struct{ Text string }
	Cursor    int64
	Truncated bool
}

// enters has the user enter a room, and gives what it is told.
func (u *user) enters(room string) (e enteredFrame) {
	u.test.Helper()
	ref := fmt.Sprint("e", len(u.Frames()))
	u.say("enter#" + ref + ":" + room)
	f := u.await("entered or why not", func(f rig.Frame) bool {
		return strings.Contains(string(f.Raw), `"ref":"`+ref+`"`)
	})
	if err := json.Unmarshal(f.Raw, &e); err != nil || f.Type != "entered" {
		u.test.Fatalf("%s is answered by %s", room, f.Raw)
	}
	return e
}

// inRoom counts what the user was told of who comes to a room, or goes.
func (u *user) inRoom(kind, room string) (names []string) {
	for _, f := range u.Frames() {
		var m struct{ Room, Name string }
		if f.Type == kind && json.Unmarshal(f.Raw, &m) == nil && m.Room == room {
			names = append(names, m.Name)
		}
	}
	return names
}

// TestRoomsOfAKilledNodeAreClearedWithinFiveSeconds, each of them of each name once, and nobody else's.
func TestRoomsOfAKilledNodeAreClearedWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	doomed, other := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	const rooms = 40
	ghost, both, watcher := join(t, doomed, "ghost"), join(t, doomed, "both"), join(t, other, "watcher")
	again := connect(t, other, "")
	again.say("join:both:" + both.token())
	again.hear("joined")
	for i := range rooms {
		room := fmt.Sprint("Room ", i)
		ghost.enters(room)
		both.enters(room)
		again.enters(room)
		watcher.enters(room)
	}
	doomed.Kill()
	killed := time.Now()
	eventually(t, "all is told", func() bool {
		for i := range rooms {
			if len(watcher.inRoom("member_remove", fmt.Sprint("Room ", i))) == 0 {
				return false
			}
		}
		return true
	})
	if took := time.Since(killed); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	for i := range rooms {
		if left := watcher.inRoom("member_remove", fmt.Sprint("Room ", i)); !slices.Equal(left, []string{"ghost"}) {
			t.Errorf("from room %d have gone %q", i, left)
		}
	}
	if e := join(t, other, "late").enters("Room 0"); !slices.Equal(e.Members, []string{"both", "late", "watcher"}) {
		t.Errorf("who comes now is told %q", e.Members)
	}
}

// token is what joined gave.
func (u *user) token() (token string) {
	for _, f := range u.Frames() {
		var m struct{ Token string }
		if f.Type == "joined" && json.Unmarshal(f.Raw, &m) == nil {
			token = m.Token
		}
	}
	return token
}

// TestRoomsOutlastARedisThatForgets: their messages, their names, and who is there; and nobody is told
// that somebody left.
func TestRoomsOutlastARedisThatForgets(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	anna, ben := join(t, a, "anna"), join(t, b, "ben")
	anna.enters("Den")
	ben.enters("den")
	ben.enters("Attic")
	for i := range 30 {
		anna.say(fmt.Sprintf("room:anna:Den:line %d", i))
	}
	ben.say("room:ben:Attic:alone up here")
	ben.hearText("alone up here")
	ben.hearText("line 29")
	ben.say("exit:Attic") // nobody is there any more, but it was said on this node
	ben.hear("exited")
	must(t, redis.Kill())
	must(t, redis.Wipe())
	must(t, redis.Start())
	eventually(t, "both are ready", func() bool { return a.ready() && b.ready() })
	ben.say("room#r:ben:Den:after")
	ben.hear("ack")
	anna.hearText("after")
	if left := slices.Concat(anna.inRoom("member_remove", "Den"), ben.inRoom("member_remove", "Den")); len(left) > 0 {
		t.Errorf("told that %q left", left)
	}
	late := join(t, b, "late")
	if e := late.enters("DEN:0"); e.Room != "Den" || len(e.History) != 31 || !slices.Equal(e.Members, []string{"anna", "ben", "late"}) {
		t.Errorf("who comes now finds %d messages in %s, and %q", len(e.History), e.Room, e.Members)
	}
	if e := late.enters("Attic:0"); len(e.History) != 1 {
		t.Errorf("and in the attic %v", e.History)
	}
}

// TestRoomIsOneWhateverItsNodesAndCase: who comes back on another node by a cursor misses nothing, and
// a look-alike is no room.
func TestRoomIsOneWhateverItsNodesAndCase(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	anna, ben := join(t, a, "anna"), join(t, b, "ben")
	e := anna.enters("General")
	ben.enters("GENERAL")
	ben.Drop()
	const said = 300 // which is more than a first frame holds
	line := func(i int) string { return fmt.Sprintf("line %d %s", i, strings.Repeat("…", 60)) }
	for i := range said {
		anna.say("room:anna:general:" + line(i))
	}
	anna.hearText(line(said - 1))
	back := connect(t, a, "")
	back.say("join:ben:" + ben.token())
	back.hear("joined")
	got := back.enters(fmt.Sprint("general:", e.Cursor))
	if got.Room != "General" || got.Truncated {
		t.Errorf("back in %s, truncated %v", got.Room, got.Truncated)
	}
	back.hearText(line(said - 1))
	told := len(got.History) + len(slices.DeleteFunc(back.Frames(), func(f rig.Frame) bool { return f.Type != "msg" }))
	if told != said || len(got.History) == said {
		t.Errorf("told %d of %d, %d of them at first", told, said, len(got.History))
	}
	back.say("enter#x:GeneraI")
	back.hearError("bad_room")
	back.say("exit:General")
	back.hear("exited")
	back.Close()
	again := connect(t, b, "")
	again.say("join:anna:" + anna.token())
	eventually(t, "the rooms of hers are told", func() bool {
		for _, f := range again.Frames() {
			if f.Type == "joined" {
				return strings.Contains(string(f.Raw), `"rooms":[{"room":"General","cursor":`)
			}
		}
		return false
	})
}

// TestSignedIdentityEntersItsRoomsOnly.
func TestSignedIdentityEntersItsRoomsOnly(t *testing.T) {
	t.Parallel()
	const secret = "a secret of no less than 32 bytes"
	n := startNode(t, "AUTH_JWT_SECRET="+secret)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "rooms": []string{"Team *", "General"},
	}).SignedString([]byte(secret))
	must(t, err)
	alice := connect(t, n, "?token="+signed)
	alice.say("join:alice")
	alice.hear("joined")
	alice.enters("team red")
	alice.enters("general")
	alice.say("enter:Board")
	alice.hearError("forbidden")
	alice.say("rooms#l:")
	if f := alice.hear("rooms"); string(f.Raw) != `{"type":"rooms","ref":"l","rooms":[{"room":"general","members":1},{"room":"team red","members":1}],"more":false}` {
		t.Errorf("told %s", f.Raw)
	}
}

// TestCrowdThatComesAndGoesCostsOthersNothing: fifty who enter and leave a room in a circle are told to
// wait, and who talks there is heard.
func TestCrowdThatComesAndGoesCostsOthersNothing(t *testing.T) {
	t.Parallel()
	const enterRate = 60 // a minute, and at once
	n := startAsIs(t, "REDIS_ADDR="+startRedis(t).Addr(), "MESSAGE_RATE=0", fmt.Sprint("ENTER_RATE_PER_IP=", enterRate))
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	started := time.Now()
	alice.enters("Den")
	bob.enters("Den")
	var crowd []*user
	for i := range 50 {
		crowd = append(crowd, join(t, n, fmt.Sprint("circler ", i)))
	}
	for range 150 {
		for _, u := range crowd {
			_ = u.Send("enter:Den") // who floods is cut off
			_ = u.Send("exit:Den")
		}
	}
	told := func(kind, code string) (n int) {
		for _, u := range crowd {
			for _, f := range u.Frames() {
				if f.Type == kind && f.Code == code {
					n++
				}
			}
		}
		return n
	}
	eventually(t, "they are told to wait", func() bool { return told("error", "rate_limited") > 0 })
	began := time.Now()
	for i := range 20 {
		alice.say(fmt.Sprintf("room:alice:Den:line %d", i))
		bob.hearText(fmt.Sprintf("line %d", i))
	}
	if took := time.Since(began); took > 20*actors.Grace {
		t.Errorf("twenty lines took %v", took)
	}
	let := told("entered", "")
	if most := enterRate * (1 + time.Since(started).Minutes()); float64(let) > most {
		t.Errorf("of the crowd %d entered, and %.0f may", let, most)
	}
}
