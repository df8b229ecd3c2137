package e2e

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"time"

	"parley/drill/rig"
)

// cutRules drop what goes between a container and a port of this machine, both ways.
func cutRules(container, port string) [][]string {
	return [][]string{
		{"INPUT", "--source", container, "--protocol", "tcp", "--dport", port, "--jump", "DROP"},
		{"OUTPUT", "--destination", container, "--protocol", "tcp", "--sport", port, "--jump", "DROP"},
	}
}

// cutOff cuts the third of three containers off from Redis, silently, while its
// client stays, and lets it come back: nobody's socket closes, and all is heard, in
// order.
func (e *engine) cutOff(redis *rig.Redis, people []*rig.Client) {
	if _, err := exec.LookPath("iptables"); err != nil {
		e.t.Skipf("skipped: without iptables no container can be cut off (%v)", err)
	}
	alice, bob, carol := people[0], people[1], people[2]
	container := e.docker("inspect", "--format", `{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}`, e.tag+"-carol")
	_, port, err := net.SplitHostPort(redis.Addr())
	if err != nil {
		e.t.Fatal(err)
	}
	reconnect := sync.OnceFunc(func() {
		for _, rule := range cutRules(container, port) {
			if out, err := exec.Command("iptables", append([]string{"--delete"}, rule...)...).CombinedOutput(); err != nil {
				e.t.Errorf("the rule stays: %v: %s", err, out)
			}
		}
	})
	for _, rule := range cutRules(container, port) {
		if out, err := exec.CommandContext(e.ctx, "iptables", append([]string{"--insert"}, rule...)...).CombinedOutput(); err != nil {
			e.t.Skipf("skipped: this user may not cut a container off (%v: %s)", err, out)
		}
	}
	e.t.Cleanup(reconnect)

	const said = 30
	for i := range said {
		e.say(alice, fmt.Sprintf("msg:alice:unheard %d.", i))
		e.hear(bob, fmt.Sprintf(`"text":"unheard %d."`, i))
	}
	// Who is cut off is served by its node all the same, is refused what Redis would
	// have to know, and is gone for the others once the lease has run out.
	e.say(carol, "ping:still there?")
	e.hear(carol, `{"type":"pong","data":"still there?"}`)
	e.say(carol, "msg#lost:carol:can anybody hear me?")
	e.hear(bob, `{"type":"member_remove","name":"carol"`)
	for _, f := range carol.Frames() {
		if strings.Contains(string(f.Raw), "unheard") {
			e.t.Fatalf("who is cut off heard %s", f.Raw)
		}
	}

	reconnect()
	back := time.Now()
	for i := range said {
		e.hear(carol, fmt.Sprintf(`"text":"unheard %d."`, i))
	}
	e.t.Logf("all was heard %v after the node was back", time.Since(back).Round(time.Millisecond))
	last := int64(0)
	for _, f := range carol.Frames() {
		if f.Type == "msg" {
			if f.ID <= last {
				e.t.Errorf("%d was heard after %d", f.ID, last)
			}
			last = f.ID
		}
	}
	e.hear(bob, `{"type":"member_add","name":"carol"`)
	e.hear(carol, `"ref":"lost"`) // stored or refused, once it is known
	e.say(carol, "msg:carol:back again")
	e.hear(alice, `"text":"back again"`)
	for i, c := range people {
		select {
		case <-c.Done():
			e.t.Errorf("client %d was closed with %d", i, c.CloseCode())
		default:
		}
	}
}
