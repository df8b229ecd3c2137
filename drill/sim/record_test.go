package sim

import "testing"

// TestClientThatStallsForTwoReasonsStallsFromTheFirstOn: by a whim of its own, and by a fault.
func TestClientThatStallsForTwoReasonsStallsFromTheFirstOn(t *testing.T) {
	t.Parallel()
	r := &record{}
	r.stall(true)
	r.stalled = 1 // long ago
	r.stall(true)
	r.stall(false)
	r.stall(false)
	if len(r.Stalls) != 1 || r.Stalls[0].Start != 1 {
		t.Errorf("it stalled %v", r.Stalls)
	}
}
