package actors

import (
	"slices"
	"time"

	"parley/actors/protocol"
)

const (
	// newsPause is how long changes of presence wait for each other, for each
	// listener that is to be told, and longestNewsPause for any number of them: where
	// few listen they are told at once, and in a storm of 5,000 joins each connection
	// is written to four times a second instead of for each join. A wave that goes
	// anyway takes them along.
	newsPause        = 50 * time.Microsecond
	longestNewsPause = 250 * time.Millisecond
	// membersInterval is how often the whole list is told at most, where there are
	// so many members (crowd) that single changes are not.
	membersInterval = time.Second
	crowd           = protocol.MaxMembers
	// heldChanges is how many events of presence wait while the set is read.
	heldChanges = 1024
)

// roster is who is present anywhere, as the sessions of this node have been told,
// and what they are to be told next. It is pure, and outlives the room: what was
// told stays told.
type roster struct {
	room    string   // as it is spelled; "" for the public one
	told    []string // sorted; what the first frames show
	seq     int64    // of the newest event taken in
	version int64    // counts what was told: a session that has less has missed some
	waved   int64    // the version that the newest frames made
	before  int64    // and those before them
	known   bool     // the set was read at least once
	hole    hole[*PresenceChanged]

	whole   []string // a fresh list that the next wave tells, if it differs
	isWhole bool
	changes []change

	encoded  []byte    // what appendMembers makes of told; nil when outdated
	lastNews time.Time // when changes were told
	lastList time.Time // when a crowd was told its list
	listDue  bool      // a crowd has changed since
}

type change struct {
	name   string
	joined bool
}

// stale notes that events may have been missed, and says whether to read the set.
func (r *roster) stale() (read bool) { return r.hole.open() }

// forgetReading notes that whoever was asked to read the set, or who asked, is gone.
func (r *roster) forgetReading() { r.hole.close() }

// changed takes an event; read says that there is a hole before it.
func (r *roster) changed(e *PresenceChanged) (read bool) {
	switch {
	case r.hole.reading || !r.known:
		r.hole.hold(e, heldChanges)
		return false
	case e.Seq != r.seq+1:
		return r.stale() // also a smaller number: Redis has begun anew
	}
	r.take(e)
	return false
}

func (r *roster) take(e *PresenceChanged) {
	r.seq = e.Seq
	for _, name := range e.Joined {
		r.changes = append(r.changes, change{name, true})
	}
	for _, name := range e.Left {
		r.changes = append(r.changes, change{name, false})
	}
}

// read takes the set as it was read, then the events that it does not include.
func (r *roster) read(m *Members) (read bool) {
	r.known = true
	r.seq = m.Seq
	r.whole, r.isWhole = slices.Sorted(slices.Values(m.Names)), true
	r.changes = nil
	held, again := r.hole.close()
	for _, e := range held {
		if e.Seq == r.seq+1 {
			r.take(e)
		}
		again = again || e.Seq > r.seq
	}
	return again && r.stale()
}

// hasNews says whether there is something to say.
func (r *roster) hasNews() bool { return r.isWhole || len(r.changes) > 0 || r.listDue }

// newsDue is when what is new is to be said to so many listeners, unless a wave goes before.
func (r *roster) newsDue(listeners int) time.Time {
	due := r.lastNews.Add(min(time.Duration(listeners)*newsPause, longestNewsPause))
	if list := r.lastList.Add(membersInterval); !r.isWhole && len(r.changes) == 0 && list.After(due) {
		return list
	}
	return due
}

// news brings told up to date and gives the frames that say so; nil if there is
// nothing to say. Unless a wave goes anyway, what is new waits for more.
func (r *roster) news(now time.Time, listeners int, goesAnyway bool) []byte {
	if !r.hasNews() || !goesAnyway && now.Before(r.newsDue(listeners)) {
		return nil
	}
	r.lastNews = now
	r.version++
	var frames []byte
	if r.isWhole {
		if !slices.Equal(r.told, r.whole) {
			r.told, r.encoded = r.whole, nil
			if len(r.told) >= crowd {
				r.listDue = true
			} else {
				frames = append(frames, protocol.MembersFrame(r.room, r.list())...)
			}
		}
		r.whole, r.isWhole = nil, false
	}
	for _, c := range r.changes {
		frames = r.apply(frames, c)
	}
	r.changes = nil
	if r.listDue && now.Sub(r.lastList) >= membersInterval {
		r.listDue, r.lastList = false, now
		frames = append(frames, protocol.MembersFrame(r.room, r.list())...)
	}
	if len(frames) > 0 {
		r.before, r.waved = r.waved, r.version
	}
	return frames
}

// apply makes one change, and appends the frame that tells it unless the list will.
func (r *roster) apply(frames []byte, c change) []byte {
	i, present := slices.BinarySearch(r.told, c.name)
	if present == c.joined {
		return frames
	}
	kind := "member_remove"
	if c.joined {
		r.told = slices.Insert(r.told, i, c.name)
		kind = "member_add"
	} else {
		r.told = slices.Delete(r.told, i, i+1)
	}
	r.encoded = nil
	if len(r.told) >= crowd {
		r.listDue = true
		return frames
	}
	return append(frames, protocol.MemberFrame(kind, r.room, c.name, len(r.told))...)
}

// list is what a members frame holds: names too, unless they would exceed the list.
func (r *roster) list() []byte {
	if len(r.told) > protocol.MaxMembers {
		return protocol.AppendMembers(nil, nil, len(r.told))
	}
	return r.opening()
}

// shows says whether a name is in the list that first frames show.
func (r *roster) shows(name string) bool {
	_, found := slices.BinarySearch(r.told, name)
	return found
}

// has says whether a name is present, as far as is known here.
func (r *roster) has(name string) bool {
	for i := len(r.changes) - 1; i >= 0; i-- {
		if r.changes[i].name == name {
			return r.changes[i].joined
		}
	}
	names := r.told
	if r.isWhole {
		names = r.whole
	}
	_, found := slices.BinarySearch(names, name)
	return found
}

// opening is what a first frame holds: it lists the first of a crowd.
func (r *roster) opening() []byte {
	if r.encoded == nil {
		names := r.told
		if names == nil {
			names = []string{}
		}
		r.encoded = protocol.AppendMembers(nil, names, len(names))
	}
	return r.encoded
}
