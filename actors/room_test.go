package actors

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func producerOf(redis *fakeRedis) actor.Producer {
	return func() actor.Actor { return &fakeBridge{redis} }
}

func TestRoomHealsAHoleBeforeTheNextMessage(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	redis.lose(true)
	redis.say(3)
	redis.lose(false)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
}

func TestNewConnectionIsShownTheEndOfTheLog(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	redis.say(50)
	chat := startChat(t, redis)
	u := connect(t, chat, Newest)
	u.hears(`"type":"init","members":[],"member_count":0,"history":[{`)
	u.hasHeardAll("msg", redis.logOf(Public), 30)
}

// TestResumedConnectionGetsAllAfterItsCursor, from the tail, and from the log where
// the tail does not reach so far.
func TestResumedConnectionGetsAllAfterItsCursor(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	redis.say(publicTail + 3000)
	chat := startChat(t, redis)
	for _, from := range []int{0, 1, 2999, 3000, 3001, publicTail + 2990, roomTail + 3000} {
		since := int64(0)
		if from > 0 {
			since = redis.logs[Public][from-1].ID
		}
		u := connect(t, chat, since)
		u.hears(`"type":"init"`)
		redis.say(1) // while it catches up
		u.hasHeardAll("msg", redis.logOf(Public), from)
		if init := u.heard()[0]; !strings.HasSuffix(init, `"truncated":false}`) {
			t.Errorf("resumed at %d: …%s", from, init[len(init)-60:])
		}
		u.leave(true)
	}
}

// tick lets the ids go on from now, by a clock that is behind.
func (r *fakeRedis) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = time.Now().Add(-ClockSkew / 2).UnixMicro()
}

// TestConnectionThatOpensWithoutHistoryMissesNothingAfterItsCursor: its node can't read the
// log, while others talk more than a first frame shows, at times of a clock that is behind. What is
// older it does not get.
func TestConnectionThatOpensWithoutHistoryMissesNothingAfterItsCursor(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	redis.newest = time.Now().Add(-2 * ClockSkew).UnixMicro()
	redis.say(30)
	redis.stow(isRead)
	chat := startChat(t, redis)
	u := connect(t, chat, Newest)
	init := u.hears(`"type":"init"`)
	var first struct{ Cursor int64 }
	if json.Unmarshal([]byte(init), &first) != nil || !strings.Contains(init, `"history":[],`) || !strings.HasSuffix(init, `"truncated":true}`) {
		t.Errorf("opened with %s", init)
	}
	redis.tick()
	redis.say(2 * chat.settings.HistorySize)
	redis.release()
	u.hasHeardAll("msg", redis.logOf(Public), 30)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 30)
	late := connect(t, chat, first.Cursor) // and can resume from it
	late.hears(`"type":"init"`)
	late.hasHeardAll("msg", redis.logOf(Public), 30)
}

// believes waits until the client believes that these are present, by all it was
// told.
func (u *client) believes(names ...string) {
	u.t.Helper()
	eventually(u.t, fmt.Sprintf("the client believes that %q are present", names), func() bool {
		var present []string
		for _, f := range u.heard() {
			var told presenceFrame
			if !strings.HasPrefix(f, `{"type":"init"`) && !strings.HasPrefix(f, `{"type":"member`) || json.Unmarshal([]byte(f), &told) != nil || told.Room != "" {
				continue
			}
			present = slices.DeleteFunc(present, func(name string) bool { return name == told.Name })
			switch told.Type {
			case "member_add":
				present = append(present, told.Name)
			case "init", "members":
				present = told.Members
			}
		}
		slices.Sort(present)
		return slices.Equal(present, names)
	})
}

func TestNamesAreToldWhenTheirFirstConnectionComesAndTheirLastOneGoes(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	watcher := connect(t, chat, Newest)
	a1 := join(t, chat, "alice")
	watcher.believes("alice")
	a2 := join(t, chat, "alice")
	redis.arrive("bob")
	watcher.hears(`{"type":"member_add","name":"bob","count":2}`)
	a1.leave(true)
	a2.leave(true)
	watcher.hears(`{"type":"member_remove","name":"alice","count":1}`)
	watcher.believes("bob")
	connect(t, chat, Newest).believes("bob")
}

func TestNameIsTakenBackAfterTheGraceWhenItsLinkBroke(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	watcher := connect(t, chat, Newest)
	alice := join(t, chat, "alice")
	watcher.believes("alice")
	alice.leave(false)
	join(t, chat, "alice").leave(false)
	watcher.hears(`{"type":"member_remove","name":"alice","count":0}`)
	if adds := watcher.heardOf("member_add"); len(adds) > 1 {
		t.Errorf("who came back within the grace is told of: %v", adds)
	}
}
