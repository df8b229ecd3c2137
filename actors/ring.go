package actors

// ring is a queue in a circular buffer: push and pop cost no allocation once the
// buffer has its size. The zero ring is empty and ready.
type ring[T any] struct {
	slots []T
	head  int // of the oldest
	count int
}

const smallestRing = 4 // slots; most mailboxes never hold more

func (r *ring[T]) len() int { return r.count }

// at gives the i-th oldest; i must be in [0, len).
func (r *ring[T]) at(i int) T { return r.slots[(r.head+i)%len(r.slots)] }

// slot gives the place of the i-th oldest, to change it.
func (r *ring[T]) slot(i int) *T { return &r.slots[(r.head+i)%len(r.slots)] }

func (r *ring[T]) push(v T) {
	if r.count == len(r.slots) {
		r.resize(max(smallestRing, 2*len(r.slots)))
	}
	r.slots[(r.head+r.count)%len(r.slots)] = v
	r.count++
}

// pop takes the oldest out; the ring must not be empty.
func (r *ring[T]) pop() T {
	var none T
	v := r.slots[r.head]
	r.slots[r.head] = none // nothing may be kept alive by a slot nobody reads
	r.head = (r.head + 1) % len(r.slots)
	r.count--
	return v
}

// shrink gives back a buffer of more than limit slots; the ring must be empty.
func (r *ring[T]) shrink(limit int) {
	if len(r.slots) > limit {
		*r = ring[T]{}
	}
}

func (r *ring[T]) resize(n int) {
	slots := make([]T, n)
	for i := range r.count {
		slots[i] = r.at(i)
	}
	r.slots, r.head = slots, 0
}
