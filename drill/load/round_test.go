package load

import (
	"context"
	"testing"

	"parley/drill/rig"
)

func TestARoundTripThroughRedisIsMeasured(t *testing.T) {
	redis, err := rig.NewRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	p50, err := roundTrip(context.Background(), redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if p50 < 1 || p50 > 1e6 {
		t.Errorf("it took %.0f µs", p50)
	}
	t.Logf("%.0f µs", p50)
}

func TestTheProcessesAreRead(t *testing.T) {
	memory, err := sum(self(), residentBytes)
	if err != nil || memory < 1<<20 {
		t.Errorf("this process holds %d bytes: %v", memory, err)
	}
	if _, err := sum(self(), cpuTime); err != nil {
		t.Error(err)
	}
	if _, err := sum([]int{-1}, cpuTime); err == nil {
		t.Error("a process that is not there has a CPU time")
	}
}
