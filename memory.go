package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// quietInterval is how often the server looks whether it has fallen quiet.
	quietInterval = 2 * time.Second
	// quietAllocation is how many bytes a quiet server allocates between two looks,
	// at most: pings and probes.
	quietAllocation = 4 << 20
	// worthReturning is how many bytes must have been allocated since memory was last
	// given back, for the collection that it costs to be worth it.
	worthReturning = 64 << 20
)

// returnMemory gives memory back to the system when the server has fallen quiet after
// a busy time, until ctx ends: the runtime would keep what a storm of connections
// needed for as long as nothing makes it collect again.
func returnMemory(ctx context.Context) {
	every := time.NewTicker(quietInterval)
	defer every.Stop()
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var last, returned uint64
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		metrics.Read(allocated)
		now := allocated[0].Value.Uint64()
		if now-last <= quietAllocation && now-returned >= worthReturning {
			debug.FreeOSMemory()
			returned = now
		}
		last = now
	}
}
