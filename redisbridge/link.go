package redisbridge

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/redis/go-redis/v9"

	"parley/actors"
)

// backlogLimit is how many events may wait in the bridge's mailbox; then the
// link's reader waits, so that Redis feels it and in the end cuts the link
// (client-output-buffer-limit pubsub), which is a hole like any other.
const backlogLimit = 1024

// linker keeps the Pub/Sub connection, which carries every subscription of this
// node. go-redis would subscribe again by itself, and lose silently what came in
// between: so a lost link is closed and another made, and each subscriber told.
type linker struct {
	lane
	subscribers map[actors.Log]*actor.PID
	current     *link
	changed     map[actors.Log]struct{} // logs that were asked for, or no longer are
}

// link is one connection's life.
type link struct {
	pubsub *redis.PubSub
	since  time.Time
	// channels that were asked for on this connection; true once confirmed.
	channels map[string]bool
	backlog  chan struct{} // a place for each event that the bridge has not handled
}

// asked says whether a log's channels were asked for on the link, and carries whether all
// are confirmed.
func (l *link) asked(log actors.Log) bool {
	_, asked := l.channels[logKey(log)]
	return asked
}

func (l *link) carries(log actors.Log) bool {
	return !slices.ContainsFunc(channels(log), func(channel string) bool { return !l.channels[channel] })
}

// linkEvent is what a link's reader tells: one of its fields is set, beside the log. A channel
// is confirmed, something happened, or the link is lost.
type linkEvent struct {
	link    *link
	channel string
	log     actors.Log
	event   any // *actors.Appended, *actors.Restored or *actors.PresenceChanged
	err     error
}

// errLinkLost ends what is asked of a link's connection once that is over.
var errLinkLost = errors.New("the link's connection has ended")

type onLinkKey struct{}

// onLink is for what is done on a link's connection as long as that lives. The library would
// make another by itself, and hold the lock of its PubSub while it dials and while that is
// greeted: whoever closed the link would wait for all that, and the bridge may not wait.
func onLink(ctx context.Context) context.Context { return context.WithValue(ctx, onLinkKey{}, true) }

// unlessLost makes no connection in place of a link's.
func unlessLost(dial Dial) Dial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if ctx.Value(onLinkKey{}) != nil {
			return nil, errLinkLost
		}
		return dial(ctx, network, addr)
	}
}

func newLinker() linker {
	return linker{subscribers: map[actors.Log]*actor.PID{}, changed: map[actors.Log]struct{}{}}
}

func (l *linker) close() {
	if l.current != nil {
		_ = l.current.pubsub.Close() // its reader ends with an error
		l.current = nil
	}
}

// relink makes a link if there is none. It is made whether Redis is reachable or
// not: its failure costs one attempt per pause.
func (b *bridge) relink(now time.Time) {
	l := &b.link
	if l.current != nil || !b.reachable || !l.free(now) {
		return
	}
	wanted := []string{probePrefix + b.store.node}
	for _, log := range slices.SortedFunc(maps.Keys(l.subscribers), actors.Log.Compare) {
		wanted = append(wanted, channels(log)...)
	}
	clear(l.changed)
	made := &link{channels: make(map[string]bool, len(wanted)), backlog: make(chan struct{}, backlogLimit)}
	for _, channel := range wanted {
		made.channels[channel] = false
	}
	client := b.store.client
	b.run(&l.lane, len(wanted), func(ctx context.Context) error {
		made.pubsub = client.Subscribe(ctx)
		dialing := ctx // the first alone
		for some := range slices.Chunk(wanted, subscribeBatch) {
			if err := made.pubsub.Subscribe(dialing, some...); err != nil {
				_ = made.pubsub.Close()
				return err
			}
			dialing = onLink(ctx)
		}
		// Whoever makes it may not live to hear of it.
		context.AfterFunc(ctx, b.guarded(func() { _ = made.pubsub.Close() }))
		return nil
	}, func(err error) {
		if err != nil {
			return
		}
		made.since = time.Now()
		l.current = made
		go b.guarded(func() { b.readLink(b.ctx, made) })()
	})
}

// readLink hands on what comes over a link, until it is lost. It waits while the
// bridge is behind.
func (b *bridge) readLink(ctx context.Context, l *link) {
	for {
		message, err := l.pubsub.Receive(onLink(ctx))
		if ctx.Err() != nil {
			return
		}
		e := &linkEvent{link: l, err: err}
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Kind != "subscribe" {
				continue
			}
			e.channel = m.Channel
		case *redis.Message:
			if !b.read(e, m) {
				continue
			}
		case *redis.Pong:
			continue
		}
		select {
		case l.backlog <- struct{}{}:
		case <-ctx.Done():
			return
		}
		b.send(b.self, e)
		if err != nil {
			return
		}
	}
}

// read puts a message from Redis into an event; false if the bridge need not know.
func (b *bridge) read(e *linkEvent, m *redis.Message) bool {
	log, members, ok := logOf(m.Channel)
	if ok {
		e.log, e.event = log, parseEvent(log, members, m.Payload)
	} else if m.Channel == probePrefix+b.store.node {
		b.store.health.hear(time.Now())
	}
	return e.event != nil
}

// linkChanged takes what a link's reader tells.
func (b *bridge) linkChanged(e *linkEvent) {
	<-e.link.backlog
	l := &b.link
	switch {
	case e.event != nil:
		b.relay(e.log, e.event)
	case e.link != l.current: // it was given up
	case e.err != nil:
		b.store.log.Warn().Err(e.err).Msg("subscription lost")
		b.store.health.fail("subscription lost")
		b.store.metrics.relinks.Inc()
		l.close()
	default:
		b.confirmed(e.channel)
	}
}

// checkLink gives up a link over which no probe has come back for too long, though
// Redis takes them.
func (b *bridge) checkLink(now time.Time) {
	l := b.link.current
	if l == nil || now.Sub(l.since) < probePatience || b.store.health.silent(now) < probePatience {
		return
	}
	b.store.log.Warn().Msg("subscription is silent: made anew")
	b.store.health.fail("messages do not come back from redis")
	b.store.metrics.relinks.Inc()
	b.link.close()
}
