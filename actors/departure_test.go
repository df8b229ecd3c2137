package actors

import (
	"testing"
	"time"

	"parley/actors/engine"
)

// TestRoomsThatDieDoNotPutOffThatSomebodyLeft, however often they do: nor is it forgotten when that was.
func TestRoomsThatDieDoNotPutOffThatSomebodyLeft(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	join(t, chat, "alice").leave(false)
	connect(t, chat, Newest).hears(`"init"`) // the room has heard of it
	left := time.Now()
	told := func() (d Departure, ok bool) {
		redis.mu.Lock()
		defer redis.mu.Unlock()
		if len(redis.left) == 0 {
			return Departure{}, false
		}
		return redis.left[0], true
	}
	next := left
	eventually(t, "it is told that alice left", func() bool {
		if _, ok := told(); ok {
			return true
		}
		if time.Since(next) > Grace/2 { // none lives for as long as the grace
			kill(t, chat, "room", "", engine.Restart)
			next = time.Now()
		}
		return false
	})
	if d, _ := told(); d.Name != "alice" || d.At.After(left) {
		t.Errorf("told: %+v, who left at %v", d, left)
	}
}

// TestDepartureThatABridgeDidNotLiveToTellIsToldAgain, though no room lives for long enough to
// know which names are all.
func TestDepartureThatABridgeDidNotLiveToTellIsToldAgain(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	kill(t, chat, "room", "", engine.Restart)
	alice, bob := join(t, chat, "alice"), join(t, chat, "bob")
	redis.stow(func(m any) bool { p, is := m.(*Present); return is && len(p.Left) > 0 })
	for _, u := range []*client{alice, bob} {
		u.leave(true)
	}
	eventually(t, "the bridge is told", func() bool { return redis.stowing() == 2 })
	kill(t, chat, "room", "", engine.Restart)
	join(t, chat, "bob")
	redis.stow(nil)
	kill(t, chat, "bridge", "", engine.Restart)
	next := time.Now()
	eventually(t, "it is told that alice left", func() bool {
		if time.Since(next) > Grace/2 { // none lives for as long as the grace
			kill(t, chat, "room", "", engine.Restart)
			next = time.Now()
		}
		redis.mu.Lock()
		defer redis.mu.Unlock()
		return !redis.room(Public).members["alice"]
	})
	redis.mu.Lock()
	defer redis.mu.Unlock()
	if !redis.room(Public).members["bob"] {
		t.Error("it is told of bob, too, who has come back")
	}
}

// TestDepartureFromARoomIsToldThoughNobodyLivedToTellIt, neither a bridge nor the rooms' parent; and though
// no room lives for long enough to know which names are all.
func TestDepartureFromARoomIsToldThoughNobodyLivedToTellIt(t *testing.T) {
	t.Parallel()
	for how, leaves := range map[string]struct {
		of   func(*client)
		kill string // nothing that it is told takes effect
	}{
		"left, and the bridge dies":      {func(u *client) { u.say("exit:Den"); u.hears(`"exited"`) }, "bridge"},
		"left, and the parent dies":      {func(u *client) { u.say("exit:Den"); u.hears(`"exited"`) }, "rooms"},
		"cut off, and the parent dies":   {func(u *client) { u.leave(false) }, "rooms"},
		"said goodbye, and that one did": {func(u *client) { u.leave(true) }, "rooms"},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			alice, bob, carol := join(t, chat, "alice"), join(t, chat, "bob"), join(t, chat, "carol")
			for _, u := range []*client{alice, bob, carol} {
				u.enters("Den")
			}
			in := func(name string) bool {
				redis.mu.Lock()
				defer redis.mu.Unlock()
				return redis.room(Room("Den")).members[name]
			}
			kill(t, chat, "room-den", "", engine.Restart)
			carol.enters("Attic") // the sessions have entered again
			if leaves.kill == "bridge" {
				redis.stow(func(m any) bool { p, is := m.(*Present); return is && len(p.Left) > 0 })
			} else {
				kill(t, chat, leaves.kill, "", engine.PanicBefore)
			}
			leaves.of(alice)
			if leaves.kill == "bridge" {
				eventually(t, "the bridge is told", func() bool { return redis.stowing() > 0 })
				redis.stow(nil)
				kill(t, chat, "bridge", "", engine.Restart)
			}
			bob.say("exit:Den")
			bob.hears(`"exited"`)
			bob.enters("Den")
			next := time.Now()
			eventually(t, "it is told that alice left", func() bool {
				if time.Since(next) > Grace/2 { // none lives for as long as the grace
					kill(t, chat, "room-den", "", engine.Restart)
					next = time.Now()
				}
				return !in("alice")
			})
			if !in("bob") || !in("carol") {
				t.Error("it is told of those, too, who are there")
			}
		})
	}
}

// TestRoomSaysWhichNamesAreAllAfterTheGrace: before, those who were in it when it died may not have
// entered again, and would be told to have left.
func TestRoomSaysWhichNamesAreAllAfterTheGrace(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]Log{"room": Public, "room-den": Room("Den")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chat, redis := newChat(t)
			var said []time.Time // under redis's mutex
			redis.stow(func(m any) bool {
				if p, is := m.(*Present); is && p.Whole && p.Log == log {
					said = append(said, time.Now())
				}
				return false
			})
			isSaid := func(times int) {
				t.Helper()
				eventually(t, "it says which names are all", func() bool {
					redis.mu.Lock()
					defer redis.mu.Unlock()
					return len(said) == times
				})
			}
			join(t, chat, "alice").enters("Den")
			isSaid(1)
			killed := time.Now()
			kill(t, chat, name, "", engine.Restart)
			isSaid(2)
			if after := said[1].Sub(killed); after < Grace {
				t.Errorf("said %v after it began anew", after)
			}
		})
	}
}
