package linear

import (
	"slices"

	"parley/drill/check"
)

// place is one entry of a log: all that is known of it from anywhere.
type place struct {
	id     int64 // its id; in an inbox, the cursor
	direct int64 // in an inbox: the id in its conversation
	message
	text, hash uint64
	stored     bool // in the log at the end, so that text and hash are known
}

// named says whether it is known which of its sender's messages it is.
func (p *place) named() bool { return p.ref != "" }

// telling is an entry that a connection was told.
type telling struct {
	id   int64
	hash uint64
	at   int64
}

// passage is one log as one connection was told it.
type passage struct {
	conn     *check.Connection
	at       int64 // when it began: of init or joined; 0 of a conversation, which has no beginning of its own
	base     int64 // nothing newer may be missing; unbased: whatever comes first is its beginning
	cursor   int64 // what the server called the log's newest
	snapshot bool  // and whether it said that it had read the log
	told     []telling
}

const unbased = -1

// book is one log: what was said for it, what it has, and what was told of it. The ids of all that is known make the
// places of the only log that can explain the history.
type book struct {
	name     string
	places   []place
	index    map[int64]int
	attempts []*attempt
	passages []*passage
	floor    int64        // what is not newer may be trimmed
	unseen   []check.Span // and so may what has these ids
	read     bool         // Redis was asked for it at the end
	relayed  bool         // a conversation: people hear it through their inboxes
}

// trimmed says whether the log need not have that id any more.
func (b *book) trimmed(id int64) bool {
	return id <= b.floor || slices.ContainsFunc(b.unseen, func(s check.Span) bool { return s.Start <= id && id <= s.End })
}

// add notes that there is an entry with that id.
func (b *book) add(p place) *place {
	i, known := b.index[p.id]
	if !known {
		i = len(b.places)
		b.index[p.id] = i
		b.places = append(b.places, p)
	}
	return &b.places[i]
}

func (b *book) addStored(p place) {
	p.stored = true
	*b.add(p) = p
}

// sort brings the places into the order of their ids; from then on none may be added.
func (b *book) sort() {
	slices.SortFunc(b.places, func(x, y place) int { return int(min(1, max(-1, x.id-y.id))) })
	for i := range b.places {
		b.index[b.places[i].id] = i
	}
}

// upTo is how many places have at most that id.
func (b *book) upTo(id int64) int {
	n, _ := slices.BinarySearchFunc(b.places, id+1, func(p place, id int64) int { return int(min(1, max(-1, p.id-id))) })
	return n
}
