package redisbridge

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/limit"
	"parley/actors/protocol"
)

const (
	// vouchInterval is how often the claims of those who are connected are renewed: far
	// more often than a claim may end, and seldom enough to cost nothing.
	vouchInterval = 10 * time.Minute
	// vouchPatience is how long the parent may take to say which claims there are; then
	// it is asked again, for it may have died.
	vouchPatience = time.Second
	// defaultHeldNames is how many names an address may hold unless a setting says so: a
	// family's, and too few to collect.
	defaultHeldNames = 5
	// longestHold bounds NAME_HOLD: a claim is kept no longer.
	longestHold = keptClaimLife
)

// voucher looks after the claims of this node: it renews them while somebody is
// connected, writes back those that Redis has lost, and finds those that were lost to
// somebody else, whose sessions must neither read nor speak any more.
type voucher struct {
	lane
	asked  time.Time // when the parent was asked which claims there are
	claims *actors.Claims
}

// vouch renews the claims when it is time, or when the lease had lapsed.
func (b *bridge) vouch(now time.Time) {
	v := &b.vouches
	doubt, settled := b.store.lease.doubted()
	if !v.free(now) || settled && now.Before(b.store.lease.nextVouch()) {
		return
	}
	if v.claims == nil {
		if now.Sub(v.asked) >= vouchPatience {
			v.asked = now
			b.send(b.parent, &actors.ReadClaims{Doubt: doubt})
		}
		return
	}
	claims := v.claims
	v.claims, v.asked = nil, time.Time{}
	if claims.Doubt != doubt {
		b.vouch(now) // it lapsed again meanwhile: the answer may be older than that
		return
	}
	var verdicts []vouched
	b.run(&v.lane, len(claims.Held), func(ctx context.Context) (err error) {
		verdicts, err = b.store.vouch(ctx, claims.Held)
		return err
	}, func(err error) {
		if err != nil {
			return // all again
		}
		now, again := time.Now(), vouchInterval
		for i, c := range claims.Held {
			if verdicts[i].lost && c.Session != nil {
				b.forsake(c.Session, now)
				again = vouchPatience // a session may die with that in hand
			}
		}
		b.store.lease.settle(doubt, now.Add(again))
		b.unfence()
	})
}

// forsake ends a session whose claim is lost: nothing that it said and that waits is stored.
func (b *bridge) forsake(session *actor.PID, now time.Time) {
	b.store.forsaken[session.Id] = now
	b.send(session, &actors.ClaimLost{})
}

// grantHolds holds names, for a time after their last connection, for those who keep their
// tokens.
func (b *bridge) grantHolds(now time.Time) {
	serve(b, &b.holds, claimBatch, now, func(ctx context.Context, holds []*actors.Hold) ([]vouched, error) {
		claims := make([]actors.HeldClaim, len(holds))
		for i, m := range holds {
			claims[i] = m.Claim
		}
		return b.store.vouch(ctx, claims)
	}, func(m *actors.Hold, v vouched) {
		switch {
		case v.lost:
			b.forsake(m.Claim.Session, time.Now())
		case v.wait > 0:
			b.send(m.Claim.Session, &actors.Held{Op: m.Op, Retry: v.wait, Code: protocol.CodeRateLimited})
		default:
			b.send(m.Claim.Session, &actors.Held{Op: m.Op})
		}
	})
}

// expireHolds refuses those that have waited too long, and the oldest where they are too many.
func (b *bridge) expireHolds(now time.Time) {
	for _, m := range b.holds.overdue(now, claimLimit, func(m *actors.Hold) time.Time { return m.Until }) {
		b.send(m.Claim.Session, &actors.Held{Op: m.Op, Code: protocol.CodeUnavailable})
	}
}

// unfence tells the inboxes to read what they were not told while the lease was over.
// It comes after those who may not read it have been told so.
func (b *bridge) unfence() {
	if !b.fenced {
		return
	}
	b.fenced = false
	for _, log := range slices.SortedFunc(maps.Keys(b.link.subscribers), actors.Log.Compare) {
		if log.Private() {
			b.send(b.link.subscribers[log], &actors.Linked{})
		}
	}
}

// vouched is what became of a claim: it is somebody else's, or how long it is until the
// address may hold another name.
type vouched struct {
	lost bool
	wait time.Duration
}

// vouch renews claims.
func (s *Store) vouch(ctx context.Context, claims []actors.HeldClaim) ([]vouched, error) {
	verdicts := make([]vouched, 0, len(claims))
	for batch := range slices.Chunk(claims, claimBatch) {
		wait, err := s.hold(ctx, batch)
		if err != nil {
			return nil, err
		}
		held := make([][]*redis.Cmd, len(batch))
		_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, c := range batch {
				for _, key := range claimKeys(c.Name) {
					held[i] = append(held[i], vouchScript.EvalSha(ctx, pipe, []string{key},
						c.Name, hashOf(c.Token), c.Since, flag(c.Signed), sinceThen(c.Left).Microseconds(),
						flag(c.Kept), flag(c.Kept && wait[i] == 0), claimLifeOf(c.Kept || c.Signed), c.Refs))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i := range batch {
			lost := slices.ContainsFunc(held[i], func(cmd *redis.Cmd) bool { n, err := cmd.Int(); return err == nil && n == 0 })
			verdicts = append(verdicts, vouched{lost: lost, wait: wait[i]})
		}
	}
	return verdicts, nil
}

// sinceThen is how long ago something was; 0 for what is not over.
func sinceThen(at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return time.Since(at)
}

// hold takes a place of each kept claim's address, or keeps the one it has, and gives how
// long those have to wait for whom there is none.
func (s *Store) hold(ctx context.Context, claims []actors.HeldClaim) ([]time.Duration, error) {
	places := make([]*redis.Cmd, len(claims))
	pipe := s.client.Pipeline()
	for i, c := range claims {
		most := s.heldNames(c.Address)
		if !c.Kept || c.Signed || most == 0 {
			continue
		}
		places[i] = holdScript.EvalSha(ctx, pipe, []string{heldKey(limit.Site(c.Address))},
			protocol.Fold(c.Name), most, s.nameHold.Microseconds())
	}
	wait := make([]time.Duration, len(claims))
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	for i, place := range places {
		if place != nil {
			ms, _ := place.Int64()
			wait[i] = time.Duration(ms) * time.Millisecond
		}
	}
	return wait, nil
}

// heldNames is how many names an address may hold, 0 for any number.
func (s *Store) heldNames(addr netip.Addr) int {
	switch {
	case !addr.IsValid():
		return 0
	case s.heldNamesPerIP != nil:
		return *s.heldNamesPerIP
	case addr.IsLoopback():
		return 0 // a stranger has no loopback address
	}
	return defaultHeldNames
}
