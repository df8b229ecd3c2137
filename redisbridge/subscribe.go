package redisbridge

import (
	"context"
	"maps"
	"slices"
	"time"

	"parley/actors"
)

// subscribeBatch is how many channels one SUBSCRIBE names.
const subscribeBatch = 500

// Which logs are listened to, and who is told of what comes.

func (b *bridge) subscribe(m *actors.Subscribe) {
	b.link.subscribers[m.Log] = m.To
	channel := logKey(m.Log)
	if b.link.current != nil && b.link.current.channels[channel] {
		b.send(m.To, &actors.Linked{})
		return
	}
	b.link.changed[channel] = struct{}{}
}

func (b *bridge) unsubscribe(m *actors.Unsubscribe) {
	if to := b.link.subscribers[m.Log]; to != nil && to.Equal(m.To) {
		delete(b.link.subscribers, m.Log)
		b.link.changed[logKey(m.Log)] = struct{}{}
	}
}

// relay hands an event to its log's subscriber. That of an inbox is not told while the
// lease is over: the name may be somebody else's, and the log has it.
func (b *bridge) relay(m *actors.Appended) {
	if n := len(m.Entries); n > 0 {
		b.store.saw(m.Entries[n-1].ID)
		if m.Log == actors.Public {
			b.publics.pace.heard(time.Now(), m)
			b.store.journal.hear(m.Entries[n-1].ID)
			b.store.seenPublic.Store(max(b.store.seenPublic.Load(), m.Entries[n-1].ID))
		}
	}
	if m.Log.Private() && !b.store.lease.lasts(time.Now()) {
		b.fenced = true
		return
	}
	b.tell(m.Log, m)
}

func (b *bridge) tell(log actors.Log, message any) {
	if to := b.link.subscribers[log]; to != nil {
		b.send(to, message)
	}
}

// confirmed tells a subscriber that its events flow.
func (b *bridge) confirmed(channel string) {
	if _, asked := b.link.current.channels[channel]; asked {
		b.link.current.channels[channel] = true
	}
	switch log, ok := logOf(channel); {
	case channel == membersKey:
		b.tell(actors.Public, &actors.Linked{}) // the public channel was confirmed before
	case ok && log != actors.Public:
		b.tell(log, &actors.Linked{})
	}
}

// resubscribe asks on the link for the channels that are newly wanted, and ends
// those that no longer are.
func (b *bridge) resubscribe(now time.Time) {
	l := &b.link
	if l.current == nil || len(l.changed) == 0 || !l.free(now) {
		return
	}
	current := l.current
	var wanted, unwanted []string
	for _, channel := range slices.Sorted(maps.Keys(l.changed)) {
		log, _ := logOf(channel)
		_, asked := current.channels[channel]
		switch want := l.subscribers[log] != nil; {
		case want && asked && current.channels[channel]:
			b.tell(log, &actors.Linked{})
		case want && !asked:
			wanted = append(wanted, channel)
			current.channels[channel] = false
		case !want && asked && log != actors.Public:
			unwanted = append(unwanted, channel)
			delete(current.channels, channel)
		}
	}
	clear(l.changed)
	if len(wanted)+len(unwanted) == 0 {
		return
	}
	b.run(&l.lane, len(wanted)+len(unwanted), func(ctx context.Context) error {
		ctx = onLink(ctx)
		for len(wanted) > 0 {
			n := min(len(wanted), subscribeBatch)
			if err := current.pubsub.Subscribe(ctx, wanted[:n]...); err != nil {
				return err
			}
			wanted = wanted[n:]
		}
		if len(unwanted) > 0 {
			return current.pubsub.Unsubscribe(ctx, unwanted...)
		}
		return nil
	}, func(err error) {
		if err != nil && l.current == current {
			l.close() // the next link asks for all
		}
	})
}
