package actors

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSeatsAreThoseOfTheConnectionsThatHaveOne, with an index and without.
func TestSeatsAreThoseOfTheConnectionsThatHaveOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s seats[int]
		held := map[uint64]int{} // the truth
		conn := rapid.Uint64Range(1, 3*indexFrom)
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				c := conn.Draw(t, "conn")
				i := s.find(c)
				of, ok := held[c]
				if ok != (i >= 0) {
					t.Fatalf("%d has a seat: %v, found at %d", c, ok, i)
				}
				if !ok {
					held[c] = rapid.Int().Draw(t, "of")
					s.add(c, held[c])
					return
				}
				if removed := s.remove(i); removed != of {
					t.Fatalf("%d held %d, not %d", c, removed, of)
				}
				delete(held, c)
			},
			"": func(t *rapid.T) {
				if len(s.taken) != len(held) {
					t.Fatalf("%d seats are taken, by %d", len(s.taken), len(held))
				}
				for i, taken := range s.taken {
					if held[taken.conn] != taken.of || s.find(taken.conn) != i {
						t.Fatalf("%+v at %d is found at %d, and held %d", taken, i, s.find(taken.conn), held[taken.conn])
					}
				}
			},
		})
	})
}
