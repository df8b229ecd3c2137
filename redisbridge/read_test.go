package redisbridge

import (
	"testing"

	"parley/actors"
)

// TestWhoAsksTheSameIsAnsweredByOneQuestion, also where it has failed and is asked again; but not by
// one that is under way: what they have heard of may have come after it.
func TestWhoAsksTheSameIsAnsweredByOneQuestion(t *testing.T) {
	r := newReader()
	ask := func(log actors.Log, after int64) { r.ask(&actors.Read{Log: log, After: after, Limit: 10}) }
	ask(actors.Inbox("alice"), 7)
	ask(actors.Public, 7)
	ask(actors.Inbox("alice"), 8)
	ask(actors.Inbox("alice"), 7)
	public, _, _ := r.take(false)
	if len(public) != 1 || public[0].log != actors.Public || len(r.logs) != 2 {
		t.Fatalf("asked are %d, and %d are left", len(public), len(r.logs))
	}
	logs, _, _ := r.take(true)
	if len(logs) != 2 || logs[0].after != 7 || len(logs[0].reads) != 2 || len(logs[1].reads) != 1 {
		t.Fatalf("asked is %+v", logs)
	}
	ask(actors.Inbox("alice"), 7)
	if len(r.logs) != 1 {
		t.Error("who asks while the question is under way has its answer")
	}
	r.putBack(logs, nil, nil)
	ask(actors.Inbox("alice"), 8)
	if logs, _, _ = r.take(true); len(logs) != 3 || len(logs[1].reads) != 2 {
		t.Errorf("asked again is %+v", logs)
	}
}

// TestQuestionsAreAskedInTurn, as many as a pipeline holds.
func TestQuestionsAreAskedInTurn(t *testing.T) {
	r := newReader()
	for i := range 2*readBatch + 1 {
		r.ask(&actors.Read{Log: actors.Public, After: int64(i)})
	}
	for _, want := range []int{readBatch, readBatch, 1, 0} {
		logs, _, _ := r.take(true)
		if len(logs) != want {
			t.Fatalf("asked are %d at once, not %d", len(logs), want)
		}
		for i, q := range logs {
			if last := logs[0].after + int64(i); q.after != last {
				t.Fatalf("the question after %d is asked in place of that after %d", q.after, last)
			}
		}
	}
}
