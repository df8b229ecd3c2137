package redisbridge

import (
	"errors"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
)

// vouchFor renews one claim, and says whether it is still that.
func vouchFor(t *testing.T, s *Store, c actors.HeldClaim) (ours bool) {
	t.Helper()
	verdicts, err := s.vouch(soon(t), []actors.HeldClaim{c})
	must(t, err)
	return !verdicts[0].lost
}

func TestClaimIsRenewedWhileSomebodyIsConnected(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		c := claim(t, s, "alice", "", "token-1")
		idle(t, s, "alice", 20*time.Hour)
		must(t, s.client.Expire(soon(t), "chat:claim:alice", time.Hour).Err())
		if !vouchFor(t, s, actors.HeldClaim{Name: "alice", Token: "token-1", Since: c.Since}) {
			t.Error("it is somebody else's")
		}
		seen, _ := s.client.HGet(soon(t), "chat:claim:alice", "seen").Int64()
		if ago := time.Since(time.UnixMicro(seen)); ago > time.Minute {
			t.Errorf("seen %v ago", ago)
		}
		if d := s.client.TTL(soon(t), "chat:claim:alice").Val(); d < claimLife-time.Minute {
			t.Errorf("it lasts another %v", d)
		}
	})
}

// TestClaimThatRedisForgotIsWrittenBack, unless somebody has the name by now; and what is
// written back of somebody who has gone gives way to somebody who is there.
func TestClaimThatRedisForgotIsWrittenBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		alice := actors.HeldClaim{Name: "alice", Token: "token-1", Since: 17}
		if !vouchFor(t, s, alice) {
			t.Fatal("a claim that is not there is somebody else's")
		}
		if got := claim(t, s, "alice", "token-1", "x"); got.Code != "" || got.Since != 17 {
			t.Errorf("its holder is told %+v", got)
		}
		for why, other := range map[string]actors.HeldClaim{
			"another token":                      {Name: "alice", Token: "token-2", Since: 17},
			"another spelling":                   {Name: "Alice", Token: "token-1", Since: 17},
			"a signed identity":                  {Name: "alice", Signed: true, Since: 17},
			"another who has gone":               {Name: "alice", Token: "token-2", Since: 17, Left: time.Now()},
			"another who has gone, long before":  {Name: "alice", Token: "token-2", Since: 1, Left: time.Now().Add(-time.Hour)},
			"another who is there since earlier": {Name: "alice", Token: "token-2", Since: 1},
		} {
			if vouchFor(t, s, other) {
				t.Errorf("the claim is also that of %s", why)
			}
		}

		gone := actors.HeldClaim{Name: "bob", Token: "token-1", Since: 17, Left: time.Now().Add(-time.Minute)}
		if vouchFor(t, s, gone); !vouchFor(t, s, actors.HeldClaim{Name: "bob", Token: "token-2", Since: 30}) {
			t.Error("somebody who is there gives way to one who has gone")
		}
		if vouchFor(t, s, gone) {
			t.Error("one who has gone has the name of somebody who is there")
		}
	})
}

func TestAppendAfterTheEndOfTheLeaseDoesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		call := publics(s)
		call.add(0, "alice#1", 0, body("alice", "", "", "late"))
		for fence, want := range map[int64]error{time.Now().Add(-time.Second).UnixMicro(): errLapsed, time.Now().Add(time.Minute).UnixMicro(): nil} {
			call.fence = fence
			_, err := try(t, s, call)
			if err != want { //nolint:errorlint // one of two
				t.Errorf("with a lease until %d: %v", fence, err)
			}
		}
		if n := len(held(t, s, publicKey)); n != 1 {
			t.Errorf("%d are stored", n)
		}
	})
}

// TestLeaseThatWasTakenIsDoubted: a node that announces a name after others have removed its
// own gets a new lease, which must not pass for the one it had.
func TestLeaseThatWasTakenIsDoubted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		r, err := s.renewLease(soon(t), leaseLength)
		must(t, err)
		s.lease.renewed(time.Now(), r)
		if !s.lease.lasts(time.Now()) {
			t.Fatal("the first lease is doubted")
		}
		must(t, s.client.ZRem(soon(t), nodesKey, "n").Err())
		present(t, s, false, []string{"ann"}, nil)
		if s.lease.lasts(time.Now()) {
			t.Error("a lease that was taken passes for the one it was")
		}
	})
}

// TestLeaseThatHadEndedIsDoubtedThoughTheAnswerThatSaidSoWasLost: a renewal that was held up on the link, and given up, is
// carried out after all, and the next one finds a lease that lasts.
func TestLeaseThatHadEndedIsDoubtedThoughTheAnswerThatSaidSoWasLost(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		begun := time.Now().Add(-time.Minute)
		s.lease.renewed(begun, renewal{end: begun.Add(leaseLength).UnixMicro()})
		if lapsed, _ := renew(t, s); !lapsed {
			t.Fatal("the lease has not ended") // whose answer is lost
		}
		r, err := s.renewLease(soon(t), leaseLength)
		must(t, err)
		if r.lapsed {
			t.Fatal("the lease that was just renewed has ended")
		}
		if s.lease.renewed(time.Now(), r); s.lease.lasts(time.Now()) {
			t.Error("a lease that had ended passes for the one it was")
		}
		doubt, _ := s.lease.doubted()
		s.lease.settle(doubt, time.Now())
		r, err = s.renewLease(soon(t), leaseLength)
		must(t, err)
		if s.lease.renewed(time.Now(), r); !s.lease.lasts(time.Now()) {
			t.Error("a lease that never ended is doubted")
		}
	})
}

func TestLeaseEndsByTheClockOfTheNodeToo(t *testing.T) {
	var l lease
	now := time.Now()
	if l.lasts(now) {
		t.Error("there is a lease before the first")
	}
	l.renewed(now, renewal{lapsed: true, end: 1})
	if !l.lasts(now) || l.lasts(now.Add(leaseLength)) {
		t.Error("the first lease does not last for its length")
	}
	l.renewed(now.Add(time.Hour), renewal{lapsed: true, end: 2})
	first, settled := l.doubted()
	if settled || l.lasts(now.Add(time.Hour)) {
		t.Error("a lease that had lapsed is not doubted")
	}
	l.doubt()
	if l.settle(first, now); l.lasts(now.Add(time.Hour)) {
		t.Error("a doubt is settled by looking before it came up")
	}
	second, _ := l.doubted()
	if l.settle(second, now); !l.lasts(now.Add(time.Hour)) {
		t.Error("a doubt that is settled lasts")
	}
}

// TestSessionWhoseClaimWasLostMeanwhileNeitherReadsNorSpeaks: the node stalls, and somebody
// else takes the name.
func TestSessionWhoseClaimWasLostMeanwhileNeitherReadsNorSpeaks(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	node, other := openStore(t, redis.Addr(), "stalls", 10), known(t, openStore(t, redis.Addr(), "other", 10))
	h := newHouse(t, node)
	robbed, kept := listenFor(t, h), listenFor(t, h)
	h.mu.Lock()
	h.claims = []actors.HeldClaim{
		{Session: robbed.pid, Name: "robbed", Token: "old", Since: 1},
		{Session: kept.pid, Name: "kept", Token: "token", Since: 1},
	}
	h.mu.Unlock()
	vouchFor(t, other, actors.HeldClaim{Name: "kept", Token: "token", Since: 1})
	h.root.Send(h.bridge, &actors.Subscribe{Log: actors.Inbox("robbed"), To: robbed.pid})
	h.root.Send(h.bridge, &actors.Subscribe{Log: actors.Inbox("kept"), To: kept.pid})
	for _, e := range []*listener{robbed, kept} {
		eventually(t, "events flow", func() bool { return len(of[*actors.Linked](e.ear)) == 1 })
	}

	// What others do while the node stalls: its lease ends, and a name is taken. The node
	// itself does not know it, and its clock says that the lease lasts.
	claim(t, other, "robbed", "", "new")
	expire(t, other, "stalls")
	node.lease.mu.Lock()
	node.lease.until, node.lease.end = time.Time{}, time.Now().Add(-time.Second).UnixMicro()
	node.lease.mu.Unlock()
	send(t, other, "robbed", "kept", "from the new holder")

	robbed.say(h, 1, "I am robbed")
	kept.say(h, 1, "I am kept")
	eventually(t, "who was robbed learns it", func() bool { return len(of[*actors.ClaimLost](robbed.ear)) > 0 })
	eventually(t, "who was not has its answer", func() bool { return len(of[*actors.Settled](kept.ear)) > 0 })
	eventually(t, "and reads what came meanwhile", func() bool { return len(of[*actors.Linked](kept.ear)) > 1 || len(of[*actors.Appended](kept.ear)) > 0 })
	robbed.say(h, 2, "I say")
	kept.say(h, 2, "I am kept still")
	eventually(t, "who was not has its next answer", func() bool { return len(of[*actors.Settled](kept.ear)) > 1 })
	if n := len(of[*actors.Appended](robbed.ear)); n > 0 {
		t.Errorf("who was robbed was told %d events of the new holder's inbox", n)
	}
	if n := len(of[*actors.ClaimLost](kept.ear)); n > 0 {
		t.Error("who was not is told that it was")
	}
	if stored := texts(t, redis); len(stored) != 2 {
		t.Errorf("stored: %q", stored)
	}
}

// TestWhatARobbedSessionSaysIsNotStoredByTheNextBridgeEither: the session has died with what
// it was told, and asks again.
func TestWhatARobbedSessionSaysIsNotStoredByTheNextBridgeEither(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	other := known(t, openStore(t, redis.Addr(), "other", 10))
	claim(t, other, "alice", "", "new")
	h := newHouse(t, openStore(t, redis.Addr(), "n", 10))
	h.outcome(h.say("before"))
	h.mu.Lock()
	h.claims = []actors.HeldClaim{{Session: h.self, Name: "alice", Token: "old", Since: 1}}
	h.mu.Unlock()
	h.store.lease.doubt()
	eventually(t, "it is told that the name is another's", func() bool { return len(of[*actors.ClaimLost](h.ear)) > 0 })
	eventually(t, "the others may go on", func() bool { return h.store.lease.lasts(time.Now()) })
	h.mu.Lock()
	h.claims = nil // nobody looks again in time
	h.mu.Unlock()
	h.restartBridge()
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{
		{Seq: 7, Ref: "alice#7", Sender: "alice", Text: "I am robbed", Received: time.Now(), Handed: true},
	}})
	kept := listenFor(t, h)
	kept.say(h, 1, "after")
	eventually(t, "another is stored", func() bool { return len(of[*actors.Settled](kept.ear)) > 0 })
	if got := texts(t, redis); len(got) != 2 || got[1] != "after" {
		t.Errorf("stored %q", got)
	}
}

// listener is an actor that stands for a session, and for its inbox's actor.
type listener struct {
	*ear
	pid *actor.PID
}

func listenFor(t *testing.T, h *house) *listener {
	t.Helper()
	l := &listener{ear: &ear{}}
	l.pid = h.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.heard = append(l.heard, ctx.Message())
	}))
	t.Cleanup(func() { _ = h.root.StopFuture(l.pid).Wait() })
	return l
}

// say asks for a public message to be stored.
func (l *listener) say(h *house, seq uint64, text string) {
	h.root.Send(h.bridge, &actors.Append{To: l.pid, Messages: []actors.Message{
		{Seq: seq, Ref: text + "#1", Sender: text, Text: text, Received: time.Now()},
	}})
}

// TestDirectMessagesAreFencedByTheLeaseTheyWereBegunIn: the process may stall between two steps,
// and have a new lease when it goes on, before the claims were looked at.
func TestDirectMessagesAreFencedByTheLeaseTheyWereBegunIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		r, err := s.renewLease(soon(t), leaseLength)
		must(t, err)
		s.lease.renewed(time.Now(), r)
		work := direct(actors.Message{Sender: "alice", Receiver: "bob", Text: "late", Ref: "alice#1"})
		if _, err := s.append(soon(t), work, time.Now().Add(-time.Second).UnixMicro()); !errors.Is(err, errLapsed) {
			t.Errorf("what was begun in a lease that has ended: %v", err)
		}
		if n := len(held(t, s, "chat:dm:alice:bob")); n != 0 {
			t.Errorf("%d are stored", n)
		}
	})
}
