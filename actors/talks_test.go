package actors

import (
	"strconv"
	"testing"
	"time"
)

// free is a conversation that costs nothing besides.
func free() time.Duration { return 0 }

func TestOpeningConversationsIsBoundedAndTalkingOnIsNot(t *testing.T) {
	var talks talks
	now := time.Now()
	for i := range openBurst {
		if wait := talks.take("a", "peer "+strconv.Itoa(i), 1, now, free); wait > 0 {
			t.Fatalf("conversation %d waits %v within the burst", i, wait)
		}
	}
	if wait := talks.take("a", "one more", 1, now, free); wait < 59*time.Second || wait > time.Minute {
		t.Errorf("one beyond the burst waits %v", wait)
	}
	for range 100 {
		if talks.take("a", "peer 3", 1, now, free) > 0 || talks.take("a", "PEER 3", 1, now, free) > 0 {
			t.Fatal("a conversation that is open waits")
		}
	}
	if talks.take("b", "one more", 1, now, free) > 0 {
		t.Error("one name waits for another's")
	}
	if wait := talks.take("a", "one more", 1, now.Add(time.Minute), free); wait > 0 {
		t.Errorf("a minute later it still waits %v", wait)
	}
	if talks.take("c", "anybody", 0, now, free) > 0 {
		t.Error("without a limit somebody waits")
	}
}

func TestTalksAreForgottenAndBounded(t *testing.T) {
	var talks talks
	now := time.Now()
	for i := range 10 * recentPeers {
		talks.take("a", strconv.Itoa(i), 1e6, now, free)
	}
	if n := len(talks.of["a"].peers); n != recentPeers {
		t.Errorf("%d peers are remembered", n)
	}
	talks.take("b", "a", 1, now.Add(idleTalks), free)
	if len(talks.of) != 1 {
		t.Errorf("%d names are remembered, of one that spoke lately", len(talks.of))
	}
}

func TestConversationThatCannotBePaidForIsNotOpened(t *testing.T) {
	var talks talks
	now := time.Now()
	for range 10 * openBurst {
		if wait := talks.take("a", "peer", 1, now, func() time.Duration { return time.Second }); wait != time.Second {
			t.Fatalf("waits %v", wait)
		}
	}
	if wait := talks.take("a", "peer", 1, now, free); wait > 0 {
		t.Errorf("who had to wait has paid all the same: waits %v", wait)
	}
}
