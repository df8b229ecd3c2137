package engine

// Ring is a queue in a circular buffer: push and pop cost no allocation once the
// buffer has its size. The zero Ring is empty and ready.
type Ring[T any] struct {
	slots []T
	head  int // of the oldest
	count int
}

const smallestRing = 4 // slots; most mailboxes never hold more

func (r *Ring[T]) Len() int { return r.count }

// At gives the i-th oldest; i must be in [0, len).
func (r *Ring[T]) At(i int) T { return r.slots[(r.head+i)%len(r.slots)] }

// Slot gives the place of the i-th oldest, to change it.
func (r *Ring[T]) Slot(i int) *T { return &r.slots[(r.head+i)%len(r.slots)] }

func (r *Ring[T]) Push(v T) {
	if r.count == len(r.slots) {
		r.resize(max(smallestRing, 2*len(r.slots)))
	}
	r.slots[(r.head+r.count)%len(r.slots)] = v
	r.count++
}

// Pop takes the oldest out; the ring must not be empty.
func (r *Ring[T]) Pop() T {
	var none T
	v := r.slots[r.head]
	r.slots[r.head] = none // nothing may be kept alive by a slot nobody reads
	r.head = (r.head + 1) % len(r.slots)
	r.count--
	return v
}

// Shrink gives back a buffer of more than limit slots; the ring must be empty.
func (r *Ring[T]) Shrink(limit int) {
	if len(r.slots) > limit {
		*r = Ring[T]{}
	}
}

func (r *Ring[T]) resize(n int) {
	slots := make([]T, n)
	for i := range r.count {
		slots[i] = r.At(i)
	}
	r.slots, r.head = slots, 0
}
