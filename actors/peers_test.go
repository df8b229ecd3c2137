package actors

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

// talkative is a chat of which nothing but what may be said is asked.
func talkative(s Settings) *Chat { return &Chat{settings: s, budgets: newBudgets(s)} }

// writes has name write to peer, and gives how long it is to wait instead.
func (c *Chat) writes(name, peer string, now time.Time) time.Duration {
	wait, _ := c.mayTalk(netip.MustParseAddr("192.0.2.1"), name, peer, 0, now)
	return wait
}

func TestOpeningConversationsIsBoundedAndTalkingOnIsNot(t *testing.T) {
	none, now := 0.0, time.Now()
	chat := talkative(Settings{ConversationRate: 1, ConversationRatePerIP: &none, MessageRatePerIP: &none})
	for i := range int(openBurst.Minutes()) {
		if wait := chat.writes("a", "peer "+strconv.Itoa(i), now); wait > 0 {
			t.Fatalf("conversation %d waits %v within the burst", i, wait)
		}
	}
	if wait := chat.writes("a", "one more", now); wait < 59*time.Second || wait > time.Minute {
		t.Errorf("one beyond the burst waits %v", wait)
	}
	for range 100 {
		if chat.writes("a", "peer 3", now) > 0 || chat.writes("a", "PEER 3", now) > 0 {
			t.Fatal("a conversation that is open waits")
		}
	}
	if chat.writes("a", "", now) > 0 {
		t.Error("what is said to all waits for a conversation")
	}
	if chat.writes("b", "one more", now) > 0 {
		t.Error("one name waits for another's")
	}
	if wait := chat.writes("a", "one more", now.Add(time.Minute)); wait > 0 {
		t.Errorf("a minute later it still waits %v", wait)
	}
	chat = talkative(Settings{ConversationRatePerIP: &none, MessageRatePerIP: &none})
	for i := range 10 * recentPeers {
		if chat.writes("c", strconv.Itoa(i), now) > 0 {
			t.Fatal("without a limit somebody waits")
		}
	}
}

// TestRateWhoseBurstIsLessThanOneLetsOneThrough, and then one whenever there is one.
func TestRateWhoseBurstIsLessThanOneLetsOneThrough(t *testing.T) {
	none, now := 0.0, time.Now()
	chat := talkative(Settings{MessageRate: 0.05, ConversationRate: 0.05, FrameRate: 0.05, ConversationRatePerIP: &none, MessageRatePerIP: &none})
	c := &Connection{chat: chat}
	for i := range 3 {
		now := now.Add(time.Duration(i) * 20 * time.Minute)
		if wait := chat.writes("a", "peer "+strconv.Itoa(i), now); wait > 0 {
			t.Errorf("message %d waits %v", i, wait)
		}
		if wait := c.countFrame(now); wait > 0 {
			t.Errorf("frame %d waits %v", i, wait)
		}
		if chat.writes("b", "", now); chat.writes("b", "", now) == 0 || c.countFrame(now) == 0 {
			t.Errorf("two come at once after %d", i)
		}
	}
}

func TestTalksAreForgottenAndBounded(t *testing.T) {
	var known peers
	now := time.Now()
	for i := range 10 * recentPeers {
		known.opens("a", strconv.Itoa(i), now)
	}
	if n := len(known.of.Get("a").peers); n != recentPeers {
		t.Errorf("%d peers are remembered", n)
	}
	for i := range 10 * recentPeers {
		if knows := i >= 9*recentPeers; known.goesOn("a", strconv.Itoa(i), now) != knows {
			t.Fatalf("that it talked with %d is remembered: %v", i, !knows)
		}
	}
	known.opens("b", "a", now.Add(idlePeers))
	if known.of.Get("a") != nil || known.of.Get("b") == nil {
		t.Error("not who spoke lately is remembered")
	}
}

func TestConversationThatCannotBePaidForIsNotOpened(t *testing.T) {
	one, none, now := 1.0, 0.0, time.Now()
	chat := talkative(Settings{ConversationRate: 1, ConversationRatePerIP: &one, MessageRatePerIP: &none})
	chat.budgets.conversations.Spend(netip.MustParseAddr("192.0.2.1"), int(openBurst.Minutes()), now)
	for range 2 * int(openBurst.Minutes()) {
		if wait := chat.writes("a", "peer", now); wait != time.Minute {
			t.Fatalf("waits %v", wait)
		}
	}
	if wait := chat.budgets.opened.Wait("a", int(openBurst.Minutes()), now); wait > 0 {
		t.Errorf("who had to wait has paid all the same: waits %v", wait)
	}
	if chat.peers.goesOn("a", "peer", now) {
		t.Error("the conversation counts as opened")
	}
}
