package main

import "testing"

func TestCollectorLetsASmallHeapGrowAndLeavesALargeOneToItsRule(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 3200, 1 << 20: 3200, 8 << 20: 400, 32 << 20: 100, 1 << 30: 100,
	} {
		h := heap{live: live} // as it was found before
		if got := h.percentFor(live); got != want {
			t.Errorf("%d live bytes may grow by %d %%, not by %d", live, got, want)
		}
	}
	if worthSetting(400, 420) || !worthSetting(400, 800) || !worthSetting(110, 100) || worthSetting(100, 100) {
		t.Error("what is worth setting is not")
	}
}

// TestHeapThatGrowsIsCollectedSooner until a collection finds that it grows no more.
func TestHeapThatGrowsIsCollectedSooner(t *testing.T) {
	t.Parallel()
	var h heap
	for i, c := range []struct {
		live uint64 // MiB
		want int
	}{{4, 800}, {20, 160}, {30, growingPercent}, {30, growingPercent}, {40, growingPercent}, {40, growingPercent}, {39, 100}, {50, growingPercent}, {16, 200}} {
		if got := h.percentFor(c.live << 20); got != c.want {
			t.Errorf("look %d: %d MiB may grow by %d %%, not by %d", i, c.live, got, c.want)
		}
	}
}
