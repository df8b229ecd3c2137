package actors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// TestFramesTakeEffectInTheOrderSent, also those sent before Welcome, behind a join
// and a page of history, both of which wait for the bridge.
func TestFramesTakeEffectInTheOrderSent(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	redis.stow(func(any) bool { return true })
	u := connect(t, chat, Newest)
	for _, frame := range []string{
		"ping:1", "msg#m0:alice:too early", "join#j:alice", "msg#m1:alice:one", "history#h:", "ping:2", "join#again:bob", "dm#d:alice:bob:psst", "msg#m2:alice:two", "ping:3",
	} {
		u.say(frame)
	}
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	redis.release()
	u.hears(`{"type":"pong","data":"3"}`)
	u.hears(`"ref":"m2"`)
	var got []string
	for _, f := range u.heard() {
		for _, mark := range []string{
			`{"type":"init"`, `data":"1"`, `not_joined`, `Welcome alice!`, `{"type":"joined"`, `"type":"ack","ref":"j"`, `{"type":"history","ref":"h"`, `data":"2"`, `already_joined`, `data":"3"`,
		} {
			if strings.Contains(f, mark) {
				got = append(got, mark)
			}
		}
	}
	want := []string{
		`{"type":"init"`, `data":"1"`, `not_joined`, `Welcome alice!`, `{"type":"joined"`, `"type":"ack","ref":"j"`, `{"type":"history","ref":"h"`, `data":"2"`, `already_joined`, `data":"3"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("answered in the order\n%q, not\n%q", got, want)
	}
	if log := redis.log(Public); len(log) != 2 || !strings.Contains(log[0], `"one"`) || !strings.Contains(log[1], `"two"`) {
		t.Errorf("stored %q", log)
	}
}

// TestOneSendersMessagesStayInOrderAlsoWhereAllAreAskedAgain.
func TestOneSendersMessagesStayInOrderAlsoWhereAllAreAskedAgain(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	alice.talk("alice", "o", 60)
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	kill(t, chat, sessionName(alice.conn.ID), "", engine.Restart) // asks once more
	eventually(t, "the bridge is asked again", func() bool { return redis.stowing() > 1 })
	redis.release()
	alice.isAcked("o", 60)
	log := redis.log(Public)
	if len(log) != 60 {
		t.Fatalf("%d messages are stored, of 60", len(log))
	}
	for i, payload := range log {
		if !strings.Contains(payload, fmt.Sprintf(`"o %d"`, i)) {
			t.Fatalf("the %d-th is %s", i, payload)
		}
	}
}

// TestMessageThatIsRefusedWasNeverHandedToTheBridge: while one append is under way
// the next message waits in its outbox, for as long as people would.
func TestMessageThatIsRefusedWasNeverHandedToTheBridge(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	alice.say("msg#first:alice:first")
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	alice.say("msg#second:alice:second")
	refusal := alice.hears(`"ref":"second"`)
	if !strings.Contains(refusal, `"code":"unavailable"`) || !strings.Contains(refusal, `"retry_ms":`) {
		t.Errorf("refused with %s", refusal)
	}
	if n := redis.stowing(); n != 1 {
		t.Errorf("the bridge was asked %d times", n)
	}
	redis.release()
	alice.hears(`{"type":"ack","ref":"first"`) // its outcome was unknown: it is not refused
	alice.say("msg#third:alice:third")
	alice.hears(`{"type":"ack","ref":"third"`)
	if n := redis.count(Public, "second"); n != 0 {
		t.Error("a message that was refused is stored")
	}
}

// TestWhatWaitsBehindARefusedMessageIsRefusedWithIt: its client may never read the refusal, and
// says all of it again, in order.
func TestWhatWaitsBehindARefusedMessageIsRefusedWithIt(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	alice.say("msg#18:alice:eighteen")
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	alice.say("msg#19:alice:nineteen")
	half := time.NewTimer(Patience / 2) // so that the next is younger
	<-half.C
	alice.say("msg#20:alice:twenty")
	alice.hears(`"ref":"19"`)
	redis.release()
	alice.hears(`{"type":"ack","ref":"18"`)
	if answer := alice.hears(`"ref":"20"`); !strings.Contains(answer, `"code":"unavailable"`) {
		t.Errorf("what was said behind it is answered with %s", answer)
	}
	alice.say("msg#21:alice:twenty-one")
	alice.hears(`{"type":"ack","ref":"21"`)
	if n := redis.count(Public, `"twenty"`); n != 0 {
		t.Error("a message that was refused is stored")
	}
}

// TestWhatWaitsBehindAMessageThatTheBridgeRefusesIsRefusedWithIt likewise.
func TestWhatWaitsBehindAMessageThatTheBridgeRefusesIsRefusedWithIt(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	alice := join(t, chat, "alice")
	redis.stow(isAppend)
	alice.say("msg#1:alice:one")
	eventually(t, "the bridge is asked", func() bool { return redis.stowing() > 0 })
	alice.say("msg#2:alice:two")
	alice.say("dm#3:alice:alice:three")
	still(t, chat)
	redis.mu.Lock()
	asked := redis.stowed[0].(*Append)
	redis.stowed = nil
	redis.mu.Unlock()
	chat.root.Send(asked.To, &Settled{Outcomes: []Outcome{{Seq: asked.Messages[0].Seq, Code: protocol.CodeUnavailable}}})
	redis.release()
	for _, ref := range []string{"1", "2", "3"} {
		if answer := alice.hears(`"ref":"` + ref + `"`); !strings.Contains(answer, `"code":"unavailable"`) {
			t.Errorf("%s is answered with %s", ref, answer)
		}
	}
	alice.say("msg#4:alice:four")
	alice.hears(`{"type":"ack","ref":"4"`)
	if log := redis.log(Public); len(log) != 1 || redis.count(Inbox("alice"), "three") != 0 {
		t.Errorf("stored are %q", log)
	}
}
