package redisbridge

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/actors"
	"parley/actors/protocol"
)

func TestPaceLetsAFewGoAtOnceAndThenOneAnInterval(t *testing.T) {
	var p pace
	now := time.Now()
	for i := range promptCommits {
		if wait := p.wait(now); wait > 0 {
			t.Fatalf("commit %d waits %v", i, wait)
		}
		p.committed(now, "a#1", now)
	}
	for range 5 {
		if wait := p.wait(now); wait != commitInterval {
			t.Fatalf("under load a commit waits %v", wait)
		}
		now = now.Add(commitInterval)
		p.committed(now, "a#1", now)
	}
	now = now.Add(promptCommits * commitInterval)
	for i := range promptCommits {
		if wait := p.wait(now); wait > 0 {
			t.Fatalf("after a pause commit %d waits %v", i, wait)
		}
		p.committed(now, "a#1", now)
	}
}

func TestPaceCountsOthersCommitsAndItsOwnOnce(t *testing.T) {
	event := func(ref string) *actors.Appended { return &actors.Appended{Entries: []protocol.Entry{{Ref: ref}}} }
	var own, both pace
	now := time.Now()
	for range promptCommits {
		own.committed(now, "a#1", now)
		own.heard(now, event("a#1"))
		both.committed(now, "a#1", now)
		both.heard(now, event("b#1"))
	}
	if wait := own.wait(now); wait != commitInterval {
		t.Errorf("alone it waits %v", wait)
	}
	if wait := both.wait(now); wait != longestPause {
		t.Errorf("beside another it waits %v", wait)
	}
}

// TestPaceNeverWaitsLong holds that whatever comes, a commit waits at most longestPause,
// and that over any time no more commits go than its tokens and those that came back.
func TestPaceNeverWaitsLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace
		start := time.Unix(1_800_000_000, 0)
		now, commits := start, 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30_000).Draw(t, "µs")) * time.Microsecond)
			wait := p.wait(now)
			if wait > longestPause {
				t.Fatalf("it waits %v", wait)
			}
			if rapid.Bool().Draw(t, "another's") {
				p.heard(now, &actors.Appended{Entries: []protocol.Entry{{Ref: "b#1"}}})
			} else if wait <= 0 {
				p.committed(now, "a#1", now)
				commits++
			}
			if most := promptCommits + 1 + int(now.Sub(start)/commitInterval); commits > most {
				t.Fatalf("%d commits in %v", commits, now.Sub(start))
			}
		}
	})
}
