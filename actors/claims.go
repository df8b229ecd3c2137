package actors

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/actors/engine"
	"parley/actors/protocol"
)

const (
	// formerLimit and formerAge are how many claims of connections that ended are
	// remembered, and how long: should Redis lose them, who comes back with the token has
	// the name as it was. Of who comes later nobody knows any more than of anybody else.
	formerLimit = 4096
	formerAge   = 10 * time.Minute
)

// claim is what a connection keeps of its claim on a name; the rest of a HeldClaim it knows
// anyway.
type claim struct {
	name, token string
	since, refs int64
	kept        bool
}

// heldClaim gives the claim that the connection has on its name, if it has one.
func (c *Connection) heldClaim() (held HeldClaim, has bool) {
	claim := c.claim.Load()
	if claim == nil {
		return HeldClaim{}, false
	}
	return HeldClaim{
		Session: c.pid, Name: claim.name, Token: claim.token, Signed: c.resume.Name != "",
		Since: claim.since, Refs: claim.refs, Kept: claim.kept, Address: c.resume.Address,
	}, true
}

// former are the claims that ended connections of this node had.
type former struct {
	mu     sync.Mutex
	claims engine.Ring[HeldClaim]
}

func (f *former) note(c HeldClaim, now time.Time) {
	c.Session, c.Left = nil, now
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	if f.claims.Len() == formerLimit {
		f.claims.Pop()
	}
	f.claims.Push(c)
}

func (f *former) forget(now time.Time) {
	for f.claims.Len() > 0 && now.Sub(f.claims.At(0).Left) > formerAge {
		f.claims.Pop()
	}
	if f.claims.Len() == 0 {
		f.claims.Shrink(0)
	}
}

func (f *former) all(now time.Time) []HeldClaim {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	all := make([]HeldClaim, f.claims.Len())
	for i := range all {
		all[i] = f.claims.At(i)
	}
	return all
}

// claims gives every claim that a connection of this node has, or had of late. Those of the
// living come first: the first of a name that Redis lacks is the one that counts.
func (c *Chat) claims(now time.Time) []HeldClaim {
	var held []HeldClaim
	for _, conn := range c.liveConnections() {
		if claim, has := conn.heldClaim(); has {
			held = append(held, claim)
		}
	}
	return append(held, c.former.all(now)...)
}

// departuresKept is for how long a room or a bridge may have died with the news that somebody
// left: until a room has lived for the grace it can't say which names are all.
const departuresKept = time.Minute

// leftOfLate gives the names whose last connection here has ended of late, and when.
func (c *Chat) leftOfLate(now time.Time) []Departure {
	last := map[string]time.Time{}
	note := func(name string, at time.Time) {
		if at.After(last[name]) && now.Sub(at) < departuresKept {
			last[name] = at
		}
	}
	for _, conn := range c.liveConnections() {
		if claim := conn.claim.Load(); claim != nil && conn.is(closed) {
			note(claim.name, time.Unix(0, conn.left))
		}
	}
	for _, claim := range c.former.all(now) {
		note(claim.Name, claim.Left)
	}
	held := c.names()
	var gone []Departure
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if !held[name] {
			gone = append(gone, Departure{name, last[name]})
		}
	}
	return gone
}

// names gives those that open connections of this node have a claim on.
func (c *Chat) names() map[string]bool {
	names := map[string]bool{}
	for _, conn := range c.liveConnections() {
		if claim := conn.claim.Load(); claim != nil && !conn.is(closed) {
			names[claim.name] = true
		}
	}
	return names
}

// lost ends a connection whose name is somebody else's now: it hears nothing more, and what
// it has said and waits is not stored.
func (s *session) lost() {
	st := &s.conn.state
	if s.conn.claim.Swap(nil) == nil {
		return // the name was never used
	}
	st.op = nil
	st.outbox = outbox{seq: st.outbox.seq}
	s.chat.metrics.NamesLost.Inc()
	s.conn.hangUp(protocol.CloseNameLost, "the name is somebody else's now")
}
