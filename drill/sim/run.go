package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"parley/drill/check"
	"parley/drill/check/linear"
	"parley/drill/witness"
)

const (
	// gatherTime is how long people take to arrive, warmUp how long they talk before anything
	// breaks.
	gatherTime = time.Second
	warmUp     = 3 * time.Second
	// settleTime is waited at the end, so that presence can be seen to be true.
	settleTime = 8 * time.Second
)

// Result is what came of a run.
type Result struct {
	Plan     Plan
	Failures []string // one line each; none: all promises held
	Counts   map[string]int
	Report   *check.Report
	Second   *linear.Result
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
	rivals   []*client // of those that want one name one can be there at the end
	people   []*person
	records  []*record
	refs     map[check.Told]string
	faults   []*check.Fault
	underWay int
	counts   map[string]int
	renamed  int
	errors   []string
	follower follower
}

// simulate does what a plan says. It must be called inside a synctest bubble, with crypto/rand
// seeded. out takes the trace, unless it is nil.
func simulate(p Plan, out io.Writer) *Result {
	r := &run{plan: p, world: newWorld(p.Seed, out), counts: map[string]int{}, refs: map[check.Told]string{}, began: map[string]int64{}}
	r.world.trace.note("%d nodes, %d rooms, clients %v and %d rivals, %v flood, keep %d, ring %d, rates %g %g %g, texts of %d", p.Nodes, p.Rooms, p.Clients, p.Rivals,
		p.Flooders, p.Keep, p.Ring, p.FrameRate, p.MessageRate, p.ConversationRate, p.MaxText)
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
	res.Failures = append(res.Failures, r.errors...)
	res.Sum, res.Steps, res.Virtual = r.world.trace.sum.Sum64(), r.world.steps, time.Since(began)
	time.Sleep(lingerTime)
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
	r.redis.look = r.follower.look
	for _, i := range r.plan.Clients {
		// Every fourth person has two clients.
		if i%4 == 3 && len(r.people) > 0 {
			r.clients = append(r.clients, newClient(r, fmt.Sprintf("c%d", i), r.people[len(r.people)-1], r.plan.Seed<<8+uint64(i)))
		} else {
			p := &person{name: fmt.Sprintf("p%d", i)}
			r.people = append(r.people, p)
			r.clients = append(r.clients, newClient(r, fmt.Sprintf("c%d", i), p, r.plan.Seed<<8+uint64(i)))
		}
		r.clients[len(r.clients)-1].floods = slices.Contains(r.plan.Flooders, i)
	}
	for i := range r.plan.Rivals {
		r.rivals = append(r.rivals, newRival(r, i))
	}
	for i := range min(prizes, r.plan.Rivals) {
		r.people = append(r.people, r.rivals[i].person) // others write to that name
	}
	for _, c := range r.all() {
		c.furnish(r.plan.rooms())
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

// all are the clients and the rivals.
func (r *run) all() []*client { return slices.Concat(r.clients, r.rivals) }

func (r *run) someone(of *rand.Rand) *person { return r.people[of.IntN(len(r.people))] }

// rename makes a person another one, who was never here: the token was in an answer that was
// lost.
func (r *run) rename(c *client) {
	r.renamed++
	c.person.name = fmt.Sprintf("%s~%d", c.person.name, r.renamed)
	for _, other := range r.clients {
		if other.person == c.person {
			other.since, other.dmSince, other.taken, other.unacked = check.None, check.None, 0, nil
			other.rooms.Forget()
			if other.socket != nil {
				other.leave(false)
			}
		}
	}
}

func (r *run) newRecord(c *client, n *node) *record {
	rec := &record{refs: r.refs, ear: witness.Ear{Client: c.person.name, Hash: hashOf}, Connection: check.Connection{Number: len(r.records) + 1, Client: c.person.name, Node: n.name,
		Since: c.since, DMSince: c.dmSince, Opened: now()}}
	r.records = append(r.records, rec)
	return rec
}

func (r *run) history() *check.History {
	h := &check.History{End: now(), Logs: r.follower.logs(),
		Held: check.Held{Public: r.plan.Ring, Inbox: r.plan.Ring, Journal: journalRings * r.plan.Ring,
			Room: r.plan.Ring, Rooms: journalRings * r.plan.Ring},
		Hold: nameHold.Microseconds()}
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
