package actors

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parley/actors/protocol"
)

// entry is one that says nothing but its id.
func entry(id int64) protocol.Entry {
	return protocol.Entry{ID: id, Frame: protocol.AppendFrame(nil, "x")}
}

func entriesOf(ids ...int64) []protocol.Entry {
	entries := make([]protocol.Entry, len(ids))
	for i, id := range ids {
		entries[i] = entry(id)
	}
	return entries
}

func idsOf(entries []protocol.Entry) []int64 {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return ids
}

func equalIDs(a, b []int64) bool { return slices.Equal(a, b) }

// after gives what of a sorted log is after a cursor.
func after(log []int64, cursor int64) []int64 {
	i, found := slices.BinarySearch(log, cursor)
	if found {
		i++
	}
	return log[i:]
}

// growth draws ids that follow last.
func growth(t *rapid.T, last int64, most int) []int64 {
	steps := rapid.SliceOfN(rapid.Int64Range(1, 5), 0, most).Draw(t, "steps")
	ids := make([]int64, len(steps))
	for i, step := range steps {
		last += step
		ids[i] = last
	}
	return ids
}

// TestTailHoldsAllOfTheLogAfterWhatItCovers compares with a log that is never cut.
func TestTailHoldsAllOfTheLogAfterWhatItCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		log := growth(t, 0, 20)
		first := rapid.IntRange(1, limit).Draw(t, "first")
		tl := newTail(limit)
		if tl.covers(0) {
			t.Fatal("a tail that was never read covers something")
		}
		begin := log[max(0, len(log)-first):]
		tl.begin(entriesOf(begin...), append([]int64{0}, log...)[len(log)], 0, len(begin) < first)
		t.Repeat(map[string]func(*rapid.T){
			"extend": func(t *rapid.T) {
				fresh := growth(t, tl.last, 6)
				repeated := rapid.IntRange(0, min(3, len(log))).Draw(t, "repeated")
				event := append(slices.Clone(log[len(log)-repeated:]), fresh...)
				if got := idsOf(tl.extend(entriesOf(event...))); !equalIDs(got, fresh) {
					t.Fatalf("%v gave %v as new, not %v", event, got, fresh)
				}
				log = append(log, fresh...)
			},
			"": func(t *rapid.T) {
				if tl.entries.Len() > limit {
					t.Fatalf("%d entries are held, more than %d", tl.entries.Len(), limit)
				}
				if len(log) > 0 && tl.last != log[len(log)-1] {
					t.Fatalf("last is %d, the log's is %d", tl.last, log[len(log)-1])
				}
				cursor := rapid.Int64Range(0, tl.last+3).Draw(t, "cursor")
				n := rapid.IntRange(0, limit+2).Draw(t, "n")
				if tl.covers(cursor) {
					want := after(log, cursor)
					want = want[:min(n, len(want))]
					if got := idsOf(tl.since(cursor, n)); !equalIDs(got, want) {
						t.Fatalf("since %d: %v, not %v", cursor, got, want)
					}
				}
				newest, before := tl.newest(n)
				if !tl.covers(before) || !equalIDs(idsOf(newest), after(log, before)) {
					t.Fatalf("the newest %d are %v, after %d; the log has %v", n, idsOf(newest), before, after(log, before))
				}
				if want := min(n, tl.entries.Len()); len(newest) != want {
					t.Fatalf("the newest %d are %d, not %d", n, len(newest), want)
				}
			},
		})
	})
}

func TestTailThatIsTheWholeLogCoversItsBeginning(t *testing.T) {
	for _, c := range []struct {
		why             string
		entries         []int64
		newest, trimmed int64
		whole           bool
		after, last     int64
	}{
		{"an empty log", nil, 0, 0, true, 0, 0},
		{"a log that was never trimmed", []int64{3, 4}, 4, 0, true, 0, 4},
		{"a trimmed log, read whole", []int64{3, 4}, 4, 2, true, 2, 4},
		{"the end of a longer log", []int64{3, 4}, 4, 1, false, 3, 4},
		{"the end of a longer log that has lost some", []int64{3, 4, 7}, 7, 6, false, 6, 7},
		{"a log that has lost some in between", []int64{3, 4, 7}, 7, 6, true, 6, 7},
		{"a log of which nothing is kept", nil, 0, 9, true, 9, 9},
		{"a log that grew while it was read", []int64{3, 4, 5}, 4, 0, true, 0, 5},
	} {
		tl := newTail(10)
		tl.begin(entriesOf(c.entries...), c.newest, c.trimmed, c.whole)
		if tl.after != c.after || tl.last != c.last {
			t.Errorf("%s: (%d, %d], not (%d, %d]", c.why, tl.after, tl.last, c.after, c.last)
		}
	}
}

func TestTailBeginsAnewAfterAHoleThatNobodyCanFill(t *testing.T) {
	tl := newTail(10)
	tl.begin(entriesOf(1, 2), 2, 0, true)
	tl.skip(7)
	if tl.covers(6) || !tl.covers(7) || tl.since(7, 9) != nil {
		t.Error("what is older than the hole seems to be held")
	}
	if got := idsOf(tl.extend(entriesOf(7, 8))); !equalIDs(got, []int64{8}) {
		t.Errorf("%v is new, not 8", got)
	}
}

// TestTailOfALogWithAHoleHandsBackNoMoreThanItKnows, however long it goes on.
func TestTailOfALogWithAHoleHandsBackNoMoreThanItKnows(t *testing.T) {
	tl := newTail(4)
	tl.begin(entriesOf(3, 4, 7), 7, 6, true)
	tl.extend(entriesOf(8, 9))
	if tl.covers(5) || !tl.covers(6) {
		t.Error("it takes the hole for a part of the log")
	}
	if got := idsOf(tl.since(tl.after, 9)); tl.after != 6 || !equalIDs(got, []int64{7, 8, 9}) {
		t.Errorf("gives back %v behind %d", got, tl.after)
	}
}

// TestTailRemembersTheReferencesOfWhatTheLogTrimmed: a log may keep less than a tail holds. What is read anew has no more than
// it keeps; and who heard no ack may yet say again what it does not.
func TestTailRemembersTheReferencesOfWhatTheLogTrimmed(t *testing.T) {
	named := func(ids ...int64) []protocol.Entry {
		entries := entriesOf(ids...)
		for i := range entries {
			entries[i].Ref = fmt.Sprint("alice#", entries[i].ID)
		}
		return entries
	}
	past := func(tl *tail, want ...int64) {
		t.Helper()
		if got := idsOf(tl.past); !equalIDs(got, want) || len(got) > 0 && tl.past[0].Ref != fmt.Sprint("alice#", want[0]) {
			t.Errorf("it remembers %v, not %v", tl.past, want)
		}
	}
	tl := newTail(6)
	tl.begin(named(1, 2), 2, 0, true)
	tl.extend(named(3, 4, 5))
	past(tl)
	tl.begin(named(4, 5), 5, 3, true)
	past(tl, 1, 2, 3)
	tl.begin(named(4, 5, 6), 6, 3, true)
	past(tl, 1, 2, 3)
	tl.extend(named(7))
	past(tl, 2, 3)
	tl.skip(9)
	past(tl, 2, 3, 4, 5, 6, 7)
	if tl.covers(8) || tl.since(0, 9) != nil {
		t.Error("it takes what it has no frames of for held")
	}
	tl.extend(named(10, 11, 12, 13, 14, 15, 16))
	past(tl)
}
