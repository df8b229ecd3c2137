package main

import "testing"

func TestCollectorLetsASmallHeapGrowAndLeavesALargeOneToItsRule(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 3200, 1 << 20: 3200, 8 << 20: 400, 32 << 20: 100, 1 << 30: 100,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("%d live bytes may grow by %d %%, not by %d", live, got, want)
		}
	}
	if worthSetting(400, 420) || !worthSetting(400, 800) || !worthSetting(110, 100) || worthSetting(100, 100) {
		t.Error("what is worth setting is not")
	}
}
