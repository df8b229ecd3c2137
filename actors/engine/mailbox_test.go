package engine

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// listening is an invoker that notes what it is given.
type listening struct {
	mu       sync.Mutex
	heard    []string
	failures []any
}

func (l *listening) note(m any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, fmt.Sprintf("%T", m))
}

func (l *listening) InvokeUserMessage(m any) {
	if text, ok := m.(string); ok && text == "panic" {
		panic(text)
	}
	l.note(m)
}
func (l *listening) InvokeSystemMessage(m any)     { l.note(m) }
func (l *listening) EscalateFailure(reason, _ any) { l.failures = append(l.failures, reason) }

// drop is a message that can be shed.
type drop struct{ shed func() }

func (d *drop) Shed() { d.shed() }

type nudge struct{}

// inTurn is a dispatcher that runs what it is given when it is told to.
type inTurn struct{ due []func() }

func (d *inTurn) Schedule(run func()) { d.due = append(d.due, run) }
func (d *inTurn) Throughput() int     { return throughput }
func (d *inTurn) run() {
	for len(d.due) > 0 {
		run := d.due[0]
		d.due = d.due[1:]
		run()
	}
}

func emptyMailbox(dispatcher actor.Dispatcher) *mailbox {
	m := &mailbox{}
	m.init(dispatcher)
	return m
}

func mailboxOf(t *testing.T) (*mailbox, *listening, *inTurn) {
	t.Helper()
	l, d := &listening{}, &inTurn{}
	m := emptyMailbox(d)
	m.RegisterHandlers(l, d)
	return m, l, d
}

// TestMailboxHoldsWhatComesBeforeItStarts: the library's would panic in the sender,
// and its actor would stay deaf.
func TestMailboxHoldsWhatComesBeforeItStarts(t *testing.T) {
	l, d := &listening{}, &inTurn{}
	m := emptyMailbox(d)
	m.PostUserMessage(1)
	m.RegisterHandlers(l, d)
	m.PostSystemMessage(&actor.Started{})
	m.PostUserMessage("two")
	d.run()
	if l.heard != nil {
		t.Errorf("heard %v before the start", l.heard)
	}
	m.Start()
	d.run()
	if want := []string{"*actor.Started", "int", "string"}; !slices.Equal(l.heard, want) {
		t.Errorf("heard %v, not %v", l.heard, want)
	}
}

func TestFullMailboxShedsWavesAndTellsSoOnce(t *testing.T) {
	m, l, d := mailboxOf(t)
	m.Start()
	done := 0
	const more = 50
	post := func(n int) {
		for range n {
			m.PostUserMessage(&drop{func() { done++ }})
		}
	}
	post(sheddingLimit + more)
	m.PostUserMessage("kept")
	post(more)
	if done != 2*more {
		t.Errorf("%d waves were handled by being shed, of %d", done, 2*more)
	}
	if n := m.UserMessageCount(); n != sheddingLimit+2 {
		t.Errorf("%d messages wait", n)
	}
	d.run()
	want := append(slices.Repeat([]string{"*engine.drop"}, sheddingLimit), "*engine.Missed", "string")
	if !slices.Equal(l.heard, want) {
		t.Errorf("heard %d messages, ending in %v", len(l.heard), l.heard[max(0, len(l.heard)-3):])
	}
	l.heard = nil
	post(sheddingLimit + 1)
	d.run()
	if got := l.heard[len(l.heard)-1]; got != "*engine.Missed" {
		t.Errorf("the second time the last is %s", got)
	}
	if len(m.user.slots) > retainedSlots {
		t.Errorf("%d slots are kept of a burst", len(m.user.slots))
	}
}

func TestMailboxGivesSystemMessagesFirstAlsoWhileSuspended(t *testing.T) {
	m, l, d := mailboxOf(t)
	m.Start()
	m.PostUserMessage(1)
	m.PostSystemMessage(&actor.SuspendMailbox{})
	m.PostSystemMessage(&actor.Watch{})
	d.run()
	if want := []string{"*actor.Watch"}; !slices.Equal(l.heard, want) {
		t.Errorf("while suspended: %v", l.heard)
	}
	m.PostSystemMessage(&actor.ResumeMailbox{})
	d.run()
	if want := []string{"*actor.Watch", "int"}; !slices.Equal(l.heard, want) {
		t.Errorf("then: %v", l.heard)
	}
}

func TestPanicCostsItsMessageOnly(t *testing.T) {
	m, l, d := mailboxOf(t)
	m.Start()
	for _, message := range []any{"a", "panic", "b"} {
		m.PostUserMessage(message)
	}
	d.run()
	if len(l.failures) != 1 || len(l.heard) != 2 {
		t.Errorf("%d failures, heard %v", len(l.failures), l.heard)
	}
}

func TestMailboxLetsOthersHaveTheWorker(t *testing.T) {
	m, l, d := mailboxOf(t)
	m.Start()
	for i := range throughput + 1 {
		m.PostUserMessage(i)
	}
	run := d.due[0]
	d.due = nil
	run()
	if len(l.heard) != throughput || len(d.due) != 1 {
		t.Errorf("handled %d messages in one go, %d goes are left", len(l.heard), len(d.due))
	}
}

// TestRestartBehindAStopIsNone: in the library it brings the actor back to life.
func TestRestartBehindAStopIsNone(t *testing.T) {
	m, l, d := mailboxOf(t)
	m.Start()
	for _, message := range []any{&actor.Restart{}, &actor.Stop{}, &actor.Restart{}, &actor.Watch{}} {
		m.PostSystemMessage(message)
	}
	d.run()
	if want := []string{"*actor.Restart", "*actor.Stop", "*actor.Watch"}; !slices.Equal(l.heard, want) {
		t.Errorf("heard %v, not %v", l.heard, want)
	}
}

// TestWhatComesAfterTheEndIsForWhoCameAfter: its sender had looked up who has ended just before.
func TestWhatComesAfterTheEndIsForWhoCameAfter(t *testing.T) {
	m, l, d := mailboxOf(t)
	next, heir, after := mailboxOf(t)
	m.Start()
	next.Start()
	came := false
	m.PostUserMessage("lost")
	m.close(func() *mailbox {
		if !came {
			return nil
		}
		return next
	})
	m.PostUserMessage("too early")
	came = true
	m.PostUserMessage(1)
	d.run()
	after.run()
	if want := []string{"int"}; l.heard != nil || !slices.Equal(heir.heard, want) {
		t.Errorf("the one heard %v, who came after %v, not %v", l.heard, heir.heard, want)
	}
}

// TestNoActorIsDeafThatWasWrittenToWhileItWasSpawned: it is registered before it is
// started, under a name that others know.
func TestNoActorIsDeafThatWasWrittenToWhileItWasSpawned(t *testing.T) {
	t.Parallel()
	system := actor.NewActorSystem()
	for i := range 300 {
		name := fmt.Sprint("deaf-", i)
		pid := actor.NewPID(system.Address(), name)
		stop, heard := make(chan struct{}), make(chan struct{}, 1)
		var storm sync.WaitGroup
		storm.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					system.Root.Send(pid, &nudge{})
				}
			}
		})
		props := actor.PropsFromFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*nudge); ok {
				select {
				case heard <- struct{}{}:
				default:
				}
			}
		}, actor.WithMailbox(func() actor.Mailbox { return emptyMailbox(actor.NewDefaultDispatcher(throughput)) }))
		_, err := system.Root.SpawnNamed(props, name)
		if err != nil {
			t.Fatal(err)
		}
		<-heard
		close(stop)
		storm.Wait()
		if err := system.Root.StopFuture(pid).Wait(); err != nil {
			t.Fatalf("it does not stop: %v", err)
		}
	}
}
