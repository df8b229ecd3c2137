package engine

import (
	"testing"
	"time"
)

func TestPauseBeforeARestartIsWithinItsBounds(t *testing.T) {
	for n := range 100 {
		for range 20 {
			pause := pauseBefore(n)
			switch {
			case n <= promptRestarts && pause != 0:
				t.Fatalf("the %d-th failure waits %v", n, pause)
			case n > promptRestarts && (pause < shortestPause/2 || pause > longestPause):
				t.Fatalf("the %d-th failure waits %v", n, pause)
			case n > promptRestarts+10 && pause < longestPause/2:
				t.Fatalf("the %d-th failure waits only %v", n, pause)
			}
		}
	}
}

func TestFailuresAreCountedPerChildAndForgottenAfterTheWindow(t *testing.T) {
	f, now := failures{}, time.Now()
	for i := range 3 {
		if n := f.note("a", now.Add(time.Duration(i)*failureWindow)); n != i+1 {
			t.Errorf("failure %d within the window counts as %d", i+1, n)
		}
	}
	if n := f.note("b", now); n != 1 {
		t.Errorf("a sibling's first failure counts as %d", n)
	}
	if n := f.note("b", now.Add(failureWindow+1)); n != 1 {
		t.Errorf("after the window a failure counts as %d", n)
	}
	f.forget("a")
	if f.count("a") != 0 || f.count("b") != 1 {
		t.Errorf("counted %d and %d", f.count("a"), f.count("b"))
	}
}
