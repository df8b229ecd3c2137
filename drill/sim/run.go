package sim

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"parley/actors"
	"parley/drill/check"
)

const (
	// gatherTime is how long people take to arrive, warmUp how long they talk before anything
	// breaks.
	gatherTime = time.Second
	warmUp     = 3 * time.Second
	// quietLimit is how long all may take, once nothing is broken any more, to be there, with
	// every answer: refusals come after 5 s, who does not read is hung up on after 30 s, and
	// reconnects add theirs.
	quietLimit = 60 * time.Second
	// fenceLimit is how long the last message may take to reach everybody.
	fenceLimit = 15 * time.Second
	// settleTime is waited at the end, so that presence can be seen to be true.
	settleTime = 8 * time.Second
	// endLimit is how long everything may take to end.
	endLimit = time.Minute
	// lingerTime is for goroutines that the libraries keep a little longer than they are needed.
	lingerTime = time.Second
	// followInterval is how often the logs are read, so that what is trimmed was seen.
	followInterval = 200 * time.Millisecond
)

// Result is what came of a run.
type Result struct {
	Plan     Plan
	Failures []string // one line each; none: all promises held
	Counts   map[string]int
	Report   *check.Report
	History  *check.History
	Sum      uint64 // of the trace
	Steps    int
	Virtual  time.Duration
}

// run is a plan as it goes.
type run struct {
	plan     Plan
	world    *world
	redis    *server
	nodes    []*node // nil while it is down
	lives    []int
	began    map[string]int64 // nodes, by name
	dead     []*node
	clients  []*client
	people   []*person
	records  []*record
	refs     map[check.Told]string
	faults   []*check.Fault
	underWay int
	counts   map[string]int
	closes   map[uint16]int
	taken    int
	renamed  int
	errors   []string
	follower follower
}

// simulate does what a plan says. It must be called inside a synctest bubble, with crypto/rand
// seeded. out takes the trace, unless it is nil.
func simulate(p Plan, out io.Writer) *Result {
	r := &run{plan: p, world: newWorld(p.Seed, out), counts: map[string]int{}, refs: map[check.Told]string{}, closes: map[uint16]int{},
		began: map[string]int64{}}
	r.world.trace.note("%d nodes, clients %v, keep %d, ring %d, rates %g %g", p.Nodes, p.Clients, p.Keep, p.Ring, p.FrameRate, p.MessageRate)
	began := time.Now()
	res := &Result{Plan: p, Counts: r.counts}
	if err := r.start(); err != nil {
		res.Failures = append(res.Failures, err.Error())
		return res
	}
	r.pass(warmUp)
	for i, f := range p.Faults {
		r.world.after(f.At, fmt.Sprintf("fault %d", i), func() { r.inject(f) })
	}
	r.pass(p.Chaos)
	res.Failures = append(res.Failures, r.settle()...)
	r.pass(settleTime)
	res.Failures = append(res.Failures, r.leaks()...)
	res.History = r.history()
	res.Failures = append(res.Failures, r.end()...)
	res.Report = check.Check(res.History)
	for _, v := range res.Report.Verdicts {
		for _, x := range v.Violations {
			res.Failures = append(res.Failures, x.String())
		}
	}
	res.Failures = append(res.Failures, r.errors...)
	res.Sum, res.Steps, res.Virtual = r.world.trace.sum.Sum64(), r.world.steps, time.Since(began)
	return res
}

func (r *run) count(what string) { r.counts[what]++ }

func (r *run) start() (err error) {
	if r.redis, err = newServer(r.world); err != nil {
		return err
	}
	r.redis.save()
	r.nodes, r.lives = make([]*node, r.plan.Nodes), make([]int, r.plan.Nodes)
	for i := range r.plan.Nodes {
		r.startNode(i)
	}
	r.follower.follow(r)
	for _, i := range r.plan.Clients {
		// Every fourth person has two clients.
		if i%4 == 3 && len(r.people) > 0 {
			r.clients = append(r.clients, newClient(r, fmt.Sprintf("c%d", i), r.people[len(r.people)-1], r.plan.Seed<<8+uint64(i)))
		} else {
			p := &person{name: fmt.Sprintf("p%d", i)}
			r.people = append(r.people, p)
			r.clients = append(r.clients, newClient(r, fmt.Sprintf("c%d", i), p, r.plan.Seed<<8+uint64(i)))
		}
	}
	for _, c := range r.clients {
		c.during(gatherTime, "arrives", c.arrive)
	}
	return nil
}

func (r *run) startNode(i int) {
	r.lives[i]++
	name := fmt.Sprintf("%c.%d", 'a'+i, r.lives[i])
	r.began[name] = now()
	n, err := startNode(r.world, r.redis, name, r.plan, &r.errors)
	if err != nil {
		r.errors = append(r.errors, err.Error())
		return
	}
	r.nodes[i] = n
}

// pass lets time pass.
func (r *run) pass(d time.Duration) {
	r.world.run(time.Now().Add(d), func() bool { return false })
}

// open are the nodes that a client finds.
func (r *run) open() []*node {
	return slices.DeleteFunc(slices.Clone(r.nodes), func(n *node) bool { return n == nil || n.leaving || n.paused })
}

// links are those of all nodes, the dying ones' too.
func (r *run) links() (all []*link) {
	for _, n := range r.nodes {
		if n != nil {
			all = append(all, n.link)
		}
	}
	for _, n := range r.dead {
		all = append(all, n.link)
	}
	return all
}

func (r *run) someone(of *rand.Rand) *person { return r.people[of.IntN(len(r.people))] }

// rename makes a person another one, who was never here: the token was in an answer that was
// lost.
func (r *run) rename(c *client) {
	r.renamed++
	c.person.name = fmt.Sprintf("%s~%d", c.person.name, r.renamed)
	for _, other := range r.clients {
		if other.person == c.person {
			other.since, other.dmSince, other.taken, other.unacked = check.None, check.None, 0, nil
			if other.socket != nil {
				other.leave(false)
			}
		}
	}
}

func (r *run) newRecord(c *client, n *node) *record {
	rec := &record{refs: r.refs, Connection: check.Connection{Number: len(r.records) + 1, Client: c.person.name, Node: n.name,
		Since: c.since, DMSince: c.dmSince, Opened: now()}}
	r.records = append(r.records, rec)
	return rec
}

// settle has everybody finish, and says what did not come to its end in time.
func (r *run) settle() (late []string) {
	for _, c := range r.clients {
		c.hush()
	}
	tell := func(c *client, what string) {
		late = append(late, fmt.Sprintf("late: %s (%s) %s", c.label, c.person.name, what))
	}
	unsettled := func(c *client) bool { return !c.settled() }
	if !r.world.run(time.Now().Add(quietLimit), func() bool { return r.underWay == 0 && !slices.ContainsFunc(r.clients, unsettled) }) {
		for _, c := range r.clients {
			if !c.settled() {
				tell(c, fmt.Sprintf("opened %v, joined %v, waits for %d answers", c.opened, c.joined, len(c.unacked)))
			}
		}
		return late
	}
	newest := func(key string) int64 {
		scores, _ := r.redis.mini.SortedSet(key) // none: 0
		var last float64
		for _, score := range scores {
			last = max(last, score)
		}
		return int64(last)
	}
	behind := func(c *client) bool {
		return c.since < newest(publicKey) || c.dmSince < newest(inboxPrefix+c.person.name)
	}
	r.clients[0].speak()
	if !r.world.run(time.Now().Add(fenceLimit), func() bool {
		return !slices.ContainsFunc(r.clients, unsettled) && !slices.ContainsFunc(r.clients, behind)
	}) {
		for _, c := range r.clients {
			if behind(c) || !c.settled() {
				tell(c, fmt.Sprintf("has %d of %d, and %d of %d direct; joined %v, waits for %d answers", c.since, newest(publicKey),
					c.dmSince, newest(inboxPrefix+c.person.name), c.joined, len(c.unacked)))
			}
		}
	}
	return late
}

// leaks says which actors there are that should not be, or are not that should.
func (r *run) leaks() (wrong []string) {
	for _, n := range r.nodes {
		if n == nil {
			continue
		}
		names := map[string]bool{}
		for _, c := range r.clients {
			if c.socket != nil && c.socket.node == n && c.joined {
				names[c.person.name] = true
			}
		}
		is := map[actors.Kind]int{}
		for _, a := range n.chat.Actors() {
			is[a.Kind]++
		}
		want := map[actors.Kind]int{actors.KindChat: 1, actors.KindBridge: 1, actors.KindRoom: 1, actors.KindDMs: 1, actors.KindSessions: 1,
			actors.KindSession: len(n.sockets), actors.KindDM: len(names)}
		for _, kind := range kinds {
			if is[kind] != want[kind] {
				wrong = append(wrong, fmt.Sprintf("leak: %s has %d of kind %s, not %d", n.name, is[kind], kind, want[kind]))
			}
		}
	}
	return wrong
}

func (r *run) history() *check.History {
	h := &check.History{End: now(), Logs: r.follower.logs(),
		Held: check.Held{Public: r.plan.Ring, Inbox: r.plan.Ring, Journal: journalRings * r.plan.Ring}}
	h.Logs.Keep, h.Refs, h.Began = r.plan.Keep, r.refs, r.began
	for _, rec := range r.records {
		rec.stall(false)
		h.Connections = append(h.Connections, &rec.Connection)
	}
	for _, f := range r.faults {
		h.Faults = append(h.Faults, *f)
	}
	return h
}

// end ends everything; the bubble waits for it.
func (r *run) end() (wrong []string) {
	for _, c := range r.clients {
		c.life++
		if c.socket != nil {
			c.socket.drop(true)
		}
	}
	for i, n := range r.nodes {
		if n != nil {
			r.nodes[i] = nil
			r.dead = append(r.dead, n)
			n.drain()
		}
	}
	if !r.world.run(time.Now().Add(endLimit), func() bool {
		return !slices.ContainsFunc(r.dead, func(n *node) bool { return !n.ended() })
	}) {
		wrong = append(wrong, "some node did not end")
	}
	r.redis.mini.Close()
	time.Sleep(lingerTime)
	return wrong
}

// follower reads the logs while they are written, for what is trimmed can't be judged later.
type follower struct {
	reader  logReader
	kept    map[check.Conversation]map[int64]check.Entry // as last read; the public log's is of nobody
	trimmed map[check.Conversation]map[int64]check.Entry
	newest  int64        // the newest public message that was seen
	unseen  []check.Span // between two looks public messages came and were trimmed
}

func (f *follower) follow(r *run) {
	if f.kept == nil {
		f.reader = logReader{mini: r.redis.mini, seen: map[string]check.Entry{}}
		f.kept, f.trimmed = map[check.Conversation]map[int64]check.Entry{}, map[check.Conversation]map[int64]check.Entry{}
	}
	f.read(false)
	r.world.after(followInterval, "follow", func() { f.follow(r) })
}

// read takes the logs as they are. What is gone since the last time was trimmed, unless it is lost.
func (f *follower) read(isLost bool) check.Logs {
	logs := f.reader.read()
	for of, entries := range trimmable(logs) {
		kept := make(map[int64]check.Entry, len(entries))
		for _, e := range entries {
			kept[e.ID] = e
		}
		if f.trimmed[of] == nil {
			f.trimmed[of] = map[int64]check.Entry{}
		}
		floor := trimmed(f.reader.mini, logKey(of))
		for id, e := range f.kept[of] {
			if _, still := kept[id]; !still && !isLost && id <= floor {
				f.trimmed[of][id] = e
			}
		}
		f.kept[of] = kept
	}
	if floor := trimmed(f.reader.mini, publicKey); floor > f.newest && !isLost {
		f.unseen = append(f.unseen, check.Span{Start: f.newest + 1, End: floor})
	}
	for _, e := range logs.Public {
		f.newest = max(f.newest, e.ID)
	}
	return logs
}

// trimmable are the logs that HISTORY_KEEP is for.
func trimmable(logs check.Logs) map[check.Conversation][]check.Entry {
	all := maps.Clone(logs.Conversations)
	all[check.Conversation{}] = logs.Public
	return all
}

func logKey(of check.Conversation) string {
	if of.From == "" {
		return publicKey
	}
	return dialoguePrefix + of.From + ":" + of.To
}

// over notes what is lost when the Redis loses data: what was in a log until then, and is not
// any more, was not trimmed.
func (f *follower) over(loss func()) {
	f.read(false)
	loss()
	for of := range f.kept {
		f.kept[of] = nil
	}
	f.read(true)
}

// logs are those that the Redis holds, with what was trimmed from them.
func (f *follower) logs() check.Logs {
	logs := f.read(false)
	logs.Unseen = f.unseen
	for of, gone := range f.trimmed {
		kept := make(map[int64]check.Entry, len(gone)+len(f.kept[of]))
		for id, e := range gone {
			e.Trimmed = true
			kept[id] = e
		}
		maps.Copy(kept, f.kept[of])
		all := make([]check.Entry, 0, len(kept))
		for _, id := range slices.Sorted(maps.Keys(kept)) {
			all = append(all, kept[id])
		}
		if of.From == "" {
			logs.Public = all
		} else {
			logs.Conversations[of] = all
		}
	}
	return logs
}
