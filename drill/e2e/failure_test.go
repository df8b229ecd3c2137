package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"parley/drill/rig"
)

// durable are the arguments of a Redis that loses nothing when it is killed.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// must ends the test on an error of its tools.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func do(t *testing.T, redis *rig.Redis, args ...any) any {
	t.Helper()
	reply, err := redis.Do(context.Background(), args...)
	must(t, err)
	return reply
}

func startProxy(t *testing.T, redis *rig.Redis) *rig.Proxy {
	t.Helper()
	p, err := rig.NewProxy(redis.Addr())
	must(t, err)
	t.Cleanup(p.Close)
	return p
}

func (n *node) ready() bool { status, _ := n.get(n.URL + "/readyz"); return status == http.StatusOK }

// relinks is how often the node has replaced its subscription.
func (n *node) relinks() float64 { return n.metric("parley_redis_relinks_total") }

// healsByItself waits until the node has replaced its silent subscription and is ready,
// while what broke it goes on.
func (n *node) healsByItself() {
	n.test.Helper()
	eventually(n.test, "the subscription is replaced", func() bool { return n.relinks() > 0 })
	eventually(n.test, "readyz is green", n.ready)
}

// TestTrafficSurvives lets a crowd on two nodes talk while something fails, and
// compares what each saw, and was told, with the log.
func TestTrafficSurvives(t *testing.T) {
	for _, failure := range []struct {
		name string
		fail func(t *testing.T, redis *rig.Redis, link *rig.Proxy, tr *traffic)
	}{
		{"RedisBackWithoutItsNewest", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, tr *traffic) {
			// As after a failover to a replica that lags: what is on disk is some
			// hundred messages old.
			do(t, redis, "CONFIG", "SET", "appendonly", "no")
			tr.said(300)
			must(t, redis.Kill())
			must(t, redis.Start())
		}},
		{"RedisKilledAndBackWithItsData", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, _ *traffic) {
			must(t, redis.Kill())
			must(t, redis.Start())
		}},
		{"RedisKilledAndBackWithoutItsData", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, _ *traffic) {
			must(t, redis.Kill())
			must(t, redis.Wipe())
			must(t, redis.Start())
		}},
		{"RedisPaused", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, tr *traffic) {
			must(t, redis.Pause())
			paused := time.Now()
			eventually(t, "everybody noticed", func() bool { return time.Since(paused) > 3500*time.Millisecond })
			must(t, redis.Resume())
		}},
		{"RedisBusy", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, _ *traffic) {
			do(t, redis, "CLIENT", "PAUSE", 1500, "ALL")
		}},
		{"SubscriptionsKilled", func(t *testing.T, redis *rig.Redis, _ *rig.Proxy, tr *traffic) {
			for range 10 {
				do(t, redis, "CLIENT", "KILL", "TYPE", "pubsub")
				tr.said(100)
			}
		}},
		{"LinkCut", func(t *testing.T, _ *rig.Redis, link *rig.Proxy, tr *traffic) {
			for range 5 {
				link.Cut()
				tr.said(50) // on the other node
				must(t, link.Restore())
				tr.said(200)
			}
		}},
		{"LinkFrozen", func(t *testing.T, _ *rig.Redis, link *rig.Proxy, tr *traffic) {
			link.Freeze()
			eventually(t, "readyz is red", func() bool { return !tr.behind.ready() })
			tr.said(500) // on the other node
			must(t, link.Restore())
		}},
		{"ConnectionsFrozen", func(t *testing.T, _ *rig.Redis, link *rig.Proxy, tr *traffic) {
			link.FreezeConnections()
			tr.behind.healsByItself()
		}},
		{"SubscriptionFrozen", func(t *testing.T, _ *rig.Redis, link *rig.Proxy, tr *traffic) {
			link.FreezePubSub()
			tr.behind.healsByItself()
		}},
		{"RepliesLost", func(t *testing.T, _ *rig.Redis, link *rig.Proxy, tr *traffic) {
			for range 3 {
				link.DropReplies()
				tr.said(50)
				must(t, link.Restore())
				tr.said(100)
			}
		}},
	} {
		t.Run(failure.name, func(t *testing.T) {
			t.Parallel()
			redis := startRedis(t, durable...)
			link := startProxy(t, redis)
			var open []string
			a := startNode(t, append(open, "REDIS_ADDR="+redis.Addr())...)
			b := startNode(t, append(open, "REDIS_ADDR="+link.Addr())...)
			tr := startTraffic(t, redis, 8, a, b)
			tr.behind = b
			tr.said(200)
			failure.fail(t, redis, link, tr)
			eventually(t, "both nodes are ready", func() bool { return a.ready() && b.ready() })
			tr.said(200)
			tr.finish()
			if n := tr.connectionsEnded(); n > 0 {
				t.Errorf("%d connections ended: no client should have noticed", n)
			}
		})
	}
}

// TestMessageSaidWhileTheLinkIsDownIsHeardWithinASecond is the case to beat: the
// subscription is cut, one message is said before it is back, then silence.
func TestMessageSaidWhileTheLinkIsDownIsHeardWithinASecond(t *testing.T) {
	redis := startRedis(t)
	link := startProxy(t, redis)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+link.Addr())
	alice, bob := join(t, a, "alice"), join(t, b, "bob")
	alice.say("msg:alice:before")
	bob.hearText("before")
	link.Cut()
	alice.say("msg#1:alice:unheard")
	alice.hear("ack")
	must(t, link.Restore())
	eventually(t, "the link is back", b.ready)
	back := time.Now()
	bob.hearText("unheard")
	if took := time.Since(back); took > time.Second {
		t.Errorf("heard %v after the link was back", took)
	}
}

// TestSilentSubscriptionIsNoticedAndReplaced freezes the subscription alone: TCP says
// nothing, and Redis takes everything. The node has to help itself: nothing thaws.
func TestSilentSubscriptionIsNoticedAndReplaced(t *testing.T) {
	redis := startRedis(t)
	link := startProxy(t, redis)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+link.Addr())
	alice, bob := join(t, a, "alice"), join(t, b, "bob")
	eventually(t, "ready", b.ready)
	link.FreezePubSub()
	frozen := time.Now()
	alice.say("msg#1:alice:unheard")
	alice.hear("ack")
	bob.hearText("unheard")
	if took := time.Since(frozen); took > 4*time.Second { // about 3 s, and a busy machine
		t.Errorf("heard after %v", took)
	}
	b.healsByItself()
	alice.say("msg:alice:heard at once")
	bob.hearText("heard at once")
	must(t, link.Restore()) // what was held back comes now, and nobody is told of it again
	alice.say("msg:alice:heard once")
	bob.hearText("heard once")
	for _, text := range []string{"unheard", "heard at once"} {
		if n := bob.times(text); n != 1 {
			t.Errorf("bob was told %q %d times", text, n)
		}
	}
}

func TestSendsAreRefusedAfterFiveSecondsAndNeverAppear(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	must(t, redis.Kill())
	eventually(t, "readyz is red", func() bool { return !n.ready() })
	said := time.Now()
	for i := range 10 {
		alice.say(fmt.Sprintf("msg#r%d:alice:never %d", i, i))
	}
	for range 10 {
		alice.hearError("unavailable")
	}
	if took := time.Since(said); took < 4500*time.Millisecond || took > 7*time.Second {
		t.Errorf("refused after %v", took)
	}
	must(t, redis.Start())
	alice.say("msg#after:alice:after")
	for alice.await("an answer", func(f rig.Frame) bool { return f.Ref == "after" }).Type == "error" {
		alice.say("msg#after:alice:after")
	}
	if n := do(t, redis, "ZCARD", "chat:messages"); fmt.Sprint(n) != "1" {
		t.Errorf("%v messages in the log", n)
	}
}

func TestRedisOutOfMemoryRefusesAndRecovers(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	do(t, redis, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	do(t, redis, "CONFIG", "SET", "maxmemory", "1")
	alice.say("msg#1:alice:too much")
	alice.hearError("unavailable")
	do(t, redis, "CONFIG", "SET", "maxmemory", "0")
	alice.say("msg#1:alice:fits again")
	alice.hear("ack")
	alice.hearText("fits again")
}

func TestWrongPasswordIsSaidAndHealsWhenRight(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	do(t, redis, "ACL", "SETUSER", "chat", "on", ">right", "~*", "&*", "+@all")
	n := startNode(t, "REDIS_ADDR=redis://chat:wrong@"+redis.Addr())
	eventually(t, "readyz says what is wrong", func() bool {
		status, body := n.get(n.Admin + "/readyz")
		return status == http.StatusServiceUnavailable && body == "not ready: redis refuses: WRONGPASS\n"
	})
	if status, body := n.get(n.URL + "/readyz"); status != http.StatusServiceUnavailable || body != "not ready: redis\n" {
		t.Errorf("everybody is told %q with %d", body, status)
	}
	do(t, redis, "ACL", "SETUSER", "chat", "resetpass", ">wrong")
	eventually(t, "readyz is green", n.ready)
	alice := join(t, n, "alice")
	alice.say("msg:alice:in")
	alice.hearText("in")
	// Rotation: connections are cut, and the password is another.
	do(t, redis, "ACL", "SETUSER", "chat", "resetpass", ">other")
	do(t, redis, "CLIENT", "KILL", "USER", "chat")
	eventually(t, "readyz is red", func() bool { return !n.ready() })
	do(t, redis, "ACL", "SETUSER", "chat", "resetpass", ">wrong")
	eventually(t, "readyz is green", n.ready)
	alice.say("msg:alice:back")
	alice.hearText("back")
}
