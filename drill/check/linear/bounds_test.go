package linear

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/drill/check"
)

// staleHistory is one in which cat's node b does not know for a while what ann says: x comes only after cat's init,
// which was that long after x was acked.
func staleHistory(behind time.Duration) *check.History {
	w := newWorld()
	ann := w.connect("ann", "a")
	w.begin(ann)
	w.say(ann, "", "x")
	w.store(ann)
	x := w.public
	w.ack(ann)
	w.wait(behind.Microseconds())
	w.public = nil
	cat := w.connect("cat", "b")
	w.begin(cat)
	w.public = x
	return w.end()
}

func TestNodeMayBeBehindForTheLagAndNoLonger(t *testing.T) {
	if r := Check(staleHistory(Lag/2), 0); r.Failed == 0 {
		t.Error("without lag a node is never behind")
	}
	mustPass(t, Check(staleHistory(Lag/2), Lag))
	if r := Check(staleHistory(2*Lag), Lag); r.Failed == 0 {
		t.Error("a node was behind for longer than it may be")
	}
}

func TestBrokenLinkExcusesItsOwnNodeAndNoOther(t *testing.T) {
	for node, excused := range map[string]bool{"": true, "b": true, "a": false} {
		h := staleHistory(10 * time.Second)
		said := find(h.Connections[0], check.Send, 0).At
		h.Faults = []check.Fault{{Node: node, Start: said, End: said + 8_000_000, Disturbs: true}}
		if r := Check(h, Lag); (r.Failed == 0) != excused {
			t.Errorf("link of node %q: %+v", node, r)
		}
	}
}

// TestBreaksExcuseTogetherBetweenWhichANodeHasNoTime to hear what it missed.
func TestBreaksExcuseTogetherBetweenWhichANodeHasNoTime(t *testing.T) {
	for between, excused := range map[time.Duration]bool{Lag / 2: true, 2 * Lag: false} {
		h := staleHistory(30 * time.Second)
		said := find(h.Connections[0], check.Send, 0).At
		h.Faults = []check.Fault{
			{Start: said + 8_000_000 + between.Microseconds(), End: said + 28_000_000, Disturbs: true},
			{Node: "b", Start: said, End: said + 8_000_000, Disturbs: true},
		}
		if r := Check(h, Lag); (r.Failed == 0) != excused {
			t.Errorf("with %v between them: %+v", between, r)
		}
	}
}

func TestLinkThatIsWholeAgainExcusesNothing(t *testing.T) {
	h := staleHistory(30 * time.Second)
	said := find(h.Connections[0], check.Send, 0).At
	h.Faults = []check.Fault{{Node: "b", Start: said, End: said + 8_000_000, Disturbs: true}}
	if r := Check(h, Lag); r.Failed == 0 {
		t.Error("it had 22 s")
	}
}

func TestAppendThatWasAckedStandsBeforeWhatIsSentAfterwards(t *testing.T) {
	w := newWorld()
	for _, who := range []string{"ann", "ben"} {
		s := w.connect(who, "a")
		w.begin(s)
		w.say(s, "", who)
		w.store(s)
		w.ack(s)
		w.drop(s, 0)
	}
	h := w.end()
	mustPass(t, Check(h, 0))
	log := h.Logs.Public
	log[0].ID, log[1].ID = log[1].ID, log[0].ID
	slices.Reverse(log)
	for i, c := range h.Connections {
		find(c, check.Ack, 0).ID = log[1-i].ID
	}
	remove(h.Connections[1], check.Recalled, 0)
	init := find(h.Connections[1], check.Init, 0)
	init.Cursor = 0
	if r := Check(h, 0); r.Failed == 0 {
		t.Error("not found")
	}
	init.Detail = &check.Detail{Truncated: true} // it was told nothing: only the two appends are at odds
	if r := Check(h, 0); r.Failed != 1 || len(r.Violations[0].Operations) != 2 {
		t.Errorf("found: %+v", r)
	}
}

// lossHistory has a loss of data in its middle: m was acked and told before it, and is gone.
func lossHistory() *check.History {
	w := newWorld()
	ann := w.connect("ann", "a")
	w.begin(ann)
	say := func(ref string) {
		w.say(ann, "", ref)
		w.store(ann)
		w.tell(ann)
		w.ack(ann)
		w.wait(1_000_000)
	}
	say("k")
	say("m")
	lost := check.Fault{Start: w.now, LosesData: true, Disturbs: true}
	w.public, ann.feed = w.public[:1], 1
	w.wait(1_000_000)
	lost.End = w.now
	w.h.Faults = []check.Fault{lost}
	say("n") // while it may still be written back
	w.wait(20_000_000)
	say("o")
	w.begin(w.connect("ben", "b"))
	say("p")
	delete(w.ids, message{"ann", "", "m"})
	say("m") // for which Redis has another id now, as it does not know the first
	return w.end()
}

func TestLossOfDataIsLeftToTheFirstJudge(t *testing.T) {
	h := lossHistory()
	if r := Check(h, 0); r.Failed > 0 || r.Left == 0 {
		t.Errorf("%+v", r)
	}
	h.Faults[0].LosesData = false
	if r := Check(h, 0); r.Failed == 0 {
		t.Error("nothing was to be lost")
	}
}

func TestBeforeAndAfterALossAllIsJudged(t *testing.T) {
	for name, plant := range map[string]func(h *check.History){
		"before":             func(h *check.History) { find(h.Connections[0], check.Msg, 0).At = h.Connections[0].Opened },
		"before, by the ack": func(h *check.History) { find(h.Connections[0], check.Ack, 0).ID++ },
		"after":              func(h *check.History) { remove(h.Connections[0], check.Msg, 3) },
		"after, in the log":  func(h *check.History) { h.Logs.Public = slices.Delete(h.Logs.Public, 2, 3) },
		"after, said again":  func(h *check.History) { find(h.Connections[0], check.Ack, 5).ID-- },
		"after, at init":     func(h *check.History) { remove(h.Connections[1], check.Recalled, 2) },
	} {
		h := lossHistory()
		plant(h)
		if r := Check(h, 0); r.Failed == 0 {
			t.Errorf("%s: not found: %+v", name, r)
		}
	}
}

// TestWhomRedisForgotIsShownNothingFromBefore: what was said while he was away comes before his new claim; and what only
// Redis had is nowhere.
func TestWhomRedisForgotIsShownNothingFromBefore(t *testing.T) {
	w := newWorld()
	ann, bob := w.connect("ann", "a"), w.connect("bob", "b")
	w.begin(ann)
	w.begin(bob)
	w.drop(bob, 0)
	whisper := func(ref string) {
		w.say(ann, "bob", ref)
		w.store(ann)
		w.ack(ann)
		w.tell(ann)
		w.wait(20_000_000)
	}
	whisper("lost")
	w.h.Faults = []check.Fault{
		{Name: "node", Node: "b", Start: bob.Closed + 1, End: bob.Closed + 2, KillsNode: true},
		{Name: "redis-wipe", Start: w.now, End: w.now + 1_000_000, LosesData: true},
	}
	w.wait(20_000_000)
	whisper("said meanwhile")
	back := w.connect("bob", "a")
	w.begin(back)
	back.Events = slices.DeleteFunc(back.Events, func(e check.Event) bool { return e.Kind == check.RecalledDM })
	h := w.end()
	h.Logs.Inboxes["bob"] = h.Logs.Inboxes["bob"][1:]
	if r := Check(h, 0); r.Failed > 0 {
		t.Errorf("%+v", r.Violations)
	}
	h.Faults[0].Node = "c"
	if r := Check(h, 0); r.Failed != 1 {
		t.Errorf("nobody was forgotten: %+v", r.Violations)
	}
	h.Faults = nil
	if r := Check(h, 0); r.Failed < 2 {
		t.Errorf("nothing was lost: %+v", r.Violations)
	}
}

func TestWhatTakesTooLongIsUnknownAndNotRight(t *testing.T) {
	w := newWorld()
	s := w.connect("ann", "a")
	w.begin(s)
	for i := range windowPlaces {
		w.say(s, "", string(rune('a'+i)))
		w.store(s)
		w.ack(s)
	}
	h := w.end()
	for name, r := range map[string]*Result{
		"a part":       judge(h, 0, time.Nanosecond, fullPatience),
		"all together": judge(h, 0, windowPatience, -time.Nanosecond),
	} {
		if r.Unknown == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestTrimmedEntriesAreNotMissedAtTheEnd(t *testing.T) {
	h := goodHistory()
	h.Logs.Floor = h.Logs.Public[1].ID
	h.Logs.Public = h.Logs.Public[2:]
	mustPass(t, Check(h, 0))
	unseen := check.Span{Start: h.Logs.Public[0].ID, End: h.Logs.Public[0].ID}
	h.Logs.Public = h.Logs.Public[1:]
	if r := Check(h, 0); r.Failed == 0 {
		t.Error("one more than was trimmed is missing")
	}
	h.Logs.Unseen = []check.Span{unseen} // it was trimmed before anybody looked
	mustPass(t, Check(h, 0))
}

func TestOperationsThatAreAtOddsAreAllNeeded(t *testing.T) {
	h := crowdHistory()
	last := h.Connections[len(h.Connections)-1]
	find(last, check.Init, 0).Cursor = h.Logs.Public[0].ID // long before it opened
	if r := Check(h, 0); r.Failed != 1 || len(r.Violations[0].Operations) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestWhatAnEarlierWindowLeavesCountsInALaterOne(t *testing.T) {
	w := newWorld()
	ann := w.connect("ann", "a")
	w.begin(ann)
	for i := range 2 * windowPlaces {
		w.say(ann, "", fmt.Sprint("r", i))
		w.store(ann)
		w.ack(ann)
	}
	w.drop(ann, 0)
	cat := w.connect("cat", "b")
	w.begin(cat)
	w.drop(cat, 0)
	h := w.end()
	last := h.Logs.Public[len(h.Logs.Public)-1].ID
	for _, c := range h.Connections { // of all that, only the last was answered, and nobody was told anything
		c.Events = slices.DeleteFunc(c.Events, func(e check.Event) bool {
			return e.Kind == check.Ack && e.ID != last || e.Kind == check.Recalled
		})
	}
	mustPass(t, Check(h, 0))
	find(h.Connections[1], check.Init, 0).Cursor = h.Logs.Public[10].ID
	if r := Check(h, 0); r.Failed != 1 || len(r.Violations[0].Operations) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsSaidWhileInitIsNotedIsNoEndOfIt(t *testing.T) {
	h := goodHistory()
	c := h.Connections[dan]
	init := slices.IndexFunc(c.Events, func(e check.Event) bool { return e.Kind == check.Init })
	early := check.Event{Kind: check.Send, At: c.Events[init].At, Detail: &check.Detail{Ref: "early"}}
	c.Events = slices.Insert(c.Events, init+1, early)
	mustPass(t, Check(h, 0))
}

func TestWhatOnlyStrangersCanHaveSaidIsTheirsWhereThereAreAny(t *testing.T) {
	for from, unread := range map[string]bool{"": true, "eve": false} {
		w := newWorld()
		ann := w.connect("ann", "a")
		w.begin(ann)
		w.say(ann, "", "x")
		w.store(ann)
		w.now++
		w.public = append(w.public, check.Entry{ID: w.now, From: from, Ref: "of somebody"})
		h := w.end()
		if unread { // only its id is known
			h.LogsUnread, h.Logs = true, check.Logs{}
		}
		if r := Check(h, 0); r.Failed != 1 {
			t.Errorf("nobody here can have said it: %+v", r)
		}
		h.Strangers = true
		mustPass(t, Check(h, 0))
	}
}
