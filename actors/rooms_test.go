package actors

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// enters has the client enter a room, and gives what it is told.
func (u *client) enters(room string) (entered string) {
	u.t.Helper()
	n := len(u.heardOf("entered"))
	u.say("enter#e:" + room)
	eventually(u.t, "the client enters "+room, func() bool { return len(u.heardOf("entered")) > n })
	return u.heardOf("entered")[n]
}

// talks has it say n messages in a room, each with a reference.
func (u *client) talks(name, room, prefix string, n int) {
	for i := range n {
		u.say(fmt.Sprintf("room#%s-%d:%s:%s:%s %d", prefix, i, name, room, prefix, i))
	}
}

// hasHeardAllIn waits until it was told all of a room's log, from a place on, and says where that differs.
func (u *client) hasHeardAllIn(room string, redis *fakeRedis, from int) {
	u.t.Helper()
	told := func() (told []string) {
		for _, f := range u.heard() {
			var m struct {
				Type, Room string
				History    []json.RawMessage
			}
			if json.Unmarshal([]byte(f), &m) != nil || m.Room != room {
				continue
			}
			for _, message := range m.History {
				told = append(told, string(message))
			}
			if m.Type == "msg" {
				told = append(told, f)
			}
		}
		return told
	}
	want := redis.log(Room(room))[from:]
	eventually(u.t, "the client hears as much as the room's log holds", func() bool { return len(told()) >= len(want) })
	if !slices.Equal(told(), want) {
		u.t.Fatalf("of %s the client was told %q, not %q", room, told(), want)
	}
}

// believesIn waits until the client has been told that those are in a room, and no others.
func (u *client) believesIn(room string, names ...string) {
	u.t.Helper()
	var believed []string
	eventually(u.t, fmt.Sprintf("%q are in %s by what the client is told", names, room), func() bool {
		in := map[string]bool{}
		for _, f := range u.heard() {
			var m struct {
				Type, Room, Name string
				Members          []string
			}
			if json.Unmarshal([]byte(f), &m) != nil || m.Room != room {
				continue
			}
			switch m.Type {
			case "entered", "members":
				clear(in)
				for _, name := range m.Members {
					in[name] = true
				}
			case "member_add", "member_remove":
				delete(in, m.Name)
				if m.Type == "member_add" {
					in[m.Name] = true
				}
			}
		}
		believed = believed[:0]
		for name := range in {
			believed = append(believed, name)
		}
		slices.Sort(believed)
		return slices.Equal(believed, names)
	})
}

// TestWhoIsInARoomHearsIt, and nobody else: from the last messages on, until they leave.
func TestWhoIsInARoomHearsIt(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice, bob, carol := join(t, chat, "alice"), join(t, chat, "bob"), join(t, chat, "carol")
	if f := alice.enters("Den"); !strings.HasPrefix(f, `{"type":"entered","ref":"e","room":"Den","members":["alice"],"member_count":1,"history":[],"cursor":0,"truncated":false}`) {
		t.Errorf("alice is told %s", f)
	}
	alice.talks("alice", "den", "a", defaults.HistorySize+5)
	alice.isAcked("a", defaults.HistorySize+5)
	if f := bob.enters("DEN"); !strings.Contains(f, `"room":"Den","members":["alice","bob"],"member_count":2`) {
		t.Errorf("bob is told %s", f)
	}
	bob.talks("bob", "Den", "b", 3)
	bob.isAcked("b", 3)
	alice.hasHeardAllIn("Den", redis, 0)
	bob.hasHeardAllIn("Den", redis, 5)
	alice.hears(`{"type":"member_add","room":"Den","name":"bob","count":2}`)

	bob.say("exit#x:den")
	bob.hears(`{"type":"exited","ref":"x","room":"Den","reason":"left"}`)
	alice.hears(`{"type":"member_remove","room":"Den","name":"bob","count":1}`)
	alice.talks("alice", "Den", "c", 3)
	alice.isAcked("c", 3)
	alice.talk("alice", "p", 1)
	bob.hears(`"text":"p 0"`)
	frames := bob.heard()
	exited := slices.IndexFunc(frames, func(f string) bool { return strings.HasPrefix(f, `{"type":"exited"`) })
	for _, f := range frames[exited+1:] {
		if strings.Contains(f, `"room"`) {
			t.Errorf("after bob has left he is told %s", f)
		}
	}
	for _, f := range carol.heard() {
		if strings.Contains(f, `"room":"`) {
			t.Errorf("carol, who is elsewhere, is told %s", f)
		}
	}
	alice.believesIn("Den", "alice")
	alice.believes("alice", "bob", "carol")
	if n := redis.count(Public, "Den"); n != 0 {
		t.Errorf("%d of the room's messages are public", n)
	}
}

// TestWhatIsWrongWithARoomIsToldByItsCode, and changes nothing.
func TestWhatIsWrongWithARoomIsToldByItsCode(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	settings := defaults
	settings.RoomsPerConnection, settings.RoomsPerNode, settings.Rooms = 2, 2, []string{"Lobby", " "}
	settings.RoomCreate, settings.EnterRate = nobodyMakesRooms, 6
	chat := startChatWith(t, producerOf(redis), settings, zerolog.Nop())
	stranger, u := connect(t, chat, Newest), &client{fakeSocket: newFakeSocket(), t: t}
	u.dial(chat, Resume{Since: Newest, DMSince: Newest, Name: "alice", Rooms: protocol.NewGrant([]string{"Lobby", "Den", "free-*"})})
	u.say("join:alice")
	u.hears(`"joined"`)
	redis.mu.Lock()
	redis.room(Room("Den")).name = "Den"
	redis.mu.Unlock()
	future := time.Now().Add(time.Hour).UnixMicro()
	for i, c := range []struct {
		u     *client
		frame string
		code  string
	}{
		{stranger, "enter#%d:Den", "not_joined"},
		{stranger, "exit#%d:Den", "not_entered"},
		{stranger, "room#%d:x:Den:hi", "not_joined"},
		{stranger, "roomhistory#%d:Den:", "not_joined"},
		{stranger, "rooms#%d:", "not_joined"},
		{u, "enter#%d:", "bad_room"},
		{u, "enter#%d:" + strings.Repeat("r", 65), "bad_room"},
		{u, "enter#%d:a\x01b", "bad_room"},
		{u, "enter#%d:chat/room", "bad_room"},
		{u, "enter#%d:Den:-1", "bad_frame"},
		{u, fmt.Sprintf("enter#%%d:Den:%d", future), "bad_frame"},
		{u, "enter#%d:Elsewhere", "forbidden"},
		{u, "enter#%d:free-room", "forbidden"}, // which nobody may make
		{u, "enter#%d:Lobby", ""},
		{u, "enter#%d:Den:0", ""},
		{u, "enter#%d:LOBBY:1", "already_entered"},
		{u, "enter#%d:free-2", "too_many_rooms"},
		{u, "room#%d:bob:Den:hi", "wrong_name"},
		{u, "room#%d:alice:Attic:hi", "not_entered"},
		{u, "room#%d:alice:{}:hi", "bad_room"},
		{u, "room#%d:alice:Den:", "bad_text"},
		{u, "roomhistory#%d:Attic:", "not_entered"},
		{u, "exit#%d:Attic", "not_entered"},
		{u, "exit#%d:Den", ""},
		{u, "enter#%d:Den", ""},
		{u, "exit#%d:Den", ""},
		{u, "exit#%d:Lobby", ""},
		{u, "enter#%d:Den", "rate_limited"},
	} {
		c.u.say(fmt.Sprintf(c.frame, i))
		answer := c.u.hears(fmt.Sprintf(`"ref":"%d"`, i))
		if c.code != "" && !strings.HasPrefix(answer, `{"type":"error","code":"`+c.code+`"`) || c.code == "" && strings.Contains(answer, `"error"`) {
			t.Errorf("%q is answered %s", c.frame, answer)
		}
	}
	if n := redis.count(Room("Den"), "hi"); n != 0 {
		t.Errorf("%d of what was refused is stored", n)
	}
	eventually(t, "nobody's rooms are left", func() bool { return chat.books.named() == 0 })
}

// TestNodeIsInNoMoreRoomsThanItMay, and who comes into one of those is let in.
func TestNodeIsInNoMoreRoomsThanItMay(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	settings := defaults
	settings.RoomsPerNode, settings.RoomRate = 2, 2
	chat := startChatWith(t, producerOf(redis), settings, zerolog.Nop())
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	alice.enters("one")
	alice.enters("two")
	bob.say("enter#x:three")
	bob.hears(`{"type":"error","code":"overloaded"`)
	bob.enters("two")
	alice.say("exit:one")
	eventually(t, "the first is left", func() bool { return chat.books.named() == 1 })
	alice.say("enter#y:three") // the third that she would make within the hour
	alice.hears(`{"type":"error","code":"rate_limited"`)
	bob.enters("three")
}

// TestEveryKindIsKilledInEveryWayWhilePeopleTalkInRooms: nobody misses a line there, nor who is there.
func TestEveryKindIsKilledInEveryWayWhilePeopleTalkInRooms(t *testing.T) {
	t.Parallel()
	for _, kind := range []engine.Kind{KindChat, KindBridge, KindRoom, KindRooms, KindSessions, KindSession} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
			rooms := []string{"Den", "Attic"}
			for _, room := range rooms {
				alice.enters(room)
				bob.enters(room)
			}
			hows := ways
			if kind != KindSession {
				hows = append(slices.Clone(ways), engine.Stop)
			}
			for i, how := range hows {
				for j := range 4 {
					kill(t, chat, "", kind, how)
					for k, room := range rooms {
						prefix := fmt.Sprint("t", i, "-", j, "-", k)
						alice.talks("alice", room, prefix, 5)
						bob.say(fmt.Sprintf("room#%s-5:bob:%s:%s", prefix, room, prefix))
						alice.isAcked(prefix, 5)
						bob.hears(fmt.Sprintf(`"ref":"%s-5"`, prefix))
					}
				}
				bob.say("exit#x" + fmt.Sprint(i) + ":Attic")
				bob.hears(fmt.Sprint(`{"type":"exited","ref":"x`, i))
				kill(t, chat, "", kind, how)
				alice.believesIn("Attic", "alice")
				bob.say("enter#b" + fmt.Sprint(i) + ":Attic")
				bob.hears(fmt.Sprint(`{"type":"entered","ref":"b`, i))
				alice.believesIn("Attic", "alice", "bob")
			}
			for _, room := range rooms {
				alice.hasHeardAllIn(room, redis, 0)
			}
			bob.hasHeardAllIn("Den", redis, 0)
			for _, f := range alice.heardOf("member_remove") {
				if strings.Contains(f, `"room":"Den"`) {
					t.Errorf("of who was there all the time alice was told %s", f)
				}
			}
			bob.leave(false)
			alice.believesIn("Attic", "alice")
			alice.leave(true)
			eventually(t, "no room is left", func() bool { return chat.books.named() == 0 })
			for _, room := range rooms {
				redis.mu.Lock()
				if in := redis.room(Room(room)).members; len(in) > 0 {
					t.Errorf("%v are in %s", in, room)
				}
				redis.mu.Unlock()
			}
		})
	}
}

// TestRoomsForgetNobodyWhoLeftWhenTheirParentDies, though nobody comes back into them.
func TestRoomsForgetNobodyWhoLeftWhenTheirParentDies(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.enters("Den")
	alice.leave(false)
	eventually(t, "the room has heard of it", func() bool { return len(chat.liveConnections()) == 0 })
	kill(t, chat, string(KindRooms), "", engine.Stop)
	eventually(t, "alice is in it no more", func() bool {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return len(redis.room(Room("Den")).members) == 0
	})
	eventually(t, "the room is left", func() bool { return chat.books.named() == 0 && !lives(chat, "room-den") })
}

// TestWhoComesBackIntoARoomGetsWhatItMissed, on another node, from the cursor on.
func TestWhoComesBackIntoARoomGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.enters("Den")
	alice.talks("alice", "Den", "a", 10)
	alice.isAcked("a", 10)
	other := newFakeRedis()
	redis.mu.Lock()
	other.logs, other.room(Room("Den")).name = maps.Clone(redis.logs), "Den"
	redis.mu.Unlock()
	for _, on := range []*Chat{chat, startChat(t, other)} {
		bob := join(t, on, "bob")
		bob.say(fmt.Sprintf("enter#e:den:%d", redis.logs[Room("Den")][5].ID))
		bob.hears(`"type":"entered"`)
		bob.hasHeardAllIn("Den", redis, 6)
		bob.say("roomhistory#h:Den:")
		if f := bob.hears(`{"type":"history","ref":"h","room":"Den","messages":[`); strings.Count(f, `"type":"msg"`) != 10 {
			t.Errorf("the page is %s", f)
		}
	}
	alice.say("rooms#l:Den")
	alice.hears(`{"type":"rooms","ref":"l","rooms":[{"room":"of den","members":7}],"more":true}`)
}

// TestWhoCannotEnterIsInNoRoom: who is refused for Redis is away is not taken for one who has entered
// when it is back.
func TestWhoCannotEnterIsInNoRoom(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	redis.stow(func(m any) bool {
		_, is := m.(*Read)
		return is
	})
	bob.say("enter#e:Den")
	bob.say("ping:behind")
	bob.hears(`{"type":"error","code":"unavailable"`)
	bob.hears(`"pong"`)
	eventually(t, "bob is in no room, though nobody has read its log yet", func() bool {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return len(redis.room(Room("Den")).members) == 0
	})
	redis.release()
	if f := alice.enters("Den"); !strings.Contains(f, `"members":["alice"]`) && !strings.Contains(f, `"members":["alice","bob"]`) {
		t.Errorf("alice is told %s", f)
	}
	alice.believesIn("Den", "alice")
	alice.talks("alice", "Den", "a", 1)
	alice.isAcked("a", 1)
	bob.enters("Den")
	bob.hasHeardAllIn("Den", redis, 0)
}

// TestRoomsOneWasInAreNoted for other devices: when one enters, leaves, and ends.
func TestRoomsOneWasInAreNoted(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.enters("Den")
	alice.enters("Attic")
	alice.say("exit:attic")
	alice.talks("alice", "Den", "a", 1)
	alice.isAcked("a", 1)
	alice.hasHeardAllIn("Den", redis, 0)
	alice.leave(true)
	last := func() (v Visit) {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return *redis.visits[len(redis.visits)-1]
	}
	want := Visit{User: "alice", Place: protocol.Place{Room: "Den", Cursor: redis.logs[Room("Den")][0].ID}}
	eventually(t, "it is noted where she was", func() bool { return last() == want })
	if redis.mu.Lock(); len(redis.visits) != 4 || !redis.visits[2].Left || redis.visits[2].Place.Room != "Attic" {
		t.Errorf("noted were %+v", redis.visits)
	}
	redis.mu.Unlock()
}

// TestWhoEntersIsToldOfItselfOnce: by the list, and not by a change to it.
func TestWhoEntersIsToldOfItselfOnce(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	alice.enters("Den")
	bob.enters("Den")
	alice.talks("alice", "Den", "a", 1)
	bob.hasHeardAllIn("Den", redis, 0)
	for who, u := range map[string]*client{"alice": alice, "bob": bob} {
		for _, f := range slices.Concat(u.heardOf("member_add"), u.heardOf("members")) {
			if strings.Contains(f, `"room"`) && !(who == "alice" && strings.HasPrefix(f, `{"type":"member_add","room":"Den","name":"bob"`)) {
				t.Errorf("%s is told %s", who, f)
			}
		}
	}
}

// TestRoomThatHasStoodForLongTellsThatItsLastConnectionBroke, when the grace is over.
func TestRoomThatHasStoodForLongTellsThatItsLastConnectionBroke(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.enters("Den")
	stood := time.Now().Add(Grace + 2*roomTick)
	eventually(t, "it has stood for long", func() bool { return time.Now().After(stood) })
	alice.leave(false)
	eventually(t, "alice is in it no more", func() bool {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return len(redis.room(Room("Den")).members) == 0
	})
}

// TestRoomsAreHandedBackToARedisThatForgot, as the public log is.
func TestRoomsAreHandedBackToARedisThatForgot(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	alice.enters("Den")
	alice.talks("alice", "Den", "a", 3)
	alice.isAcked("a", 3)
	alice.hasHeardAllIn("Den", redis, 0)
	chat.root.Send(redis.parent, &RedisChanged{})
	eventually(t, "the room is handed back", func() bool {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return slices.ContainsFunc(redis.restored, func(r *Restore) bool { return r.Log == Room("Den") && len(r.Entries) == 3 })
	})
}
