package limit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEachKeyHasItsOwnBucket(t *testing.T) {
	b := NewBuckets[string](Rate{1, time.Second})
	b.Spend("alice", 1, start)
	if wait := b.Wait("alice", 1, start); wait != time.Second {
		t.Errorf("who has spent waits %s", wait)
	}
	if wait := b.Wait("bob", 1, start); wait != 0 {
		t.Errorf("another key waits %s", wait)
	}
}

func TestWhoStaysAwayIsForgotten(t *testing.T) {
	b := NewBuckets[int](Rate{1, 2 * time.Second})
	for i := range 100 {
		b.Spend(i, 1, start)
	}
	if len(b.of.byKey) != 100 {
		t.Fatalf("%d are known", len(b.of.byKey))
	}
	b.Spend(1000, 1, start.Add(time.Minute))
	if len(b.of.byKey) != 1 || b.of.used.Len() != 1 {
		t.Errorf("%d are known, %d in order", len(b.of.byKey), b.of.used.Len())
	}
}

func TestKeysAreBounded(t *testing.T) {
	b := NewBuckets[int](Rate{0.001, 0})
	for i := range mostKeys + 100 {
		b.Spend(i, 1, start)
		b.Wait(1, 1, start)
		b.Spend(0, 0, start)
	}
	if len(b.of.byKey) > mostKeys || b.of.used.Len() != len(b.of.byKey) {
		t.Errorf("%d are known, %d in order", len(b.of.byKey), b.of.used.Len())
	}
	if b.Wait(0, 1, start) == 0 || b.Wait(1, 1, start) > 0 || b.Wait(mostKeys, 1, start) == 0 {
		t.Error("it is not the one longest not used that was forgotten")
	}
}

// TestNobodyNoticesThatItWasForgotten holds many buckets to what each would be by itself.
func TestNobodyNoticesThatItWasForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := Rate{rapid.Float64Range(0.01, 100).Draw(t, "rate"), time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "burst"))}
		b, alone := NewBuckets[int](rate), map[int]*Bucket{}
		now := start
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "pause")))
			key, n := rapid.IntRange(0, 5).Draw(t, "key"), rapid.IntRange(0, 50).Draw(t, "n")
			if alone[key] == nil {
				alone[key] = &Bucket{}
			}
			if got, want := b.Wait(key, n, now), alone[key].Wait(rate, n, now); got != want {
				t.Fatalf("%d waits %s for %d, not %s", key, got, n, want)
			}
			if rapid.Bool().Draw(t, "spends") {
				b.Spend(key, n, now)
				alone[key].Spend(rate, n, now)
			}
			if len(b.of.byKey) != b.of.used.Len() {
				t.Fatalf("%d are known, %d in order", len(b.of.byKey), b.of.used.Len())
			}
		}
	})
}
