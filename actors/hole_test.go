package actors

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/actors/protocol"
)

// forget has a log lack the entries from one place in it to another.
func (r *fakeRedis) forget(log Log, from, to int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trimmed[log] = r.logs[log][to-1].ID
	r.logs[log] = slices.Delete(slices.Clone(r.logs[log]), from, to)
}

// TestWhoResumesAcrossALossGetsAllThatIsLeftAndIsToldSo: what is left before the loss, too,
// however much that is.
func TestWhoResumesAcrossALossGetsAllThatIsLeftAndIsToldSo(t *testing.T) {
	t.Parallel()
	for why, c := range map[string]struct{ before, after int }{
		"few messages":                        {20, 20},
		"more before it than a first frame":   {openLimit + 700, 20},
		"more behind it than a first frame":   {20, openLimit + 700},
		"none behind it":                      {20, 0},
		"none that is left before it, either": {1, 0},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			redis := newFakeRedis()
			const lost = 30
			redis.say(c.before + lost + c.after)
			since := redis.logs[Public][0].ID
			redis.forget(Public, c.before, c.before+lost)
			redis.stow(isRead)
			chat := startChat(t, redis)
			eventually(t, "the room asks for the log's end", func() bool { return redis.stowing() > 0 })
			redis.release()
			u := connect(t, chat, since)
			if init := u.hears(`"type":"init"`); !strings.HasSuffix(init, `"truncated":true}`) {
				t.Errorf("resumed with …%s", init[len(init)-60:])
			}
			u.hasHeardAll("msg", redis.logOf(Public), 1)
			redis.say(1)
			u.hasHeardAll("msg", redis.logOf(Public), 1)
			if codes := u.closes(); codes != nil {
				t.Errorf("closed with %v", codes)
			}
		})
	}
}

// TestWhoListensAcrossALossIsClosedToResume: its node did not hear of messages that are lost
// by now, and the next would hide that.
func TestWhoListensAcrossALossIsClosedToResume(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.say(1)
	u.hasHeardAll("msg", redis.logOf(Public), 0)
	redis.lose(true)
	redis.say(4)
	redis.forget(Public, 1, 4)
	redis.lose(false)
	redis.say(1)
	eventually(t, "it is closed", func() bool { return u.closes() != nil })
	if codes := u.closes(); len(codes) != 1 || codes[0] != protocol.CloseTooSlow {
		t.Errorf("closed with %v", codes)
	}
	back := connect(t, chat, redis.logs[Public][0].ID)
	if init := back.hears(`"type":"init"`); !strings.HasSuffix(init, `"truncated":true}`) {
		t.Errorf("resumed with %s", init)
	}
	back.hasHeardAll("msg", redis.logOf(Public), 1)
}

// TestWhoWasToldOfALossOnceIsClosedAtTheNext: what it was told when it came excuses nothing that
// is lost later.
func TestWhoWasToldOfALossOnceIsClosedAtTheNext(t *testing.T) {
	t.Parallel()
	const lost = 30
	for why, c := range map[string]struct {
		log         Log
		first, kind string
		big, small  int // messages that are left: of which ten fill a first frame, and other ones
	}{
		"it was told all in its first frame":       {Public, "init", "msg", 0, 20},
		"it was told the rest by the room":         {Public, "init", "msg", 0, openLimit + 700},
		"it was told the rest from the log itself": {Inbox("alice"), "joined", "dm", 10, firstDMs + 10},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			redis := newFakeRedis()
			say := func(n, size int) {
				redis.mu.Lock()
				defer redis.mu.Unlock()
				for range n {
					redis.store(Message{Ref: fmt.Sprint("other#", redis.newest), Sender: "other", Receiver: c.log.Name, Text: strings.Repeat("x", size)})
				}
			}
			say(lost, 1)
			say(c.big, openBytes/10)
			say(c.small, 1)
			since := redis.logs[c.log][0].ID
			redis.forget(c.log, 0, lost)
			u := &client{fakeSocket: newFakeSocket(), t: t}
			u.dial(startChat(t, redis), Resume{Since: since, DMSince: since})
			if c.log != Public {
				u.say("join:" + c.log.Name)
			}
			if first := u.hears(`"type":"` + c.first + `"`); !strings.HasSuffix(first, `"truncated":true}`) {
				t.Errorf("resumed with …%s", first[len(first)-60:])
			}
			u.hasHeardAll(c.kind, redis.logOf(c.log), 0)
			redis.lose(true)
			say(4, 1)
			redis.forget(c.log, c.big+c.small, c.big+c.small+3)
			redis.lose(false)
			say(1, 1)
			eventually(t, "it is closed", func() bool { return u.closes() != nil })
			if codes := u.closes(); len(codes) != 1 || codes[0] != protocol.CloseTooSlow {
				t.Errorf("closed with %v", codes)
			}
		})
	}
}

// TestWhoIsToldOfAHoleIsClosedAtOneBehindIt: a connection that was opened while the log could not be
// read was told truncated, and reads what there is in steps. What is trimmed between two of them it was
// not told of.
func TestWhoIsToldOfAHoleIsClosedAtOneBehindIt(t *testing.T) {
	t.Parallel()
	redis := newFakeRedis()
	redis.say(publicTail + 2*chunkLimit)
	since := redis.logs[Public][0].ID
	redis.stow(isRead)
	u := &client{fakeSocket: newFakeSocket(), t: t}
	u.dial(startChat(t, redis), Resume{Since: since, DMSince: Newest})
	if first := u.hears(`"type":"init"`); !strings.HasSuffix(first, `"truncated":true}`) {
		t.Errorf("resumed with …%s", first[len(first)-60:])
	}
	second := func(m any) bool { // step
		r, is := m.(*Read)
		return is && r.After > since
	}
	redis.stow(second)
	redis.mu.Lock()
	for _, m := range redis.stowed {
		redis.handle(m)
	}
	redis.stowed = nil
	redis.mu.Unlock()
	eventually(t, "it reads on", func() bool { return redis.stowing() > 0 })
	told := len(u.heardOf("msg"))
	redis.forget(Public, told+1, told+4)
	redis.release()
	eventually(t, "it is closed", func() bool { return u.closes() != nil })
	if codes := u.closes(); len(codes) != 1 || codes[0] != protocol.CloseTooSlow {
		t.Errorf("closed with %v", codes)
	}
}
