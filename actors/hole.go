package actors

// hole is what is missing between what one has of something and what there is: it is read, once at a
// time, and the events that come meanwhile wait for that. It is the one rule of this package, for
// logs and for who is present.
type hole[E any] struct {
	reading bool // a read is under way
	again   bool // something was missed meanwhile: read once more
	held    []E
}

// open notes that something may have been missed, and says whether to read.
func (h *hole[E]) open() (read bool) {
	if h.reading {
		h.again = true
		return false
	}
	h.reading = true
	return true
}

// hold keeps an event until what is missing is read; beyond so many it is missed, too.
func (h *hole[E]) hold(e E, most int) {
	if len(h.held) < most {
		h.held = append(h.held, e)
	} else {
		h.again = true
	}
}

// close notes that it was read, and gives what waited, and whether more was missed meanwhile.
func (h *hole[E]) close() (held []E, again bool) {
	held, again = h.held, h.again
	*h = hole[E]{}
	return held, again
}
