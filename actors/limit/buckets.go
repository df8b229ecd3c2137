package limit

import (
	"sync"
	"time"
)

// Buckets are token buckets of one rate, one for each key. They may be used by any goroutine.
type Buckets[K comparable] struct {
	rate Rate

	mu sync.Mutex
	of Map[K, Bucket]
}

// NewBuckets makes buckets that get back tokens at a rate.
func NewBuckets[K comparable](rate Rate) *Buckets[K] { return &Buckets[K]{rate: rate} }

// Spend takes n tokens of a key, whether they are there or not; see Bucket.
func (b *Buckets[K]) Spend(key K, n int, now time.Time) {
	if b.rate.none() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of.Use(key, now).Spend(b.rate, n, now)
}

// Wait says how long a key has to wait for n tokens; see Bucket.
func (b *Buckets[K]) Wait(key K, n int, now time.Time) time.Duration {
	if b.rate.none() {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.of.Get(key); known != nil {
		return known.Wait(b.rate, n, now)
	}
	return 0
}
