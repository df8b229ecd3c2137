package actors

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parley/actors/protocol"
)

// world is a log, the events of it that are under way to a feed, and the reads
// that it has asked for.
type world struct {
	log    []int64
	events []*Appended
	reads  []Read
	feed   feed
	heard  []int64 // what the feed gave as new
	lossy  bool    // a link was lost with events on it
}

func (w *world) last() int64 {
	if len(w.log) == 0 {
		return 0
	}
	return w.log[len(w.log)-1]
}

func (w *world) ask(read bool) {
	if read {
		after, limit := w.feed.nextRead()
		w.reads = append(w.reads, Read{After: after, Limit: min(limit, 7)}) // so that one read is seldom all
	}
}

func (w *world) take(fresh []protocol.Entry, read bool) {
	w.heard = append(w.heard, idsOf(fresh)...)
	w.ask(read)
}

// deliver hands the feed the i-th event that is under way.
func (w *world) deliver(i int) {
	e := w.events[i]
	w.events = slices.Delete(w.events, i, i+1)
	w.take(w.feed.appended(e))
}

// answer answers the oldest read with the log as it is now.
func (w *world) answer() {
	q := w.reads[0]
	w.reads = w.reads[1:]
	if !w.feed.hole.reading {
		return // as the channel does
	}
	r := &Recalled{Read: q, Newest: w.last()}
	if q.After == Newest {
		r.Entries = entriesOf(w.log[max(0, len(w.log)-q.Limit):]...)
	} else {
		rest := after(w.log, q.After)
		r.Entries = entriesOf(rest[:min(len(rest), q.Limit)]...)
	}
	r.More = len(r.Entries) == q.Limit
	w.take(w.feed.recalled(r))
}

// TestFeedGivesEachEntryOnceInOrderWhateverHappensToItsEvents interleaves appends,
// events that come, come twice, or are lost with their link, and reads.
func TestFeedGivesEachEntryOnceInOrderWhateverHappensToItsEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{feed: feed{tail: newTail(50), first: 5}}
		w.log = growth(t, 0, 10)
		w.ask(w.feed.hole.open())
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				prev, fresh := w.last(), growth(t, w.last(), 4)
				if len(fresh) == 0 {
					t.Skip("nothing")
				}
				w.log = append(w.log, fresh...)
				w.events = append(w.events, &Appended{Prev: prev, Entries: entriesOf(fresh...)})
			},
			"deliver": func(t *rapid.T) {
				if len(w.events) == 0 {
					t.Skip("no event")
				}
				w.deliver(0)
			},
			"deliver twice": func(t *rapid.T) {
				if len(w.events) == 0 {
					t.Skip("no event")
				}
				w.events = append([]*Appended{w.events[0]}, w.events...)
				w.deliver(0)
				w.deliver(0)
			},
			"shed": func(t *rapid.T) {
				if len(w.events) == 0 {
					t.Skip("no event")
				}
				w.events = w.events[1:]
				w.ask(w.feed.hole.open()) // Missed comes in its place
			},
			"lose silently": func(t *rapid.T) {
				if len(w.events) == 0 {
					t.Skip("no event")
				}
				w.events, w.lossy = w.events[1:], true
			},
			"relink": func(*rapid.T) {
				w.lossy = false
				w.ask(w.feed.hole.open())
			},
			"restart the bridge": func(*rapid.T) {
				w.events, w.reads, w.lossy = nil, nil, true
				w.feed.hole.reading = false
			},
			"answer": func(t *rapid.T) {
				if len(w.reads) == 0 {
					t.Skip("nothing asked")
				}
				w.answer()
			},
		})
		if w.lossy || !w.feed.tail.known {
			w.ask(w.feed.hole.open())
		}
		for len(w.events)+len(w.reads) > 0 {
			if len(w.reads) > 0 {
				w.answer()
			} else {
				w.deliver(0)
			}
		}
		if w.feed.hole.reading || len(w.feed.hole.held) > 0 {
			t.Fatalf("nothing is under way, but the feed waits for a read, with %d events held", len(w.feed.hole.held))
		}
		if want := w.log[len(w.log)-len(w.heard):]; !equalIDs(w.heard, want) {
			t.Fatalf("heard %v, the log is %v", w.heard, w.log)
		}
		if w.feed.tail.last != w.last() || w.feed.lost > 0 {
			t.Fatalf("the tail ends at %d with %d holes, the log at %d", w.feed.tail.last, w.feed.lost, w.last())
		}
	})
}

func TestFeedReadsAHoleBeforeWhatComesAfterIt(t *testing.T) {
	f := feed{tail: newTail(9), first: 9}
	f.hole.open()
	f.recalled(&Recalled{Read: Read{After: Newest}, Entries: entriesOf(1), Newest: 1})
	fresh, read := f.appended(&Appended{Prev: 3, Entries: entriesOf(4)})
	if len(fresh) > 0 || !read {
		t.Fatalf("gave %v, read %v", idsOf(fresh), read)
	}
	if fresh, read = f.appended(&Appended{Prev: 4, Entries: entriesOf(5)}); len(fresh) > 0 || read {
		t.Fatalf("while reading, an event gave %v and another read: %v", idsOf(fresh), read)
	}
	fresh, read = f.recalled(&Recalled{Read: Read{After: 1}, Entries: entriesOf(2, 3), Newest: 3})
	if !equalIDs(idsOf(fresh), []int64{2, 3, 4, 5}) || read || f.healed != 1 {
		t.Errorf("gave %v, read %v, healed %d", idsOf(fresh), read, f.healed)
	}
}

func TestFeedReadsOnceMoreWhatItCouldNotHold(t *testing.T) {
	f := feed{tail: newTail(9), first: 9}
	f.hole.open()
	for i := range int64(heldEvents + 1) {
		f.appended(&Appended{Prev: i, Entries: entriesOf(i + 1)})
	}
	_, read := f.recalled(&Recalled{Read: Read{After: Newest}})
	if !read || f.tail.last != heldEvents {
		t.Errorf("read %v, at %d", read, f.tail.last)
	}
}

func TestFeedCountsAHoleThatNobodyCanFillAndGoesOn(t *testing.T) {
	f := feed{tail: newTail(9), first: 9}
	f.hole.open()
	f.recalled(&Recalled{Read: Read{After: Newest}, Entries: entriesOf(1), Newest: 1})
	f.hole.open()
	fresh, read := f.recalled(&Recalled{Read: Read{After: 1}, Entries: entriesOf(6, 7), Newest: 7, Trimmed: 5})
	if !equalIDs(idsOf(fresh), []int64{6, 7}) || read || f.lost != 1 || f.tail.covers(4) {
		t.Errorf("gave %v, read %v, lost %d", idsOf(fresh), read, f.lost)
	}
}

// TestAnswerToWhoWasHereBeforeBeginsNoTail: the user left, whose inbox was being read, and is back
// with a new tail. What came after the old one's end is not all there is.
func TestAnswerToWhoWasHereBeforeBeginsNoTail(t *testing.T) {
	f := &feed{tail: newTail(10), first: 10}
	f.hole.open()
	fresh, read := f.recalled(&Recalled{Read: Read{After: 5}, Newest: 5})
	if len(fresh) > 0 || !read || f.tail.known {
		t.Fatalf("it gave %v, reads: %v, known: %v", fresh, read, f.tail.known)
	}
	entries := []protocol.Entry{{ID: 3}, {ID: 5}}
	if fresh, _ = f.recalled(&Recalled{Read: Read{After: Newest}, Newest: 5, Entries: entries}); len(fresh) != 2 {
		t.Errorf("the answer to its own question gave %v", fresh)
	}
	if got := f.tail.since(0, 10); len(got) != 2 || !f.tail.covers(0) {
		t.Errorf("it holds %v", got)
	}
}

// TestTailThatIsReadAnewIsReadWhole: of an inbox only the newest are read to begin with, and what came since is held.
func TestTailThatIsReadAnewIsReadWhole(t *testing.T) {
	f := &feed{tail: newTail(10), first: 2}
	if after, limit := f.nextRead(); after != Newest || limit != 3 {
		t.Errorf("it begins with %d behind %d", limit, after)
	}
	f.hole.open()
	f.recalled(&Recalled{Read: Read{After: Newest}, Newest: 2, Entries: entriesOf(1, 2)})
	f.appended(&Appended{Prev: 2, Entries: entriesOf(3, 4, 5, 6)})
	if !f.restored(6) {
		t.Fatal("it does not read what was put back")
	}
	if after, limit := f.nextRead(); after != Newest || limit != 11 {
		t.Errorf("it reads %d behind %d anew", limit, after)
	}
}
