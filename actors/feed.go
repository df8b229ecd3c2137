package actors

import "parley/actors/protocol"

const (
	// healBatch is how many entries one read of the log brings: a read of 1,000
	// short messages takes Redis about 1 ms.
	healBatch = 1000
	// heldEvents is how many events wait while a hole is read; more would only
	// repeat what the read brings.
	heldEvents = 256
)

// feed keeps a tail in step with its log: it takes events in order, and on a hole
// says what to read. It is pure; the room and the dm actors do what it says.
type feed struct {
	log    Log
	tail   *tail
	first  int // entries of the log's end that are held to begin with
	hole   hole[*Appended]
	healed int // holes closed, for the metrics
	lost   int // holes that could not be
}

// nextRead is what the feed wants of its log. Of the log's end it reads one entry more than is
// to be held: that which is before it (tail.begin). Where it is read anew that is all that may
// be held, for what was held would be forgotten otherwise.
func (f *feed) nextRead() (after int64, limit int) {
	switch {
	case !f.tail.known:
		return Newest, f.first + 1
	case f.tail.unsure > 0:
		return Newest, f.tail.limit + 1
	}
	return f.tail.last, healBatch
}

// appended takes an event and gives what is new of it; read says that there is a
// hole before it, to be read first.
func (f *feed) appended(e *Appended) (fresh []protocol.Entry, read bool) {
	if f.hole.reading || !f.tail.known || e.Prev > f.tail.last {
		f.hole.hold(e, heldEvents)
		return nil, f.tail.known && !f.hole.reading && f.hole.open()
	}
	return f.tail.extend(e.Entries), false
}

// restored notes that entries were put back into the log that the tail may lack: it was begun
// when the log had less. It is read anew.
func (f *feed) restored(upto int64) (read bool) {
	if !f.tail.known || upto <= f.tail.after {
		return false
	}
	f.tail.unsure = max(f.tail.unsure, upto)
	return f.hole.open()
}

// begunAnew begins the tail again with the log's end, and gives what is newer than what it had.
func (f *feed) begunAnew(r *Recalled) (fresh []protocol.Entry) {
	last := f.tail.last
	f.tail.begin(r.Entries, r.Newest, r.Trimmed, !r.More)
	if f.tail.after > last {
		f.lost++ // for the feed; its listeners see for themselves
	}
	fresh = r.Entries
	for len(fresh) > 0 && fresh[0].ID <= last {
		fresh = fresh[1:]
	}
	return fresh
}

// recalled takes what a read brought, then the events that waited for it.
func (f *feed) recalled(r *Recalled) (fresh []protocol.Entry, read bool) {
	f.hole.reading = false
	if !f.tail.known {
		if r.After != Newest {
			return nil, f.hole.open() // an answer to the question of who was here before
		}
		f.tail.begin(r.Entries, r.Newest, r.Trimmed, !r.More)
		fresh = r.Entries
	} else if f.tail.unsure > 0 {
		if r.After != Newest {
			return nil, f.hole.open() // an answer to an earlier question
		}
		if r.Newest < f.tail.last {
			return nil, false // more is to be put back, and will be told
		}
		fresh = f.begunAnew(r)
	} else if r.After == f.tail.last {
		if r.Trimmed > f.tail.last {
			f.lost++
			f.tail.skip(r.Trimmed)
		}
		fresh = f.tail.extend(r.Entries)
		if len(fresh) > 0 {
			f.healed++
		}
		if r.More {
			return fresh, f.hole.open()
		}
	} else {
		return nil, f.hole.open() // an answer to an earlier question
	}
	held, again := f.hole.close()
	for _, e := range held {
		more, _ := f.appended(e)
		fresh = append(fresh[:len(fresh):len(fresh)], more...)
	}
	return fresh, (again && f.hole.open()) || f.hole.reading
}
