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
	if b.link.current != nil && b.link.current.carries(m.Log) {
		b.send(m.To, &actors.Linked{})
		return
	}
	b.link.changed[m.Log] = struct{}{}
}

func (b *bridge) unsubscribe(m *actors.Unsubscribe) {
	if to := b.link.subscribers[m.Log]; to != nil && to.Equal(m.To) {
		delete(b.link.subscribers, m.Log)
		b.link.changed[m.Log] = struct{}{}
	}
}

// relay hands an event to its log's subscriber. What is appended to an inbox is not told while
// the lease is over: the name may be somebody else's, and the log has it.
func (b *bridge) relay(log actors.Log, event any) {
	if m, ok := event.(*actors.Appended); ok {
		if n := len(m.Entries); n > 0 {
			b.store.seen.heard(log, m.Entries[n-1].ID, time.Now())
			if kindOf(log).crowded {
				b.appenders[publicLane].pace.heard(time.Now(), m)
				b.store.journal.heard(m.Entries[n-1].ID)
			}
		}
		if log.Private() && !b.store.lease.lasts(time.Now()) {
			b.fenced = true
			return
		}
	}
	b.tell(log, event)
}

func (b *bridge) tell(log actors.Log, message any) {
	if to := b.link.subscribers[log]; to != nil {
		b.send(to, message)
	}
}

// confirmed tells a subscriber that its events flow, when the last of its channels does. A
// channel that was given up and asked for again is confirmed twice: so it is told again.
func (b *bridge) confirmed(channel string) {
	l := b.link.current
	if _, asked := l.channels[channel]; !asked {
		return
	}
	l.channels[channel] = true
	if log, _, ok := logOf(channel); ok && l.carries(log) {
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
	for _, log := range slices.SortedFunc(maps.Keys(l.changed), actors.Log.Compare) {
		switch want, asked := l.subscribers[log] != nil, current.asked(log); {
		case want && current.carries(log):
			b.tell(log, &actors.Linked{})
		case want && !asked:
			wanted = append(wanted, channels(log)...)
		case !want && asked:
			unwanted = append(unwanted, channels(log)...)
		}
	}
	for _, channel := range wanted {
		current.channels[channel] = false
	}
	for _, channel := range unwanted {
		delete(current.channels, channel)
	}
	clear(l.changed)
	if len(wanted)+len(unwanted) == 0 {
		return
	}
	b.run(&l.lane, len(wanted)+len(unwanted), func(ctx context.Context) error {
		ctx = onLink(ctx)
		for some := range slices.Chunk(wanted, subscribeBatch) {
			if err := current.pubsub.Subscribe(ctx, some...); err != nil {
				return err
			}
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
