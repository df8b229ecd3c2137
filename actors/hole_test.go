package actors

import (
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
