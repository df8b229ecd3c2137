package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"parley/drill/check"
	"parley/drill/rig"
)

const (
	// maxUnacked bounds what a client says before it is answered.
	maxUnacked = 64

	// Reconnect waits are random in [0, backoffUnit · 2^n], at most maxBackoff: a drill has no time for the 20 s of a page.
	backoffUnit = 500 * time.Millisecond
	maxBackoff  = 4 * time.Second

	// maxDoublings keeps the shift from overflowing; long before, maxBackoff is reached.
	maxDoublings = 10

	// upgradeTimeout bounds one attempt to connect.
	upgradeTimeout = 10 * time.Second

	// rejoinPause is the wait after a join that was refused.
	rejoinPause = 500 * time.Millisecond

	// maxTaken is how often a name may be refused as taken before the client takes another: its token was in an answer
	// that it never got.
	maxTaken = 3

	// One client of so many waits until a draining node hangs up.
	impatience = 4
)

// neverOpened stands for the close code of an upgrade that failed.
const neverOpened = 0

// talker is a client that behaves as a good client does: it resumes where it was, on any node, repeats what was not
// answered, in order and with the same refs, and waits a random time before it reconnects.
type talker struct {
	base     string
	nodes    []*node
	home     *node // the only node it goes to; nil: any
	recorder *recorder
	rand     *rand.Rand
	mood     mood
	closes   *closes
	quiet    <-chan struct{} // closed when nothing new is to be said
	heardMsg func(rig.Frame) // of every public message; may be nil
	did      *tally
	mark     string  // tells its refs from those of others with its name
	follows  *talker // it comes when this one is there; may be nil
	shares   bool    // and is the same person on a second device
	contends bool    // it wants a name that others want too
	patient  bool    // it stays on a node that is going away

	mu      sync.Mutex
	name    string
	token   string
	renamed int
	taken   int
	seq     int
	since   int64
	dmSince int64
	rooms   rig.Rooms
	joined  bool
	stalled bool
	unacked []message
	lastAck int64
	person  int   // how many strangers it has been to its own name; of one that contends
	shun    *node // it is going away
}

func newTalker(base string, nodes []*node, r *recorder, seed uint64, m mood, quiet <-chan struct{}) *talker {
	return &talker{base: base, name: base, nodes: nodes, recorder: r, rand: rand.New(rand.NewPCG(seed, 1)), mood: m,
		quiet: quiet, since: check.None, dmSince: check.None, did: newTally(), patient: seed%impatience == 0}
}

// run talks until ctx ends.
func (t *talker) run(ctx context.Context) {
	if t.follows != nil {
		if eventually(ctx, t.follows.arrived) != nil {
			return
		}
		if t.shares {
			t.become(t.follows)
		}
	}
	last := t.rand.IntN(len(t.nodes))
	for failures := 0; ctx.Err() == nil; {
		n := t.home
		if n == nil {
			last = (last + 1 + t.rand.IntN(len(t.nodes))) % len(t.nodes)
			if t.shuns(t.nodes[last]) {
				last = (last + 1) % len(t.nodes)
			}
			n = t.nodes[last]
		}
		away, joined := t.visit(ctx, n)
		if joined {
			failures = 0
		}
		if away > 0 {
			t.stayAway(ctx, away)
			continue
		}
		pause(ctx, time.Duration(t.rand.Int64N(int64(min(maxBackoff, backoffUnit<<min(failures, maxDoublings)))+1)))
		failures++
	}
}

// stayAway waits for that long, or until all is to be quiet: the end waits for everybody.
func (t *talker) stayAway(ctx context.Context, away time.Duration) {
	timer := time.NewTimer(away)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-t.quiet:
	case <-timer.C:
	}
}

// visit is one connection, from its upgrade to its end. It returns how long to stay away, 0 for the usual wait, and
// whether it came so far as to be joined.
func (t *talker) visit(ctx context.Context, n *node) (away time.Duration, joined bool) {
	t.mu.Lock()
	if t.contends {
		t.begin()
	}
	t.rooms.Leave()
	rec := t.recorder.open(t.name, n, t.since, t.dmSince)
	url := n.ws + "?" + t.query()
	t.mu.Unlock()
	v := &visit{talker: t, node: n, record: rec, welcome: make(chan struct{}), rejoin: make(chan struct{}, 1), barred: make(chan struct{}, 1)}
	dialCtx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	client, err := rig.Dial(dialCtx, url, rig.ClientOptions{OnFrame: v.hear, OnClose: v.closed})
	cancel()
	if err != nil {
		rec.closed(neverOpened, false)
		return 0, false
	}
	t.mu.Lock()
	v.client = client
	t.mu.Unlock()
	away = v.talk(ctx)
	client.Drop()
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.flooded { // of what was refused it may not have heard: said again, it would come behind what was not
		t.unacked = nil
	}
	joined, t.joined, t.stalled = t.joined, false, false
	return away, joined
}

func (t *talker) query() string {
	q := ""
	if t.since != check.None {
		q += "since=" + strconv.FormatInt(t.since, 10)
	}
	if t.dmSince != check.None {
		q += "&dmsince=" + strconv.FormatInt(t.dmSince, 10)
	}
	return q
}

// joinFrame asks for the name, with the proof that it is ours where there is one.
func (t *talker) joinFrame() (frame, person string, shown bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	person = t.name
	if t.contends {
		person = fmt.Sprintf("%s, stranger %s%d", t.name, t.mark, t.person)
	}
	if t.token == "" {
		return "join:" + t.name, person, false
	}
	return "join:" + t.name + ":" + t.token, person, true
}

// compose makes the next message; to is empty for everybody.
func (t *talker) compose(to string) message {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	return newMessage(t.name, to, t.ref(), t.filler())
}

// composeIn makes the next message for a room that it is in, or for everybody where it is in none.
func (t *talker) composeIn() message {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	open := t.rooms.Open()
	if len(open) == 0 {
		return newMessage(t.name, "", t.ref(), t.filler())
	}
	return newRoomMessage(t.name, open[t.rand.IntN(len(open))].Name, t.ref(), t.filler())
}

func (t *talker) filler() string { return fillers[t.rand.IntN(len(fillers))] }

// utter gives a message, at times as one that bears no ref: that is said once, for who repeats it says it twice.
func (t *talker) utter(m message) (_ message, valid bool) {
	if t.rand.IntN(100) < barePercent {
		return bared(m), false
	}
	return m, true
}

// ref is unique to this talker and what it does next. Under the mutex.
func (t *talker) ref() string { return fmt.Sprintf("%s-%s%d", t.name, t.mark, t.seq) }

// ask makes a question for a page of public history.
func (t *talker) ask() (ref, frame string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	return t.ref(), "history#" + t.ref() + ":"
}

// arrived says whether it ever joined.
func (t *talker) arrived() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token != ""
}

// status is what the end of a drill waits for.
func (t *talker) status() (name string, settled bool, since, dmSince int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.name, t.joined && !t.stalled && len(t.unacked) == 0 && t.rooms.Settled(), t.since, t.dmSince
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
