package redisbridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

// breaker is a hook that lets some pipelines through, and then none.
type breaker struct{ left atomic.Int64 }

func (b *breaker) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (b *breaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (b *breaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if b.left.Add(-1) < 0 {
			return errors.New("the link is broken")
		}
		return next(ctx, cmds)
	}
}

// TestMessageSaidAgainWhileItIsHalfWrittenBackHasOneID: in its conversation, in the inboxes
// of both, and in what its sender is told. The link of the node that writes back breaks, and
// the message is said again on another.
func TestMessageSaidAgainWhileItIsHalfWrittenBackHasOneID(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 100), open("b", 100)
		link := &breaker{}
		link.left.Store(1 << 30)
		a.client.AddHook(link)
		const receivers = restorePipeline + 20
		said := func() []sending {
			messages := make([]actors.Message, receivers)
			for i := range messages {
				messages[i] = actors.Message{Ref: "alice#1", Sender: "alice", Receiver: fmt.Sprint("bob", i), Text: "psst"}
			}
			return direct(messages...)
		}
		stored, err := a.append(soon(t), said(), 0)
		must(t, err)
		restores := make([]*actors.Restore, len(stored))
		for i, e := range stored {
			restores[i] = &actors.Restore{Log: e.log, After: e.prev, Entries: []protocol.Entry{e.entry}}
		}
		must(t, a.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), a.client))

		link.left.Store(1)
		if a.restore(soon(t), restores) == nil {
			t.Fatal("the link did not break")
		}
		again := said()
		_, err = b.append(soon(t), again, 0)
		must(t, err)
		link.left.Store(1 << 30)
		must(t, a.restore(soon(t), restores))
		for _, d := range again {
			conversation, inbox := held(t, b, logKey(conversation("alice", d.receiver))), held(t, b, logKey(actors.Inbox(d.receiver)))
			if len(conversation) != 1 || len(inbox) != 1 || int64(conversation[0].Score) != d.id {
				t.Fatalf("%s: acked as %d, the conversation has %v, the inbox %v", d.receiver, d.id, conversation, inbox)
			}
			if _, _, body, id, _ := conversationOf([]byte(inbox[0].Member.(string))); id != d.id || body != conversation[0].Member {
				t.Fatalf("%s: acked as %d, and the inbox has %d", d.receiver, d.id, id)
			}
		}
		if n := len(held(t, b, logKey(actors.Inbox("alice")))); n != receivers {
			t.Errorf("alice's inbox has %d", n)
		}
	})
}

// TestDirectMessageSaidAgainElsewhereIsNotPutBackBesideItself: what the first node holds of it
// comes long after another has taken the repeat. It is once in its conversation and in each
// inbox, whole, and with the id that was acked last.
func TestDirectMessageSaidAgainElsewhereIsNotPutBackBesideItself(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 100), open("b", 100)
		said := func() []sending {
			return direct(actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"})
		}
		stored, err := a.append(soon(t), said(), 0)
		must(t, err)
		must(t, a.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), a.client))
		again := said()
		_, err = b.append(soon(t), again, 0)
		must(t, err)
		for range 2 {
			for _, e := range stored {
				must(t, a.restore(soon(t), []*actors.Restore{{Log: e.log, After: e.prev, Entries: []protocol.Entry{e.entry}}}))
			}
		}
		for _, key := range []string{logKey(conversation("alice", "bob")), logKey(actors.Inbox("alice")), logKey(actors.Inbox("bob"))} {
			if got := held(t, b, key); len(got) != 1 || !strings.Contains(got[0].Member.(string), fmt.Sprintf(`"id":%d,`, again[0].id)) {
				t.Errorf("acked as %d, %s holds %v", again[0].id, key, got)
			}
		}
		for _, user := range []actors.Log{actors.Inbox("alice"), actors.Inbox("bob")} {
			if id := trimmedOf(t, b, user); id != 0 {
				t.Errorf("the inbox of %s says that it lacks %d", user.Name, id)
			}
		}
	})
}

// TestDirectMessagesWhoseReceiversAreUnknownAreNotStored: the link broke as they were looked up.
func TestDirectMessagesWhoseReceiversAreUnknownAreNotStored(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s, link := open("n", 100), &breaker{}
		s.client.AddHook(link)
		work := direct(
			actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"},
			actors.Message{Ref: "alice#2", Sender: "alice", Receiver: "bob", Text: "psst"},
		)
		if _, err := s.append(soon(t), work, 0); err == nil {
			t.Error("nothing failed")
		}
		for _, d := range work {
			if d.err == nil {
				t.Errorf("%s counts as stored", d.Ref)
			}
		}
	})
}
