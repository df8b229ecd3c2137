package redisbridge

import (
	"strings"
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
)

// TestMessageThatWasAskedTwiceIsNotRefusedAndThenStored: a session that was
// restarted asks again while Redis is away, and no longer knows whether Redis has it.
func TestMessageThatWasAskedTwiceIsNotRefusedAndThenStored(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	h.outcome(h.say("before"))
	p.Cut()
	eventually(t, "the bridge knows that Redis is away", func() bool { return h.store.Ready().Trouble == actors.TroubleRedis })
	m := actors.Message{Seq: 100, Ref: "alice#twice", Sender: "alice", Text: "twice", Received: time.Now().Add(-actors.Patience + time.Second)}
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{m}})
	m.Handed = true
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{m}})
	lone := m
	lone.Seq, lone.Ref, lone.Text, lone.Handed = 101, "alice#lone", "lone", false
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{lone}})
	if o := h.outcome(101); o.Code != protocol.CodeUnavailable {
		t.Errorf("what was asked once got %+v", o)
	}
	must(t, p.Restore())
	first := h.outcome(100)
	h.outcome(h.say("after"))
	if got := strings.Join(texts(t, r), " "); strings.Contains(got, "twice") != (first.Code == "") {
		t.Errorf("%+v was told, stored: %s", first, got)
	}
}

// TestWhoIsRefusedStaysRefused: a session that was restarted asks again for what the bridge
// refuses meanwhile, or has refused before it died: the answer is the same, and nothing is stored.
func TestWhoIsRefusedStaysRefused(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	h.outcome(h.say("before"))
	p.Cut()
	eventually(t, "the bridge knows that Redis is away", func() bool { return h.store.Ready().Trouble == actors.TroubleRedis })
	m := actors.Message{
		Seq: 100, Ref: "alice#refused", Sender: "alice", Text: "refused",
		Received: time.Now().Add(-actors.Patience), Refusal: &actors.Refusal{},
	}
	refusals := func() (n int) {
		for _, s := range of[*actors.Settled](h.ear) {
			for _, o := range s.Outcomes {
				if o.Seq == m.Seq && o.Code == protocol.CodeUnavailable {
					n++
				}
			}
		}
		return n
	}
	ask := func() { h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{m}}) }
	ask()
	eventually(t, "it is refused", func() bool { return refusals() == 1 })
	m.Handed = true
	ask()
	eventually(t, "it is refused again", func() bool { return refusals() == 2 })
	h.restartBridge()
	ask()
	eventually(t, "the next bridge refuses it, too", func() bool { return refusals() == 3 })
	must(t, p.Restore())
	h.outcome(h.say("after"))
	if got := strings.Join(texts(t, r), " "); got != "before after" {
		t.Errorf("stored: %s", got)
	}
}
