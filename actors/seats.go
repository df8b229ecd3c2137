package actors

import "slices"

// indexFrom is how many seats are taken before there is an index of them: fewer are found as fast
// by looking, and a map each is what ten thousand idle users must not cost.
const indexFrom = 16

// seats hold something for each of some connections. Walking 10,000 of them walks a slice.
type seats[T any] struct {
	taken []seat[T]
	place map[uint64]int // nil for few
}

type seat[T any] struct {
	conn uint64
	of   T
}

// find gives the place of a connection in taken, -1 if it has none.
func (s *seats[T]) find(conn uint64) int {
	if s.place == nil {
		return slices.IndexFunc(s.taken, func(taken seat[T]) bool { return taken.conn == conn })
	}
	if i, ok := s.place[conn]; ok {
		return i
	}
	return -1
}

// add gives a connection a seat; it has none.
func (s *seats[T]) add(conn uint64, of T) {
	s.taken = append(s.taken, seat[T]{conn, of})
	if n := len(s.taken); s.place != nil {
		s.place[conn] = n - 1
	} else if n >= indexFrom {
		s.place = make(map[uint64]int, 2*n)
		for i := range s.taken {
			s.place[s.taken[i].conn] = i
		}
	}
}

// remove takes the seat at a place away, and gives what it held.
func (s *seats[T]) remove(i int) (of T) {
	left, last := s.taken[i], len(s.taken)-1
	s.taken[i] = s.taken[last]
	s.taken[last] = seat[T]{}
	s.taken = s.taken[:last]
	if s.place != nil {
		delete(s.place, left.conn)
		if i < last {
			s.place[s.taken[i].conn] = i
		}
	}
	return left.of
}
