package engine

import (
	"testing"
	"time"
)

// patience is how long something may take to become true: CI machines stall.
const patience = 30 * time.Second

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	for end := time.Now().Add(patience); !is(); <-every.C {
		if time.Now().After(end) {
			t.Fatalf("it did not come to be that %s", what)
		}
	}
}
