package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// behindProxy has a node believe what tests say of their addresses.
const behindProxy = "TRUSTED_PROXIES=127.0.0.0/8"

// connectFrom opens a connection that a proxy says to come from an address.
func connectFrom(t *testing.T, n *node, address, query string) *user {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := rig.Dial(ctx, n.WS()+query, rig.ClientOptions{Header: http.Header{"X-Forwarded-For": {address}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &user{Client: c, test: t}
}

func joinFrom(t *testing.T, n *node, address, name string) *user {
	t.Helper()
	u := connectFrom(t, n, address, "")
	u.name = name
	u.say("join:" + name)
	u.hear("joined")
	return u
}

// TestNameOfSomebodyWhoIsConnectedIsTheirsHoweverOldItsClaim: a month of being connected must
// not make it anybody's.
func TestNameOfSomebodyWhoIsConnectedIsTheirsHoweverOldItsClaim(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	join(t, n, "alice")
	do(t, redis, "HSET", "chat:claim:alice", "seen", strconv.FormatInt(time.Now().AddDate(0, 0, -61).UnixMicro(), 10))
	stranger := connect(t, n, "")
	if _, ok := stranger.tryJoin("join:alice"); ok {
		t.Error("the name was given away")
	}
}

// TestHeldNameIsItsHoldersAfterARestart of everything; others are free.
func TestHeldNameIsItsHoldersAfterARestart(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	before := startNode(t, "REDIS_ADDR="+redis.Addr())
	tokens := map[string]string{}
	for _, name := range []string{"asks", "comes back", "does neither"} {
		u := connect(t, before, "")
		j, ok := u.tryJoin("join:" + name)
		if !ok {
			t.Fatalf("%s was not let in", name)
		}
		tokens[name] = j.Token
		if name == "asks" {
			u.say("hold#h:")
			u.hear("ack")
		}
	}
	if _, ok := connect(t, before, "").tryJoin("join:comes back:" + tokens["comes back"]); !ok {
		t.Fatal("a second device was not let in")
	}
	before.Stop()

	after := startNode(t, "REDIS_ADDR="+redis.Addr())
	eventually(t, "a name that nobody asked for is free", func() bool {
		_, ok := connect(t, after, "").tryJoin("join:does neither")
		return ok
	})
	for _, name := range []string{"asks", "comes back"} {
		if _, ok := connect(t, after, "").tryJoin("join:" + name); ok {
			t.Errorf("a stranger has the name that %s", name)
		}
		if _, ok := connect(t, after, "").tryJoin("join:" + name + ":" + tokens[name]); !ok {
			t.Errorf("who %s does not have the name", name)
		}
	}
}

// TestNodeThatStalledLosesNamesAndKnowsIt: SIGSTOP for longer than its lease, and somebody
// takes a name. When it goes on, who had it must neither read nor speak.
func TestNodeThatStalledLosesNamesAndKnowsIt(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	stalls, lives := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	robbed, kept := join(t, stalls, "robbed"), join(t, stalls, "kept")
	carol := join(t, lives, "carol")
	carol.say("dm:carol:robbed:before")
	robbed.hearText("before")
	if err := stalls.proc.Pause(); err != nil {
		t.Fatal(err)
	}
	robbed.say("msg#said:robbed:it is still me")
	kept.say("msg#kept:kept:and me")
	heir := connect(t, lives, "")
	heir.name = "heir"
	eventually(t, "the name is free", func() bool { _, ok := heir.tryJoin("join:robbed"); return ok })
	carol.say("dm#for:carol:robbed:for the heir alone")
	heir.hearText("for the heir alone")
	if err := stalls.proc.Resume(); err != nil {
		t.Fatal(err)
	}
	<-robbed.Done()
	if robbed.CloseCode() != 4009 {
		t.Errorf("who was robbed is closed with %d", robbed.CloseCode())
	}
	for _, f := range robbed.Frames() {
		if strings.Contains(string(f.Raw), "for the heir alone") {
			t.Errorf("who was robbed was told %s", f.Raw)
		}
	}
	kept.await("its ack", func(f rig.Frame) bool { return f.Type == "ack" && f.Ref == "kept" })
	carol.say("dm:carol:kept:and you")
	kept.hearText("and you")
	carol.hearText("and me")
	heir.say("msg:robbed:it is me now")
	carol.hearText("it is me now")
	for _, f := range carol.Frames() {
		if strings.Contains(string(f.Raw), "it is still me") {
			t.Errorf("who was robbed spoke: %s", f.Raw)
		}
	}
}

func TestDefaultsAreForPeople(t *testing.T) {
	t.Parallel()
	n := startAsIs(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice := join(t, n, "alice")
	for i := range 60 {
		alice.say(fmt.Sprintf("msg#r%d:alice:x", i))
	}
	alice.say("ping:end")
	alice.hear("pong")
	taken := int(n.metric("parley_messages_in_total"))
	if taken < 20 || taken > 30 {
		t.Errorf("%d messages were taken at once", taken)
	}
}

// TestOneAddressFillsLittleOfRedis, whatever it says to whom, and others are served meanwhile.
func TestOneAddressFillsLittleOfRedis(t *testing.T) {
	t.Parallel()
	const mallorys, each, most = 20, 300, 16 << 20
	redis := startRedis(t)
	n := startAsIs(t, "REDIS_ADDR="+redis.Addr(), behindProxy, "CONNECT_RATE_PER_IP=0")
	bob := joinFrom(t, n, "192.0.2.7", "bob")
	before := usedMemory(t, redis)
	text := strings.Repeat("x", 4<<10)
	var all sync.WaitGroup
	for i := range mallorys {
		name := fmt.Sprintf("mallory %d", i)
		u := joinFrom(t, n, fmt.Sprintf("2001:db8:1:2::%d", i+1), name)
		all.Go(func() {
			for j := range each {
				if u.Send(fmt.Sprintf("dm:%s:nobody %d %d:%s", name, i, j, text)) != nil {
					return // cut off
				}
			}
			// What is under way would not be counted: it is through, or cut off.
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = u.Send("ping#end:")
			_, _ = u.Await(ctx, func(f rig.Frame) bool { return f.Type == "pong" || f.Ref == "end" }) // answered, or too much
			if ctx.Err() != nil {
				t.Errorf("%s is neither through nor cut off", name)
			}
		})
	}
	for i := range 10 {
		bob.say(fmt.Sprintf("msg#b%d:bob:meanwhile", i))
		bob.await("an ack", func(f rig.Frame) bool { return f.Type == "ack" && f.Ref == fmt.Sprintf("b%d", i) })
	}
	all.Wait()
	bob.say("msg#last:bob:afterwards")
	bob.await("an ack", func(f rig.Frame) bool { return f.Type == "ack" && f.Ref == "last" })
	if more := usedMemory(t, redis) - before; more > most {
		t.Errorf("Redis holds %d MiB more", more>>20)
	}
	if strings.Count(n.Log(), "\n") > 100 {
		t.Errorf("the log has %d lines of it", strings.Count(n.Log(), "\n"))
	}
}

// usedMemory is what Redis says it uses, in bytes.
func usedMemory(t *testing.T, redis *rig.Redis) int {
	t.Helper()
	info, _ := do(t, redis, "INFO", "memory").(string)
	_, rest, _ := strings.Cut(info, "used_memory:")
	text, _, _ := strings.Cut(rest, "\r")
	used, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// TestAskingForHistoryDrawsOnTheAddress: small frames that make large answers.
func TestAskingForHistoryDrawsOnTheAddress(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), behindProxy)
	bob := join(t, n, "bob")
	for i := range 60 {
		bob.say(fmt.Sprintf("msg#r%d:bob:%s", i, strings.Repeat("x", 1000)))
		bob.hear("ack")
	}
	mallory := connectFrom(t, n, "192.0.2.1", "")
	for i := range 1000 {
		if mallory.Send(fmt.Sprintf("history#h%d:", i)) != nil {
			break
		}
	}
	limited := mallory.await("a refusal", func(f rig.Frame) bool { return isLimited(t, f) })
	pages := 0
	for _, f := range mallory.Frames() {
		if f.Type == "history" {
			pages++
		}
	}
	if limited.Ref == "" || pages > 150 {
		t.Errorf("%d pages were told, and then %s", pages, limited.Raw)
	}
	elsewhere := connectFrom(t, n, "192.0.2.2", "")
	elsewhere.say("history#h:")
	elsewhere.hear("history")
}

func TestMemoryOfRedisIsMissedOnceInTheLogAndOnReadyz(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	do(t, redis, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	do(t, redis, "CONFIG", "SET", "maxmemory", "1")
	for i := range 50 {
		alice.say(fmt.Sprintf("msg#r%d:alice:too much", i))
		alice.hearError("unavailable")
	}
	eventually(t, "readyz is red and says why", func() bool {
		status, body := n.get(n.Admin + "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "out of memory")
	})
	do(t, redis, "CONFIG", "SET", "maxmemory", "0")
	eventually(t, "readyz is green", n.ready)
	alice.say("msg#r:alice:fits again")
	alice.hear("ack")
	if lines := strings.Count(n.Log(), "OOM"); lines != 1 {
		t.Errorf("the log has %d lines of it:\n%s", lines, n.Log())
	}
}
