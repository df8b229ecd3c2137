package redisbridge

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
	"parley/actors/protocol"
)

// TestWhatWaitsBehindARefusedMessageIsRefusedWithIt, of its session alone, unless it may be stored
// already: who never reads the refusal says all of it again, in order.
func TestWhatWaitsBehindARefusedMessageIsRefusedWithIt(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	now := time.Now()
	waits := func(session string, seq uint64, since time.Duration, handed bool) waiting {
		return waiting{system.NewLocalPID(session), actors.Message{
			Seq: seq, Received: now.Add(-since), Handed: handed, Refusal: &actors.Refusal{},
		}}
	}
	q := appender{queue: queue[waiting]{line: []waiting{
		waits("alice", 1, actors.Patience, true),
		waits("alice", 2, actors.Patience, false),
		waits("bob", 3, 0, false),
		waits("alice", 3, 0, false),
		waits("alice", 4, 0, true),
		waits("alice", 5, 0, false),
	}}}
	all := slices.Clone(q.line)
	q.expire(&bridge{root: system.Root}, now, actors.Patience)
	stays := []bool{true, false, true, false, true, false}
	var left []waiting
	for i, w := range all {
		want := protocol.CodeUnavailable
		if stays[i] {
			left, want = append(left, w), ""
		}
		if code := w.Refusal.Decided(); code != want {
			t.Errorf("%s's %d is refused with %q, not %q", w.to.Id, w.Seq, code, want)
		}
	}
	if !slices.Equal(q.line, left) {
		t.Errorf("%d wait, not %d", len(q.line), len(left))
	}
}

// reply is an error that Redis itself answers with.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// TestWhatMayBeStoredIsNeverRefused: what failed is asked again, or refused where that would not
// help; and refused when it has waited for long, unless it may have been done.
func TestWhatMayBeStoredIsNeverRefused(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	b, now := &bridge{root: system.Root, parent: system.NewLocalPID("parent"), store: openStore(t, "127.0.0.1:1", "n", 10)}, time.Now()
	for err, c := range map[error]struct{ again, mayBe bool }{
		&net.OpError{Op: "dial", Err: io.EOF}: {true, false},
		&net.OpError{Op: "read", Err: io.EOF}: {true, true},
		io.EOF:                                {true, true},
		context.DeadlineExceeded:              {true, true},
		errAnotherRedis:                       {true, false},
		errLapsed:                             {true, false},
		errBehind:                             {true, false},
		reply("LOADING its data"):             {true, false},
		reply("OOM it has no more memory"):    {false, false},
	} {
		w := waiting{system.NewLocalPID("alice"), actors.Message{Seq: 1, Received: now, Refusal: &actors.Refusal{}}}
		var q appender
		work := sendings([]waiting{w})
		work[0].err = fmt.Errorf("append: %w", err)
		b.stored(&q, work)
		if again := len(q.line) == 1; again != c.again || again == (w.Refusal.Decided() != "") {
			t.Errorf("%v: it is asked again: %v, refused: %q", err, again, w.Refusal.Decided())
		}
		q.expire(b, now.Add(actors.Patience), actors.Patience)
		if stays := len(q.line) == 1; stays != c.mayBe || stays == (w.Refusal.Decided() != "") {
			t.Errorf("%v: in the end it waits: %v, refused: %q", err, stays, w.Refusal.Decided())
		}
	}
}

// TestDirectMessageThatIsInItsConversationIsNeverRefused, though there was no connection for what is
// left to do.
func TestDirectMessageThatIsInItsConversationIsNeverRefused(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	now := time.Now()
	var batch []waiting
	for i := range 2 {
		batch = append(batch, waiting{system.NewLocalPID(fmt.Sprint("session-", i)), actors.Message{Received: now, Refusal: &actors.Refusal{}}})
	}
	work := sendings(batch)
	for i := range work {
		work[i].err = &net.OpError{Op: "dial", Err: io.EOF}
	}
	work[1].payload = "{}"
	b, q := &bridge{root: system.Root}, &appender{}
	b.stored(q, work)
	q.expire(b, now.Add(actors.Patience), actors.Patience)
	if none, half := work[0].Refusal.Decided(), work[1].Refusal.Decided(); none == "" || half != "" || len(q.line) != 1 {
		t.Errorf("the one that is nowhere is refused with %q, the other with %q", none, half)
	}
}
