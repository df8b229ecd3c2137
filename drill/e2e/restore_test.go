package e2e

import (
	"fmt"
	"slices"
	"testing"

	"parley/drill/rig"
)

// dump gives the entries of a log with their places.
func dump(t *testing.T, redis *rig.Redis, key string) []string {
	t.Helper()
	flat, _ := do(t, redis, "ZRANGE", key, 0, -1, "WITHSCORES").([]any)
	var entries []string
	for i := 0; i+1 < len(flat); i += 2 {
		entries = append(entries, fmt.Sprint(flat[i], flat[i+1]))
	}
	return entries
}

// writesBack empties Redis and waits until a log has its newest so many entries again, as they were.
func writesBack(t *testing.T, redis *rig.Redis, key string, newest int, n *node) {
	t.Helper()
	before := dump(t, redis, key)
	if len(before) < newest {
		t.Fatalf("%s holds %d entries", key, len(before))
	}
	before = before[len(before)-newest:]
	must(t, redis.Kill())
	must(t, redis.Wipe())
	must(t, redis.Start())
	eventually(t, key+" is written back", func() bool {
		after := dump(t, redis, key)
		return len(after) >= newest && slices.Equal(after[len(after)-newest:], before)
	})
	eventually(t, "the node is ready", n.ready)
}

func TestNodeWritesBackTheLast2000PublicMessages(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	for i := range 2100 {
		alice.say(fmt.Sprintf("msg:alice:line %d", i))
	}
	alice.hearText("line 2099")
	writesBack(t, redis, "chat:messages", 2000, n)
}

// TestNodeWritesBackTheLast2048DirectMessagesThatWereSaidOnIt though nobody whose they are is there any more.
func TestNodeWritesBackTheLast2048DirectMessagesThatWereSaidOnIt(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	absent := []string{"bob", "carol", "dan", "eve"} // an inbox keeps 1,000
	for _, name := range absent {
		join(t, n, name).Close()
	}
	alice.say("dm#first:alice:bob:one too many")
	alice.hear("ack")
	for i := range 2048 {
		alice.say(fmt.Sprintf("dm#d%d:alice:%s:letter %d", i, absent[i%len(absent)], i))
	}
	for range 2048 {
		alice.hear("ack")
	}
	alice.Close()
	eventually(t, "nobody is there", func() bool { return n.metric("parley_connections") == 0 })
	want := map[string][]string{}
	for _, name := range absent {
		want[name] = dump(t, redis, "chat:inbox:"+name)
	}
	writesBack(t, redis, "chat:inbox:eve", 512, n)
	for _, name := range absent {
		entries := want[name][len(want[name])-512:]
		eventually(t, name+"'s inbox is written back", func() bool {
			after := dump(t, redis, "chat:inbox:"+name)
			return len(after) >= 512 && slices.Equal(after[len(after)-512:], entries)
		})
		if got := dump(t, redis, "chat:dm:alice:"+name); len(got) < 512 {
			t.Errorf("the conversation with %s has %d of 512", name, len(got))
		}
	}
}

// TestNodeWritesBackTheInboxesOfThoseWhoAreThere though the node is dead on which they were written to.
func TestNodeWritesBackTheInboxesOfThoseWhoAreThere(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, a, "alice")
	join(t, b, "bob").Close()
	tell := func(from, to int) {
		for i := from; i < to; i++ {
			alice.say(fmt.Sprintf("dm#d%d:alice:bob:letter %d", i, i))
		}
		for i := from; i < to; i++ {
			alice.hear("ack")
		}
	}
	tell(0, 100)
	eventually(t, "bob's name is free", func() bool {
		bob := connect(t, b, "")
		bob.say("join#j:bob")
		return bob.await("an answer", func(f rig.Frame) bool { return f.Ref == "j" }).Type == "ack"
	})
	tell(100, 110)
	a.Kill()
	writesBack(t, redis, "chat:inbox:bob", 60, b)
}
