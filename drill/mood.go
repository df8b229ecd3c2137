package main

import (
	"math/rand/v2"
	"time"
)

// mood decides what a talker says and does, and when.
type mood interface {
	pause(t *talker) time.Duration             // until it speaks next
	kick() <-chan struct{}                     // it is to speak now; nil: never
	message(t *talker) (m message, valid bool) // what it says; an invalid message is refused and not repeated
	whim(t *talker) time.Duration              // until it does something else than talking
	choose(t *talker) whim
}

const (
	// meanWhim is how long a sociable client just talks, on average.
	meanWhim = 25 * time.Second

	// maxAway and maxStall bound how long it is gone and does not read. The server hangs up on who does not read for 30 s.
	maxAway  = 6 * time.Second
	maxStall = 6 * time.Second

	// Of a hundred messages so many are private, so many are wrong on purpose, and of the others so many bear no ref. Of those
	// that are not private so many are said in rooms.
	privatePercent = 25
	roomPercent    = 70
	wrongPercent   = 3
	barePercent    = 8
)

// sociable is the mood of most clients: they talk to all and to some, come and go, and are slow at times.
type sociable struct {
	meanPause time.Duration
	others    []string // to talk to in private
}

// around draws from an exponential distribution.
func around(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

func (s *sociable) pause(t *talker) time.Duration { return around(t.rand, s.meanPause) }
func (s *sociable) kick() <-chan struct{}         { return nil }
func (s *sociable) whim(t *talker) time.Duration  { return around(t.rand, meanWhim) }

func (s *sociable) message(t *talker) (message, bool) {
	switch p := t.rand.IntN(100); {
	case p < wrongPercent:
		m := t.compose("")
		m.frame = "msg#" + m.ref + ":" + t.base + "-not-me:" + m.text
		return m, false
	case p < wrongPercent+privatePercent:
		return t.utter(t.compose(s.others[t.rand.IntN(len(s.others))]))
	case t.rand.IntN(100) < roomPercent:
		return t.utter(t.composeIn())
	}
	return t.utter(t.compose(""))
}

func (s *sociable) choose(t *talker) whim {
	kind := whimKind(t.rand.IntN(int(stalling) + 1))
	longest := maxAway
	if kind == stalling {
		longest = maxStall
	}
	return whim{kind: kind, lasts: within(t, 1, longest)}
}
