package main

import (
	"fmt"
	"sync"
	"time"
)

// closes keeps every end of a connection that no client wanted.
type closes struct {
	mu  sync.Mutex
	all []closing
}

type closing struct {
	at     time.Time
	deaf   time.Duration // it didn't read before: the end may have come that much earlier
	node   *node
	code   uint16
	reason string
	client string
	behind bool // it has not read, lately, or has come back for what is kept no more: what it missed may be gone
	asked  bool // the client did what is answered with such an end
}

func (c *closes) add(x closing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, x)
}

// aftermath is how long after its cause a connection may end.
const aftermath = 3 * time.Second

// unexplained are the ends that neither their client, the death of a node nor a stopped session explains: that is how
// one hangs up.
func (c *closes) unexplained(kills []actorKill) []closing {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := make(map[int]bool)
	var rest []closing
	for _, x := range c.all {
		if !x.asked && !x.node.diedNear(x) && !hungUp(x, kills, used) {
			rest = append(rest, x)
		}
	}
	return rest
}

// patience is how long the server lets a client read nothing while something waits for it.
const patience = 30 * time.Second

// catchingUp is how long after it read on a client may be behind: for that, Redis has to be there.
const catchingUp = maxOutage + aftermath

// isBehind says whether a client may still miss what is kept no more: it reads nothing, or has not for long, or has come back
// for what was not kept. Zero times are of what never was.
func isBehind(at, stalled, reads, lacks time.Time) bool {
	return !stalled.IsZero() && (stalled.After(reads) || at.Sub(reads) < catchingUp) || !lacks.IsZero() && at.Sub(lacks) < catchingUp
}

// endings are the ends of interest to the table.
var endings = map[uint16]string{
	1008: "closed for saying far too much (1008)",
	1012: "closed by a node that went away, or a stopped session (1012)",
	4008: "closed as too slow (4008)",
	4009: "closed for a name that was lost (4009)",
}

// earned says whether the client has itself to blame, or the fight that it is in. Who doesn't read may miss why.
func (x closing) earned(flooded, contends bool) bool {
	switch {
	case x.deaf >= patience, x.code == 4008 && x.behind:
		return true
	case flooded:
		return x.code == 1008 || x.code == 1006 // what it still says may have its system forget why
	}
	return contends && x.code == 4009
}

// hungUp says whether a stopped session explains the end; each explains one.
func hungUp(x closing, kills []actorKill, used map[int]bool) bool {
	for i, k := range kills {
		if !used[i] && k.node == x.node && k.kind == "session" && k.how == "stop" && x.near(k.at) {
			used[i] = true
			return true
		}
	}
	return false
}

// near says whether something at that time may have been the cause.
func (x closing) near(cause time.Time) bool {
	d := x.at.Sub(cause)
	return d > -aftermath && d < aftermath+x.deaf
}

func (x closing) String() string {
	return fmt.Sprintf("%s: client %s on node %s was closed with %d %s",
		x.at.UTC().Format("15:04:05.000"), x.client, x.node.name, x.code, x.reason)
}
