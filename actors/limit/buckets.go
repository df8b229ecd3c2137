// Package limit holds token buckets for many keys, and forgets those that are full again: whoever
// stays away costs nothing. It is pure: the caller says what time it is, and nothing here waits.
package limit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostKeys bounds the buckets that are remembered, whoever has how many names or addresses: about
// 16 MiB. Beyond it the one longest not used is forgotten, and so is full when it comes back.
const mostKeys = 1 << 16

// Buckets are token buckets of one kind, one for each key. They may be used by any goroutine. Nil
// Buckets have no limit.
type Buckets[K comparable] struct {
	perSecond rate.Limit
	burst     int

	mu    sync.Mutex
	byKey map[K]*list.Element // of *bucket
	used  *list.List          // the one longest not used first
}

type bucket[K comparable] struct {
	key    K
	tokens *rate.Limiter
}

// New makes buckets that hold burst tokens (at least one) and get back so many a second; nil, which
// is no limit, where that is not above 0.
func New[K comparable](perSecond, burst float64) *Buckets[K] {
	if perSecond <= 0 {
		return nil
	}
	return &Buckets[K]{
		perSecond: rate.Limit(perSecond), burst: max(1, int(burst)),
		byKey: make(map[K]*list.Element), used: list.New(),
	}
}

// Take takes n tokens, or none and says how long to wait for them. More than the bucket holds counts
// as all that it holds.
func (b *Buckets[K]) Take(key K, n int, now time.Time) (wait time.Duration) {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	turn := b.of(key, now).ReserveN(now, min(n, b.burst))
	if wait = turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}

// Spend takes n tokens whether they are there or not, and says how long it will be until the debt,
// if there is one, is paid back. Nobody owes more than a full bucket: who shares a key with others
// must not make them wait for ever.
func (b *Buckets[K]) Spend(key K, n int, now time.Time) (debt time.Duration) {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	tokens := b.of(key, now)
	n = min(n, b.burst+int(tokens.TokensAt(now)))
	for n > 0 {
		part := min(n, b.burst)
		debt = tokens.ReserveN(now, part).DelayFrom(now)
		n -= part
	}
	return debt
}

// Wait says how long Take would have one wait for n tokens.
func (b *Buckets[K]) Wait(key K, n int, now time.Time) time.Duration {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.byKey[key]
	if known == nil {
		return 0
	}
	missing := float64(min(n, b.burst)) - known.Value.(*bucket[K]).tokens.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(b.perSecond) * float64(time.Second))
}

// of gives the key's bucket, made if it is not known, as the one used last.
func (b *Buckets[K]) of(key K, now time.Time) *rate.Limiter {
	b.forget(now)
	known := b.byKey[key]
	if known == nil {
		known = b.used.PushBack(&bucket[K]{key, rate.NewLimiter(b.perSecond, b.burst)})
		b.byKey[key] = known
	}
	b.used.MoveToBack(known)
	return known.Value.(*bucket[K]).tokens
}

// forget drops those that are full again, for whom a new one would be the same, and the longest not
// used beyond mostKeys. It looks at the oldest alone: one that is not yet full holds back the others
// until it is.
func (b *Buckets[K]) forget(now time.Time) {
	for oldest := b.used.Front(); oldest != nil; oldest = b.used.Front() {
		who := oldest.Value.(*bucket[K])
		if who.tokens.TokensAt(now) < float64(b.burst) && b.used.Len() < mostKeys {
			return
		}
		b.used.Remove(oldest)
		delete(b.byKey, who.key)
	}
}
