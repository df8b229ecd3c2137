package actors

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBucketNeverGivesMoreThanItsRateAndABurst, and who waits as told is served.
func TestBucketNeverGivesMoreThanItsRateAndABurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.1, 1000).Draw(t, "rate")
		var b bucket
		start := time.Now()
		now, taken := start, 0.0
		for _, gap := range rapid.SliceOfN(rapid.Int64Range(0, int64(time.Second)), 1, 200).Draw(t, "gaps") {
			now = now.Add(time.Duration(gap))
			wait := b.take(rate, now)
			if wait < 0 {
				t.Fatalf("waits %v", wait)
			}
			if wait > 0 {
				now = now.Add(wait + time.Microsecond) // rounding
				if more := b.take(rate, now); more > 0 {
					t.Fatalf("waited %v as told, and is to wait another %v", wait, more)
				}
			}
			taken++
			if most := rate * (burst + now.Sub(start).Seconds()); taken > most+1e-3 {
				t.Fatalf("%v were taken within %v, at most %v may", taken, now.Sub(start), most)
			}
		}
	})
}

func TestBucketOfNoRateIsWithoutLimit(t *testing.T) {
	var b bucket
	for range 10_000 {
		if b.take(0, time.Now()) > 0 {
			t.Fatal("is to wait")
		}
	}
}
