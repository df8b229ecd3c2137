package redisbridge

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
	"parley/actors/protocol"
	"parley/drill/rig"
)

// ear is an actor that remembers what it hears. It has the bridge as its child.
type ear struct {
	store *Store

	mu     sync.Mutex
	bridge *actor.PID
	claims []actors.HeldClaim
	heard  []any
}

func (e *ear) Receive(ctx actor.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := ctx.Message().(*actor.Started); ok {
		e.bridge = ctx.Spawn(actor.PropsFromProducer(e.store.Actor))
		return
	}
	if m, ok := ctx.Message().(*actors.ReadClaims); ok {
		ctx.Send(e.bridge, &actors.Claims{Doubt: m.Doubt, Held: e.claims})
	}
	e.heard = append(e.heard, ctx.Message())
}

// of gives what was heard of a type.
func of[T any](e *ear) (all []T) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if m, ok := m.(T); ok {
			all = append(all, m)
		}
	}
	return all
}

// house is a bridge and who listens to it: its parent, which asks as every session.
type house struct {
	*ear
	t    *testing.T
	root *actor.RootContext
	self *actor.PID
	seq  uint64
}

func newHouse(t *testing.T, store *Store) *house {
	t.Helper()
	h := &house{ear: &ear{store: store}, t: t, root: actor.NewActorSystem().Root}
	h.self = h.root.Spawn(actor.PropsFromProducer(func() actor.Actor { return h.ear }))
	t.Cleanup(func() {
		if err := h.root.StopFuture(h.self).Wait(); err != nil {
			t.Errorf("the bridge does not stop: %v", err)
		}
	})
	eventually(t, "the bridge has begun", func() bool { return len(of[*actors.BridgeStarted](h.ear)) == 1 })
	h.root.Send(h.bridge, &actors.Subscribe{Log: actors.Public, To: h.self})
	eventually(t, "events flow", func() bool { return len(of[*actors.Linked](h.ear)) > 0 })
	return h
}

// say asks to store a public message of alice, and gives its number.
func (h *house) say(text string) uint64 {
	h.seq++
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{
		{Seq: h.seq, Ref: "alice#" + text, Sender: "alice", Text: text, Received: time.Now()},
	}})
	return h.seq
}

// outcome waits for what became of a message.
func (h *house) outcome(seq uint64) (o actors.Outcome) {
	h.t.Helper()
	eventually(h.t, fmt.Sprint("the outcome of ", seq, " is known"), func() bool {
		for _, s := range of[*actors.Settled](h.ear) {
			for _, o = range s.Outcomes {
				if o.Seq == seq {
					return true
				}
			}
		}
		return false
	})
	return o
}

// texts are those of the public log in Redis, oldest first.
func texts(t *testing.T, r *rig.Redis) []string {
	t.Helper()
	answer, err := r.Do(soon(t), "ZRANGE", publicKey, 0, -1)
	must(t, err)
	var all []string
	for _, member := range answer.([]any) {
		_, rest, _ := strings.Cut(member.(string), `"text":"`)
		text, _, _ := strings.Cut(rest, `"`)
		all = append(all, text)
	}
	return all
}

// scriptCalls are how many times Redis ran a script.
func scriptCalls(t *testing.T, r *rig.Redis) (calls int) {
	t.Helper()
	answer, err := r.Do(soon(t), "INFO", "commandstats")
	must(t, err)
	for _, command := range []string{"eval", "evalsha"} {
		_, rest, found := strings.Cut(answer.(string), "cmdstat_"+command+":calls=")
		if found {
			n := 0
			_, _ = fmt.Sscanf(rest, "%d", &n)
			calls += n
		}
	}
	return calls
}

func TestManyAppendsAreFewCalls(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	h := newHouse(t, openStore(t, r.Addr(), "n", 10_000))
	const n = 3000
	before := scriptCalls(t, r)
	for i := range n {
		h.say(fmt.Sprint(i))
	}
	h.outcome(n)
	if calls := scriptCalls(t, r) - before; calls > n/20 {
		t.Errorf("%d messages took %d calls", n, calls)
	}
	got := texts(t, r)
	for i := range got {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("the %d-th message is %s", i, got[i])
		}
	}
	eventually(t, "all events are back", func() bool {
		entries := 0
		var last int64
		for _, e := range of[*actors.Appended](h.ear) {
			if e.Prev != last {
				t.Fatalf("an event after %d follows %d", e.Prev, last)
			}
			entries += len(e.Entries)
			last = e.Entries[len(e.Entries)-1].ID
		}
		return entries == n
	})
}

func TestAppendWhoseReplyWasLostIsRepeatedAndStoredOnce(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	h.outcome(h.say("first"))
	p.DropReplies()
	seq := h.say("second")
	eventually(t, "Redis has it", func() bool { return len(texts(t, r)) == 2 })
	must(t, p.Restore())
	if o := h.outcome(seq); o.Code != "" || o.ID == 0 {
		t.Errorf("the outcome is %+v", o)
	}
	if got := texts(t, r); len(got) != 2 {
		t.Errorf("stored %q", got)
	}
}

func houseBehindProxy(t *testing.T) (*rig.Redis, *rig.Proxy, *house) {
	t.Helper()
	r := startRedis(t)
	p, err := rig.NewProxy(r.Addr())
	must(t, err)
	t.Cleanup(p.Close)
	return r, p, newHouse(t, openStore(t, p.Addr(), "n", 10_000))
}

// TestOrderIsKeptWhileTheLinkBreaksAgainAndAgain.
func TestOrderIsKeptWhileTheLinkBreaksAgainAndAgain(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	const n = 600
	for i := range n {
		h.say(fmt.Sprint(i))
		switch i % 200 {
		case 50:
			p.DropReplies()
		case 100:
			p.Cut()
		case 150:
			must(t, p.Restore())
		}
	}
	for i := range n {
		if o := h.outcome(uint64(i + 1)); o.Code != "" {
			t.Fatalf("message %d: %s", i, o.Code)
		}
	}
	got := texts(t, r)
	if len(got) != n {
		t.Fatalf("%d messages are stored, of %d", len(got), n)
	}
	for i := range got {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("the %d-th message is %s", i, got[i])
		}
	}
}

// TestMessageThatIsRefusedNeverAppears: Redis was away for longer than people wait.
func TestMessageThatIsRefusedNeverAppears(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	h.outcome(h.say("before"))
	p.Cut()
	eventually(t, "the bridge knows that Redis is away", func() bool { return h.store.Ready().Trouble == actors.TroubleRedis })
	began := time.Now()
	o := h.outcome(h.say("refused"))
	if waited := time.Since(began); o.Code != protocol.CodeUnavailable || waited < actors.Patience {
		t.Errorf("the outcome after %v is %+v", waited, o)
	}
	must(t, p.Restore())
	h.outcome(h.say("after"))
	if got := strings.Join(texts(t, r), " "); got != "before after" {
		t.Errorf("stored: %s", got)
	}
}

// TestRedisThatBeganAnewIsWrittenBackBeforeAnythingElse.
func TestRedisThatBeganAnewIsWrittenBackBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	h := newHouse(t, openStore(t, r.Addr(), "n", 10_000))
	first := h.outcome(h.say("first")).ID
	must(t, r.Kill())
	seq := h.say("second")
	must(t, r.Start())
	eventually(t, "the bridge tells that Redis has begun anew", func() bool { return len(of[*actors.RedisChanged](h.ear)) > 0 })
	if second := h.outcome(seq).ID; second <= first+liftBy {
		t.Errorf("%d follows %d, too near to be surely above all that anyone was given", second, first)
	}
	if got := strings.Join(texts(t, r), " "); got != "first second" {
		t.Errorf("stored: %s", got)
	}
	eventually(t, "events flow again", func() bool { return len(of[*actors.Linked](h.ear)) > 1 })
}

// TestLogThatLostItsEndInSilenceIsWrittenBackFirst: no connection has ended, and it is the same
// Redis.
func TestLogThatLostItsEndInSilenceIsWrittenBackFirst(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	h := newHouse(t, openStore(t, r.Addr(), "n", 10_000))
	first := h.outcome(h.say("first")).ID
	_, err := r.Do(soon(t), "DEL", publicKey, refsKey(publicKey))
	must(t, err)
	if again := h.outcome(h.say("first")).ID; again != first {
		t.Errorf("said again it is %d, not %d", again, first)
	}
	if got := strings.Join(texts(t, r), " "); got != "first" {
		t.Errorf("stored: %s", got)
	}
}

// TestScriptsThatRedisForgotAreLoadedAgain, and what found them missing is stored.
func TestScriptsThatRedisForgotAreLoadedAgain(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	h := newHouse(t, openStore(t, r.Addr(), "n", 10))
	h.outcome(h.say("before"))
	_, err := r.Do(soon(t), "SCRIPT", "FLUSH")
	must(t, err)
	if o := h.outcome(h.say("after")); o.Code != "" {
		t.Errorf("it is refused: %s", o.Code)
	}
	if got := strings.Join(texts(t, r), " "); got != "before after" {
		t.Errorf("stored: %s", got)
	}
}
