package redisbridge

import (
	"context"
	"errors"
	"strings"
	"time"
)

// publish sends this node the next probe when it is due: every probeInterval, and while Redis
// is unreachable as often as failed work is repeated. What comes back shows that messages go
// round. It is also how the bridge learns that Redis answers again, and which Redis.
func (b *bridge) publish(now time.Time) {
	if !b.probe.free(now) {
		return
	}
	client, channel := b.store.client, probePrefix+b.store.node
	wasReachable := b.reachable
	b.run(&b.probe, 1, func(ctx context.Context) error {
		if !wasReachable {
			if err := loadScripts(ctx, client); err != nil {
				return err
			}
		}
		return client.Publish(ctx, channel, "").Err()
	}, b.probed)
}

func (b *bridge) probed(err error) {
	now := time.Now()
	if err == nil {
		b.probe.until = now.Add(probeInterval)
		if !b.reachable {
			b.reachable, b.store.silent = true, false
			b.presence.renewed = time.Time{} // nothing is said without the lease
			b.store.log.Info().Msg("redis answers")
		}
		return
	}
	b.reachable = false
	b.store.health.fail(reasonOf(err))
	switch {
	case b.store.pending():
		b.accept(now)
		b.probe.until = time.Time{}
	case !certainlyNotDone(err) && b.store.client.PoolStats().IdleConns > 0:
		// A connection that was left over broke, and there are more: the library sees by itself
		// only of plain ones that they have ended. Each probe takes one out.
		b.probe.until = time.Time{}
	}
}

// accept goes on with another Redis, or one that has begun anew: everybody hands
// back what it may lack before anything else is asked of it.
func (b *bridge) accept(now time.Time) {
	if !b.store.accept(now) {
		return
	}
	b.store.log.Warn().Msg("redis has begun anew: writing back what it may lack")
	b.link.close()
	b.presence.redeclare()
	b.gatherer.redeclare()
	b.presence.renewed = time.Time{}
	b.store.lease.doubt()
	b.changed()
}

// reasonOf says why Redis does not do what it should, without what an error may
// quote.
func reasonOf(err error) string {
	switch {
	case isReply(err):
		return "redis refuses: " + replyKind(err)
	case errors.Is(err, errAnotherRedis):
		return "redis has begun anew"
	default:
		return "redis does not answer"
	}
}

// kindOutOfMemory is how Redis answers writes beyond its maxmemory.
const kindOutOfMemory = "OOM"

// otherKind is any error of which only the text is special.
const otherKind = "ERR"

// replyKind is the first word of a reply that is an error: its kind.
func replyKind(err error) string {
	text := err.Error()
	for _, kind := range []string{"NOAUTH", "WRONGPASS", "LOADING", "READONLY", kindOutOfMemory, "MISCONF", "NOSCRIPT", "MASTERDOWN", "BUSY", "NOPERM", "WRONGTYPE"} {
		if strings.Contains(text, kind) {
			return kind
		}
	}
	return otherKind
}

// refusalInterval is how often a refusal that concerns one key only is logged at most.
const refusalInterval = time.Minute

// refused notes that Redis refused something, in one line for each change of state: a
// server without memory refuses everything that everybody says.
func (b *bridge) refused(l *lane, kind string) {
	switch kind {
	case otherKind, "WRONGTYPE", "NOSCRIPT": // of what was asked, not of the server
		if now := time.Now(); now.Sub(b.grumbled) >= refusalInterval {
			b.grumbled = now
			b.store.log.Warn().Str("lane", l.name).Str("error", kind).Msg("redis refused")
		}
	default:
		if b.store.health.refuse(kind) {
			b.store.log.Warn().Str("lane", l.name).Str("error", kind).Msg("redis refuses")
		}
	}
}

// takesWrites notes that Redis took a write.
func (b *bridge) takesWrites() {
	if b.store.health.refuse("") {
		b.store.log.Info().Msg("redis takes writes again")
	}
}
