package engine

import "time"

const (
	// failureWindow is the time in which a child's failures are counted together.
	failureWindow = 10 * time.Second
	// promptRestarts are so many restarts within the window that cost no wait: kills
	// from outside heal in milliseconds.
	promptRestarts = 5
	// A child that fails more often waits: from shortestPause, doubled each time, to
	// longestPause, and a random part of that, so that a persistent failure costs
	// little and several do not beat in step.
	shortestPause = 10 * time.Millisecond
	longestPause  = 500 * time.Millisecond
)

// failures counts how often each child failed of late. It is one parent's own: a
// child that fails touches no sibling.
type failures map[string]*failureCount

type failureCount struct {
	number int
	last   time.Time
}

// note counts a failure of the child, and says how many there were
// within the window.
func (f failures) note(name string, now time.Time) int {
	c := f[name]
	if c == nil || now.Sub(c.last) > failureWindow {
		c = &failureCount{}
		f[name] = c
	}
	c.number++
	c.last = now
	return c.number
}

// count says how many failures of the child are counted now.
func (f failures) count(name string) int {
	if c := f[name]; c != nil {
		return c.number
	}
	return 0
}

func (f failures) forget(name string) { delete(f, name) }

// pauseBefore is how long the restart after the n-th failure waits.
func pauseBefore(n int) time.Duration {
	if n <= promptRestarts {
		return 0
	}
	longest := min(longestPause, shortestPause<<min(n-promptRestarts, 16))
	return longest/2 + Jitter(longest/2)
}
