package redisbridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	// keptClaimLife is how long a claim on a name lasts after its last use, if its holder
	// has shown the token again; claimLife for others: they may be anybody's whim.
	keptClaimLife = 30 * 24 * time.Hour
	claimLife     = 24 * time.Hour
	// claimBatch is how many claims one pipeline decides.
	claimBatch = 256
	// claimLimit is how many may wait; more are refused.
	claimLimit = 16384
	// conversationLimit is how many conversations a join is told of.
	conversationLimit = 100
)

// expireClaims refuses those that have waited too long, and the oldest where they are too many.
func (b *bridge) expireClaims(now time.Time) {
	for _, m := range b.claims.overdue(now, claimLimit, func(m *actors.Claim) time.Time { return m.Until }) {
		b.send(m.To, &actors.Claimed{Op: m.Op, Code: protocol.CodeUnavailable})
	}
}

// grant decides the next claims.
func (b *bridge) grant(now time.Time) {
	c := &b.claims
	if !c.free(now) || len(c.line) == 0 {
		return
	}
	batch := c.take(claimBatch)
	var claimed []*actors.Claimed
	doubt, _ := b.store.lease.doubted()
	b.run(&c.lane, len(batch), func(ctx context.Context) (err error) {
		claimed, err = b.store.claim(ctx, batch)
		return err
	}, func(err error) {
		if now, _ := b.store.lease.doubted(); err != nil || now != doubt {
			c.putBack(batch) // asking twice is harmless
			return
		}
		for i, m := range batch {
			if claimed[i] == nil {
				c.ask(m) // somebody was faster: ask again
				continue
			}
			b.send(m.To, claimed[i])
		}
	})
}

// place is one of the keys that a claim on a name takes, for it has a form or two.
type place struct {
	of       int // the claim in its batch
	key      string
	pair     bool             // the claim takes two
	spelling *redis.StringCmd // of who has it
	present  *redis.BoolCmd
	verdict  *redis.Cmd
}

// claim decides a batch; nil is given for those that have to be asked again. Claim and presence
// live in different slots, so presence is read first, for the spelling that the claim then must
// still have.
func (s *Store) claim(ctx context.Context, batch []*actors.Claim) ([]*actors.Claimed, error) {
	var places []place
	pipe := s.client.Pipeline()
	for i, m := range batch {
		keys := claimKeys(m.Name)
		for _, key := range keys {
			places = append(places, place{of: i, key: key, pair: len(keys) > 1, spelling: pipe.HGet(ctx, key, "spelling")})
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	waits, newest := make([]*redis.IntCmd, len(batch)), make([]*redis.ZSliceCmd, len(batch))
	for i := range places {
		places[i].present = pipe.SIsMember(ctx, onlineKey, places[i].spelling.Val())
	}
	asOf := pipe.Time(ctx)
	for i, m := range batch {
		waits[i] = pipe.Exists(ctx, waitingKey(logKey(actors.Inbox(m.Name))))
		newest[i] = pipe.ZRevRangeWithScores(ctx, logKey(actors.Inbox(m.Name)), 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	decide := func(verdicts [][]string, places []place, look bool) error {
		for i, p := range places {
			m := batch[p.of]
			since := max(s.lifted(), newestOf(newest[p.of])) // ids may be ahead of the clock
			places[i].verdict = claimScript.EvalSha(ctx, pipe, []string{p.key},
				m.Name, hashOf(m.Proof), hashOf(m.Fresh), flag(p.present.Val()), flag(m.Signed),
				actors.Grace.Microseconds(), s.nameHold.Microseconds(), p.spelling.Val(),
				claimLifeOf(true), claimLifeOf(false), flag(waits[p.of].Val() > 0), since, flag(look), asOf.Val().UnixMicro())
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		for _, p := range places {
			verdict, err := p.verdict.StringSlice()
			if err != nil {
				return err
			}
			verdicts[p.of] = worse(verdicts[p.of], verdict)
		}
		return nil
	}
	// Of two places none is taken unless both can be: or whoever asks for MarIa in vain, beside
	// Maria, would keep Marla out.
	looked, verdicts := make([][]string, len(batch)), make([][]string, len(batch))
	if pairs := slices.DeleteFunc(slices.Clone(places), func(p place) bool { return !p.pair }); len(pairs) > 0 {
		if err := decide(looked, pairs, true); err != nil {
			return nil, err
		}
	}
	places = slices.DeleteFunc(places, func(p place) bool {
		refused := looked[p.of] != nil && (looked[p.of][0] == "taken" || looked[p.of][0] == "again")
		if refused {
			verdicts[p.of] = looked[p.of]
		}
		return refused
	})
	if len(places) > 0 {
		if err := decide(verdicts, places, false); err != nil {
			return nil, err
		}
	}
	return s.claimed(ctx, batch, verdicts)
}

// worse is the verdict on a name whose places have these: it is its holder's only if all are.
func worse(a, b []string) []string {
	if a == nil || b[0] == "again" || b[0] == "taken" && a[0] != "again" {
		return b
	}
	return a
}

// claimLifeOf is the life of a claim in seconds.
func claimLifeOf(kept bool) int64 {
	if kept {
		return int64(keptClaimLife.Seconds())
	}
	return int64(claimLife.Seconds())
}

// claimed makes answers of the script's verdicts, with the holders' conversations.
func (s *Store) claimed(ctx context.Context, batch []*actors.Claim, verdicts [][]string) ([]*actors.Claimed, error) {
	claimed := make([]*actors.Claimed, len(batch))
	peers, rooms := make([]*redis.ZSliceCmd, len(batch)), make([]*redis.ZSliceCmd, len(batch))
	var held []actors.HeldClaim
	pipe := s.client.Pipeline()
	for i, m := range batch {
		verdict := verdicts[i]
		switch verdict[0] {
		case "again":
			continue
		case "taken":
			claimed[i] = &actors.Claimed{Op: m.Op, Code: protocol.CodeNameTaken}
			continue
		}
		c := &actors.Claimed{Op: m.Op, Token: m.Proof, Kept: verdict[0] == "kept"}
		if !c.Kept {
			c.Token = m.Fresh
		}
		if m.Signed {
			c.Token, c.Kept = "", false // the signed identity is the proof
		}
		c.Since, _ = strconv.ParseInt(verdict[1], 10, 64)
		c.Refs, _ = strconv.ParseInt(verdict[2], 10, 64)
		claimed[i] = c
		if c.Kept {
			held = append(held, actors.HeldClaim{Name: m.Name, Token: c.Token, Since: c.Since, Refs: c.Refs, Kept: true, Address: m.Address})
		}
		peers[i] = pipe.ZRevRangeByScoreWithScores(ctx, peersKey(m.Name), &redis.ZRangeBy{
			Min: "(" + verdict[1], Max: "+inf", Count: conversationLimit,
		})
		if verdict[0] == "fresh" { // where a former holder was is not told
			pipe.Del(ctx, roomsPrefix+m.Name)
		}
		rooms[i] = pipe.ZRevRangeWithScores(ctx, roomsPrefix+m.Name, 0, visitKeep-1)
		pipe.Expire(ctx, logKey(actors.Inbox(m.Name)), inboxLife)
		pipe.Expire(ctx, peersKey(m.Name), inboxLife)
		pipe.Del(ctx, waitingKey(logKey(actors.Inbox(m.Name))))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	// Whether the address has a place for it is not the holder's worry now.
	if _, err := s.vouch(ctx, held); err != nil {
		return nil, err
	}
	for i, p := range peers {
		if p == nil {
			continue
		}
		for _, z := range p.Val() {
			peer, _ := z.Member.(string)
			claimed[i].Conversations = append(claimed[i].Conversations, protocol.Conversation{Peer: peer, ID: int64(z.Score)})
		}
		for _, z := range rooms[i].Val() {
			room, _ := z.Member.(string)
			claimed[i].Rooms = append(claimed[i].Rooms, protocol.Place{Room: room, Cursor: int64(z.Score)})
		}
	}
	return claimed, nil
}

// hashOf is what Redis keeps of a token: it is random, so a plain hash will do.
func hashOf(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
