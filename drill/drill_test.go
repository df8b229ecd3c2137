package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// holdsFor is how long TestDrillHolds breaks things: long enough for one of every fault, and no longer.
const holdsFor = 55 * time.Second

// TestDrillHolds breaks everything on three real nodes and a real Redis for a while. The seed is the first whose plan has
// every fault, so that a failure can be repeated; what it finds also depends on timing.
func TestDrillHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the server and breaks it for the better part of a minute, which -short leaves out")
	}
	seed := seedOfEveryFault(t, holdsFor)
	var out strings.Builder
	args := []string{"-dir", "..", "-clients", "60", "-rate", "40", "-duration", holdsFor.String(), "-seed", fmt.Sprint(seed)}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log(out.String())
	for _, name := range allFaults {
		if name != killActor && !strings.Contains(out.String(), "\n| "+name+" ") {
			t.Errorf("%s was not injected", name)
		}
	}
}

// seedOfEveryFault is the first seed that plans at least one of every fault for a drill of that length.
func seedOfEveryFault(t *testing.T, duration time.Duration) uint64 {
	t.Helper()
	for seed := uint64(1); seed <= 20_000; seed++ {
		planned := make(map[string]bool)
		for _, f := range planFaults(seed, duration, allFaults, ownNodes) {
			planned[f.Name] = true
		}
		if len(planned) == len(allFaults) {
			return seed
		}
	}
	t.Fatalf("no seed plans all of %v within %v", allFaults, duration)
	return 0
}

func TestNonsenseOnTheCommandLineIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-faults", "earthquake"},
		{"-clients", "0"},
		{"-rate", "-1"},
		{"unknown"},
		{"-url", "nonsense", "-faults", "none"},
		{"-url", "http://127.0.0.1:1", "-faults", "actor"},                           // no token
		{"-url", "http://127.0.0.1:1", "-faults", "redis-kill", "-chaos-token", "t"}, // not ours to kill
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
