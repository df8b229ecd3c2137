package check

import (
	"slices"
	"testing"
)

// TestWhatWasSaidOnceStandsAnywhereBesideWhatWasSaidAgain: alice says m0 and m1 to bob, is cut off, and says m1 again on
// another node, which stores it first. It is m0 before m1 in the inboxes, for there the first node was faster.
func TestWhatWasSaidOnceStandsAnywhereBesideWhatWasSaidAgain(t *testing.T) {
	for name, tc := range map[string]struct{ bare, again, wrong bool }{
		"without a ref, and m1 again": {true, true, false},
		"with a ref, and m1 again":    {false, true, true},
		"without a ref, and no more":  {true, false, true},
	} {
		s := newIdeal()
		first := s.connect("alice", "b")
		s.connect("bob", "a")
		for _, ref := range []string{"m0", "m1"} {
			s.whisper(first, "bob", ref)
			first.Events = first.Events[:len(first.Events)-1] // no ack
		}
		first.Events[find(first, Send, 0)].Bare = tc.bare
		s.wait(second)
		s.close(first, false)
		log := s.h.Logs.Conversations[alicesBob]
		if tc.again {
			again := s.connect("alice", "a")
			s.tell(again, Event{Kind: Send, Hash: hashOf("m1"), Detail: &Detail{Ref: "m1", To: "bob"}})
			s.tell(again, Event{Kind: Ack, ID: log[1].ID, Detail: &Detail{Ref: "m1"}})
		}
		h := s.history()
		swapped := map[int64]int64{log[0].ID: log[1].ID, log[1].ID: log[0].ID}
		swap := func(id *int64) {
			if other, one := swapped[*id]; one {
				*id = other
			}
		}
		for _, entries := range [][]Entry{log, h.Logs.Inboxes["alice"], h.Logs.Inboxes["bob"]} {
			for i := range entries {
				swap(&entries[i].ID)
			}
		}
		slices.Reverse(log)
		for _, conn := range h.Connections {
			for i := range conn.Events {
				swap(&conn.Events[i].ID)
			}
		}
		if r := Check(h); r.Has(Swapped) != tc.wrong || !tc.wrong && r.Failed() {
			t.Errorf("%s: found %+v", name, r.Verdicts)
		}
	}
}
