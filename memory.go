package main

import (
	"context"
	"os"
	"runtime/debug"
	gometrics "runtime/metrics"
	"time"
)

const (
	// memoryInterval is how often the server looks after its memory.
	memoryInterval = time.Second
	// collectAfter is how many bytes are allocated at least from one garbage collection to
	// the next. The runtime's own rule is as many as are in use, which for a few hundred
	// clients is a collection several times a second: measured with 500 of them and 1,000
	// messages a second, this saved about a tenth of all CPU (0.93 to 0.85 µs a delivery).
	collectAfter = 32 << 20
	// leastPercent is the runtime's own rule, for heaps that are larger than that.
	leastPercent = 100
	// While the heap grows, as it does where many come, it is collected when it has grown by
	// growingPercent: nothing in it ever moves, so that what they leave behind lies between what stays,
	// and is used by those who come next if it is collected before. Measured with 10,000 connections
	// that came within seconds, at 30 and from a growth of 1.1 on: of 20 MB that lay unused between what they need
	// 10 were left; this is for rooms, whose making leaves more behind. It grows if
	// a collection finds more by growth than the one before, and is no small one.
	growingPercent = 25
	growth         = 1.02
	smallHeap      = 24 << 20 // bytes
	// quietAllocation is how many bytes a quiet server allocates between two looks, at
	// most: pings and probes.
	quietAllocation = 2 << 20
	// worthReturning is how many bytes must have been allocated since memory was last
	// given back, for the collection that it costs to be worth it: some tens of seconds of
	// what a quiet server allocates.
	worthReturning = collectAfter / 2
)

// tendMemory tends the process's memory until ctx ends, which is no error. It paces the collector, unless
// GOGC says how; and when the server has fallen quiet after a busy time it gives memory
// back to the system: the runtime would keep what a storm of connections needed for as
// long as nothing makes it collect again.
func tendMemory(ctx context.Context) error {
	every := time.NewTicker(memoryInterval)
	defer every.Stop()
	samples := []gometrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	paced := os.Getenv("GOGC") == ""
	var last, returned uint64
	percent := leastPercent
	var heap heap
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return nil
		}
		gometrics.Read(samples)
		allocated, live := samples[0].Value.Uint64(), samples[1].Value.Uint64()
		if want := heap.percentFor(live); paced && worthSetting(percent, want) {
			percent = want
			debug.SetGCPercent(percent)
		}
		if allocated-last <= quietAllocation && allocated-returned >= worthReturning {
			debug.FreeOSMemory()
			returned = allocated
		}
		last = allocated
	}
}

// heap is what the last collections found.
type heap struct {
	live  uint64 // bytes
	grows bool
}

// percentFor is by how much a heap of so many live bytes may grow before it is collected.
func (h *heap) percentFor(live uint64) int {
	if live != h.live { // it was collected since
		h.grows = live > smallHeap && float64(live) > growth*float64(h.live)
		h.live = live
	}
	if h.grows {
		return growingPercent
	}
	return max(leastPercent, int(leastPercent*collectAfter/max(live, 1<<20)))
}

// worthSetting says whether a percentage is so far off that setting it, which stops the
// world for a moment, pays.
func worthSetting(is, want int) bool {
	return want > is+is/4 || want < is-is/4 || want == leastPercent && is != want
}
