package sim

import (
	"fmt"
	"slices"
	"time"

	"parley/actors"
	"parley/actors/engine"
	"parley/drill/rig"
	"parley/drill/witness"
)

const (
	// quietLimit is how long all may take, once nothing is broken any more, to be there, with
	// every answer: refusals come after 5 s, who does not read is hung up on after 30 s, and
	// reconnects add theirs.
	quietLimit = 60 * time.Second
	// fenceLimit is how long the last message may take to reach everybody.
	fenceLimit = 15 * time.Second
	// endLimit is how long everything may take to end.
	endLimit = time.Minute
	// lingerTime is for goroutines that the libraries keep a little longer than they are needed:
	// such as one for 10 ms after a timer, of 30 s at most, has told an actor that has ended.
	lingerTime = time.Minute
)

// settle has everybody finish, and says what did not come to its end in time.
func (r *run) settle() (late []string) {
	for _, c := range r.all() {
		c.hush()
	}
	tell := func(c *client, what string) {
		late = append(late, fmt.Sprintf("late: %s (%s) %s", c.label, c.person.name, what))
	}
	unsettled := func(c *client) bool { return !c.settled() }
	if !r.world.run(time.Now().Add(quietLimit), func() bool {
		return r.underWay == 0 && len(r.unclaimed()) == 0 && !slices.ContainsFunc(r.clients, unsettled)
	}) {
		for _, name := range r.unclaimed() {
			late = append(late, "late: nobody has got "+name)
		}
		for _, c := range r.clients {
			if !c.settled() {
				tell(c, fmt.Sprintf("opened %v, joined %v, waits for %d answers, in its rooms %v", c.opened, c.joined, len(c.unacked), c.rooms.Settled()))
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
		return c.since < newest(witness.PublicKey) || c.dmSince < newest(witness.InboxPrefix+c.person.name) ||
			slices.ContainsFunc(c.rooms, func(r *rig.Room) bool { return r.In && r.Cursor < newest(witness.RoomPrefix+rig.RoomKey(r.Name)) })
	}
	r.clients[0].speak()
	if !r.world.run(time.Now().Add(fenceLimit), func() bool {
		return !slices.ContainsFunc(r.clients, unsettled) && !slices.ContainsFunc(r.clients, behind)
	}) {
		for _, c := range r.clients {
			if behind(c) || !c.settled() {
				tell(c, fmt.Sprintf("has %d of %d, and %d of %d direct; joined %v, waits for %d answers", c.since, newest(witness.PublicKey),
					c.dmSince, newest(witness.InboxPrefix+c.person.name), c.joined, len(c.unacked)))
			}
		}
	}
	return late
}

// unclaimed are the names that rivals want and none has.
func (r *run) unclaimed() (names []string) {
	for i := range min(prizes, len(r.rivals)) {
		name := r.rivals[i].person.name
		if !slices.ContainsFunc(r.rivals, func(c *client) bool { return c.joined && c.person.name == name }) {
			names = append(names, name)
		}
	}
	return names
}

// leaks says which actors there are that should not be, or are not that should.
func (r *run) leaks() (wrong []string) {
	for _, n := range r.nodes {
		if n == nil {
			continue
		}
		names, rooms := map[string]bool{}, map[string]bool{}
		for _, c := range r.all() {
			if c.socket != nil && c.socket.node == n && c.joined {
				names[c.person.name] = true
				for _, r := range c.rooms {
					if r.In {
						rooms[rig.RoomKey(r.Name)] = true
					}
				}
			}
		}
		is := map[engine.Kind]int{}
		for _, a := range n.chat.Actors() {
			is[a.Kind]++
		}
		want := map[engine.Kind]int{actors.KindChat: 1, actors.KindBridge: 1, actors.KindRoom: 1 + len(rooms), actors.KindRooms: 1, actors.KindDMs: 1, actors.KindSessions: 1,
			actors.KindSession: len(n.sockets), actors.KindDM: len(names)}
		for _, kind := range kinds {
			if is[kind] != want[kind] {
				wrong = append(wrong, fmt.Sprintf("leak: %s has %d of kind %s, not %d", n.name, is[kind], kind, want[kind]))
			}
		}
	}
	return wrong
}

// end ends everything; the bubble waits for what lingers.
func (r *run) end() (wrong []string) {
	for _, c := range r.all() {
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
	return wrong
}
