package main

import (
	"strings"
	"testing"
)

// TestDrillHolds breaks everything on three real nodes and a real Redis for a while. The seed is fixed, so that a
// failure can be repeated; what it finds also depends on timing.
func TestDrillHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the server and breaks it for half a minute, which -short leaves out")
	}
	var out strings.Builder
	args := []string{"-dir", "..", "-clients", "60", "-rate", "40", "-duration", "25s", "-seed", "5"}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log(out.String())
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
