package e2e

import (
	"fmt"
	"strings"
	"testing"

	"parley/drill/rig"
)

// departing is a node that is told to end while Redis does not do what alice has asked of
// it, in public and in private.
type departing struct {
	redis *rig.Redis
	alice *user
	idle  *user // has said nothing
	refs  []string
	ended chan struct{}
}

// depart has alice speak when Redis has failed, and the node told to end once it has all
// that she said.
func depart(t *testing.T, fail func(*rig.Redis) error) *departing {
	t.Helper()
	redis := startRedis(t, durable...)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	d := &departing{redis: redis, alice: join(t, n, "alice"), idle: join(t, n, "bob"), ended: make(chan struct{})}
	must(t, fail(redis))
	for i := range 20 {
		d.refs = append(d.refs, fmt.Sprintf("public-%d", i), fmt.Sprintf("direct-%d", i))
		d.alice.say(fmt.Sprintf("msg#public-%d:alice:before the end %d", i, i))
		d.alice.say(fmt.Sprintf("dm#direct-%d:alice:bob:before the end %d", i, i))
	}
	d.alice.say("ping:all is read")
	d.alice.hear("pong")
	go func() { n.Stop(); close(d.ended) }()
	d.alice.hear("drain")
	return d
}

// answers waits for the end of alice's connection, and gives what each ref was answered.
func (d *departing) answers(t *testing.T) map[string]rig.Frame {
	t.Helper()
	<-d.alice.Done()
	if d.alice.CloseCode() != 1012 {
		t.Errorf("closed with %d", d.alice.CloseCode())
	}
	<-d.ended
	answers := map[string]rig.Frame{}
	for _, f := range d.alice.Frames() {
		if f.Type != "ack" && f.Type != "error" {
			continue
		}
		if before, twice := answers[f.Ref]; twice {
			t.Errorf("%s was answered twice: %s, %s", f.Ref, before.Raw, f.Raw)
		}
		answers[f.Ref] = f
	}
	for _, ref := range d.refs {
		if answers[ref].Type == "" {
			t.Errorf("%s was dropped without an answer", ref)
		}
	}
	return answers
}

func TestDrainStoresWhatRedisHasNotTakenYet(t *testing.T) {
	t.Parallel()
	d := depart(t, (*rig.Redis).Pause)
	<-d.idle.Done() // the time to leave by oneself is over
	must(t, d.redis.Resume())
	answers := d.answers(t)
	for _, ref := range d.refs {
		if answers[ref].Type != "ack" {
			t.Errorf("%s was answered %s", ref, answers[ref].Raw)
			continue
		}
		log := "chat:messages"
		if strings.HasPrefix(ref, "direct") {
			log = "chat:dm:alice:bob"
		}
		id := fmt.Sprint(answers[ref].ID)
		if stored := do(t, d.redis, "ZSCORE", "{"+log+"}:refs", "alice#"+ref); fmt.Sprint(stored) != id {
			t.Errorf("%s was acked with %s, its log has it as %v", ref, id, stored)
		}
		if n := do(t, d.redis, "ZCOUNT", log, id, id); fmt.Sprint(n) != "1" {
			t.Errorf("%s was acked with %s, which its log has %v times", ref, id, n)
		}
	}
	for _, inbox := range []string{"chat:inbox:alice", "chat:inbox:bob"} {
		if n := do(t, d.redis, "ZCARD", inbox); fmt.Sprint(n) != "20" {
			t.Errorf("%s has %v of 20 direct messages", inbox, n)
		}
	}
}

func TestDrainRefusesWhatRedisIsNotThereFor(t *testing.T) {
	t.Parallel()
	d := depart(t, (*rig.Redis).Kill)
	answers := d.answers(t)
	must(t, d.redis.Start())
	for _, ref := range d.refs {
		if f := answers[ref]; f.Code != "unavailable" {
			t.Errorf("%s was answered %s", ref, f.Raw)
		}
	}
	for _, log := range []string{"chat:messages", "chat:dm:alice:bob", "chat:inbox:alice", "chat:inbox:bob"} {
		if n := do(t, d.redis, "ZCARD", log); fmt.Sprint(n) != "0" {
			t.Errorf("%s holds %v messages that were refused", log, n)
		}
	}
}
