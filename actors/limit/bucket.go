// Package limit holds token buckets, alone and for many keys. It is pure: the caller says what time it
// is, and nothing here waits.
package limit

import "time"

// Rate is how fast tokens come back to a bucket. One whose PerSecond is not above 0 is no limit.
type Rate struct {
	PerSecond float64
	// Burst is how much of the rate may come at once: so long an empty bucket takes to be full again.
	// It holds at least one token.
	Burst time.Duration
}

// longest is the longest time that is reckoned with, so that sums don't overflow: 36 years. Rates of
// less than a token in it count as that.
const longest = 1 << 60 * time.Nanosecond

func (r Rate) none() bool { return !(r.PerSecond > 0) }

// worth is how long n tokens take to come back.
func (r Rate) worth(n int) time.Duration {
	return time.Duration(min(float64(n)/r.PerSecond*float64(time.Second), float64(longest)))
}

// size is how long all tokens of a bucket take to come back.
func (r Rate) size() time.Duration { return min(max(r.Burst, r.worth(1)), longest) }

// Bucket is a token bucket; the zero Bucket is full. It is reckoned in time (the generic cell rate
// algorithm), so that it is small enough for every connection to have some.
type Bucket struct {
	full time.Time // when all that was taken has come back
}

// Take takes n tokens, or none and says how long to wait for them. Who takes more than the bucket
// holds owes the rest.
func (b *Bucket) Take(r Rate, n int, now time.Time) (wait time.Duration) {
	if wait = b.Wait(r, n, now); wait == 0 {
		b.Spend(r, n, now)
	}
	return wait
}

// Spend takes n tokens whether they are there or not. Nobody owes more than a full bucket: who shares
// it with others must not make them wait for ever.
func (b *Bucket) Spend(r Rate, n int, now time.Time) {
	if !r.none() {
		b.full = now.Add(min(b.lacks(now)+r.worth(n), 2*r.size()))
	}
}

// Wait says how long Take would have one wait for n tokens. More than the bucket holds counts as all
// that it holds.
func (b Bucket) Wait(r Rate, n int, now time.Time) time.Duration {
	if r.none() {
		return 0
	}
	return max(0, b.lacks(now)+min(r.worth(n), r.size())-r.size())
}

// Idle says whether the bucket is full: a new one would be the same.
func (b Bucket) Idle(now time.Time) bool { return b.lacks(now) == 0 }

func (b Bucket) lacks(now time.Time) time.Duration { return max(0, b.full.Sub(now)) }
