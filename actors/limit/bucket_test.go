package limit

import (
	"math"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

var start = time.Unix(1_795_430_400, 0)

func TestBucketGivesItsBurstAndThenItsRate(t *testing.T) {
	var b Bucket
	rate := Rate{2, 1500 * time.Millisecond}
	for i := range 3 {
		if wait := b.Take(rate, 1, start); wait != 0 {
			t.Fatalf("take %d waits %s", i, wait)
		}
	}
	if wait := b.Take(rate, 1, start); wait != 500*time.Millisecond {
		t.Errorf("one too many waits %s", wait)
	}
	if wait := b.Take(rate, 1, start.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("after its wait it waits %s", wait)
	}
}

// TestSpendingGoesIntoDebtThatIsPaidBack, and is no more than a full bucket.
func TestSpendingGoesIntoDebtThatIsPaidBack(t *testing.T) {
	var b Bucket
	rate := Rate{10, 10 * time.Second}
	b.Spend(rate, 150, start)
	if debt := b.Wait(rate, 0, start); debt != 5*time.Second {
		t.Errorf("the debt is %s", debt)
	}
	for range 10 {
		b.Spend(rate, 1000, start)
	}
	if wait := b.Wait(rate, 0, start.Add(9*time.Second)); wait != time.Second {
		t.Errorf("a second before it is paid one waits %s", wait)
	}
	if wait := b.Take(rate, 1, start.Add(10*time.Second)); wait != 100*time.Millisecond {
		t.Errorf("with nothing owed and nothing there one waits %s", wait)
	}
}

func TestMoreThanABucketHoldsIsAllThatItHolds(t *testing.T) {
	var b Bucket
	rate := Rate{1, 5 * time.Second}
	if wait := b.Wait(rate, 1000, start); wait != 0 {
		t.Errorf("a full bucket has one wait %s", wait)
	}
	b.Spend(rate, 5, start)
	if wait := b.Wait(rate, 1000, start); wait != 5*time.Second {
		t.Errorf("an empty one %s", wait)
	}
}

func TestNoRateIsNoLimit(t *testing.T) {
	for _, none := range []float64{0, -1, math.NaN()} {
		rate, many := Rate{none, time.Second}, NewBuckets[string](Rate{none, time.Second})
		var b Bucket
		b.Spend(rate, 1000, start)
		many.Spend("alice", 1000, start)
		if b.Take(rate, 1000, start) != 0 || many.Wait("alice", 1, start) != 0 {
			t.Errorf("with %f a second something waits", none)
		}
	}
}

// TestBucketIsSmall: every connection has two.
func TestBucketIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Bucket{}); size > 24 {
		t.Errorf("it has %d bytes", size)
	}
}

// rates are all that can be set, and slower.
func drawRate(t *rapid.T) Rate {
	return Rate{
		PerSecond: math.Pow(10, rapid.Float64Range(-300, 9).Draw(t, "magnitude")),
		Burst:     time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "burst")),
	}
}

// TestBucketNeverGivesMoreThanItsRateAndABurst, and who waits as told is served then, and not before.
func TestBucketNeverGivesMoreThanItsRateAndABurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := drawRate(t)
		perSecond := max(rate.PerSecond, 1/longest.Seconds())
		holds := max(1, perSecond*rate.Burst.Seconds())
		var b Bucket
		now, passed, taken, takes := start, 0.0, 0, 0
		pass := func(d time.Duration) { now, passed = now.Add(d), passed+d.Seconds() }
		for range rapid.IntRange(1, 100).Draw(t, "takes") {
			pass(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "pause")))
			n := rapid.IntRange(1, int(min(holds, 1e6))).Draw(t, "n")
			wait := b.Take(rate, n, now)
			if wait < 0 || wait > 2*longest {
				t.Fatalf("waits %s", wait)
			}
			if wait > 0 {
				if before := b; before.Take(rate, n, now.Add(wait-1)) == 0 {
					t.Fatalf("is to wait %s, and is served before", wait)
				}
				pass(wait)
				if more := b.Take(rate, n, now); more != 0 {
					t.Fatalf("waited %s as told, and is to wait another %s", wait, more)
				}
			}
			taken, takes = taken+n, takes+1
			rounded := float64(takes+1) * perSecond / 1e9 // a nanosecond for each
			if most := holds + perSecond*passed; float64(taken) > most*(1+1e-9)+rounded {
				t.Fatalf("%d were taken in %g s, %f at most", taken, passed, most)
			}
		}
	})
}

// TestDebtIsAtMostAFullBucket whatever was spent, and at whatever rate before.
func TestDebtIsAtMostAFullBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Bucket
		now := start
		for range rapid.IntRange(1, 20).Draw(t, "spendings") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "pause")))
			rate := drawRate(t)
			b.Spend(rate, rapid.IntRange(0, math.MaxInt).Draw(t, "n"), now)
			if debt := b.Wait(rate, 0, now); debt < 0 || debt > rate.size() {
				t.Fatalf("the debt is %s, in a bucket of %s", debt, rate.size())
			}
		}
	})
}
