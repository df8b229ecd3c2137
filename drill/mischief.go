package main

import "time"

const (
	// A client that clogs does so after this while on average, and reads nothing for some seconds. One time of so many it
	// does so until the server gives it up: that takes 30 s, and looking only each second.
	meanClog = 8 * time.Second
	maxClog  = 33 * time.Second
	longClog = 3

	// meanFlood is how long a client talks that floods.
	meanFlood = 12 * time.Second

	// burst is how many seconds' worth of a rate a server lets pass at once, and floodFactor how many times the rate it
	// refuses before it hangs up; beyond them is what floods go on.
	burst       = 10
	floodFactor = 10
	beyond      = 100

	// A sleeper is gone for longer than logs keep what is said meanwhile.
	meanWake = 12 * time.Second
	minSleep = 22 * time.Second
	maxSleep = 30 * time.Second

	// confideEvery lies between two things that a confider tells: two of them tell a confidant, within the time that it is
	// gone, more than the 1,000 that an inbox keeps.
	confideEvery = 60 * time.Millisecond
	meanConfided = 4 * time.Second
	minDistant   = 35 * time.Second
	maxDistant   = 42 * time.Second

	// A contender has its name, and is without it, for some seconds.
	meanContent = 4 * time.Second
	maxAloof    = 5 * time.Second
)

// clogger is sociable until its socket clogs.
type clogger struct {
	*sociable
	clogs int
}

func (c *clogger) whim(t *talker) time.Duration { return around(t.rand, meanClog) }

func (c *clogger) choose(t *talker) whim {
	c.clogs++
	if c.clogs%longClog == 1 {
		return whim{kind: clogging, lasts: maxClog}
	}
	return whim{kind: clogging, lasts: within(t, 1, maxStall)}
}

// flooder is sociable until it says too much: a bit, or so much that it is cut off.
type flooder struct {
	*sociable
	rate int // messages a second that it may say
}

func (f *flooder) whim(t *talker) time.Duration { return around(t.rand, meanFlood) }

func (f *flooder) choose(t *talker) whim {
	size := burst*f.rate + beyond
	if t.rand.IntN(2) == 0 {
		size += burst * floodFactor * (f.rate + frameRoom)
	}
	return whim{kind: flooding, size: size}
}

// sleeper is sociable, and away for long.
type sleeper struct{ *sociable }

func (s *sleeper) whim(t *talker) time.Duration { return around(t.rand, meanWake) }
func (s *sleeper) choose(t *talker) whim {
	return whim{kind: dropping, lasts: within(t, minSleep, maxSleep)}
}

// confider tells one other, at a pace, and does nothing else.
type confider struct {
	*sociable
	to string
}

func (c *confider) pause(*talker) time.Duration       { return confideEvery }
func (c *confider) whim(*talker) time.Duration        { return never }
func (c *confider) message(t *talker) (message, bool) { return t.compose(c.to), true }

// confidant listens, and is away for long.
type confidant struct{ *sociable }

func (c *confidant) pause(*talker) time.Duration  { return never }
func (c *confidant) whim(t *talker) time.Duration { return around(t.rand, meanConfided) }
func (c *confidant) choose(t *talker) whim {
	return whim{kind: leaving, lasts: within(t, minDistant, maxDistant)}
}

// contender has a name for a while, and then lets others have it.
type contender struct{ *sociable }

func (c *contender) whim(t *talker) time.Duration { return around(t.rand, meanContent) }
func (c *contender) choose(t *talker) whim {
	return whim{kind: whimKind(t.rand.IntN(int(dropping) + 1)), lasts: within(t, 1, maxAloof)}
}

// within draws from between two times.
func within(t *talker, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(t.rand.Int64N(int64(hi-lo)))
}
