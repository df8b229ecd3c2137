package redisbridge

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
	"parley/actors/engine"
)

const (
	// lookInterval is how often the bridge looks at its clock at least: refusals, renewals and
	// repetitions are late by at most that.
	lookInterval = 50 * time.Millisecond
	// Failed work is repeated after a random wait between these two.
	shortestRetry = 50 * time.Millisecond
	longestRetry  = 500 * time.Millisecond
)

// look has the bridge look at its clock.
type look struct{}

// done ends work that a lane did off the actor; then goes on inside it.
type done struct {
	by   *bridge // whose work it was: an earlier incarnation's is not ours
	then func()
}

// bridge is the actor between the chat and Redis. It never waits: lanes do, one
// piece of work each, and what is asked meanwhile goes with the next piece.
type bridge struct {
	store  *Store
	ctx    context.Context // ends with this incarnation
	cancel context.CancelFunc
	self   *actor.PID
	parent *actor.PID
	root   *actor.RootContext
	clock  *time.Timer // the next look
	next   time.Time   // when that comes

	// reachable: Redis answered the last that was asked of it.
	reachable bool
	probe     lane
	link      linker
	appenders [appendLanes]appender
	reads     reader
	claims    queue[*actors.Claim]
	holds     queue[*actors.Hold]
	vouches   voucher
	presence  presenter
	gatherer  gatherer
	reaps     queue[string]
	finds     queue[*actors.FindRoom]
	lists     queue[*actors.ListRooms]
	visits    queue[*actors.Visit]
	restores  queue[*actors.Restore]
	// fenced: events of inboxes were not told, for the lease was over.
	fenced bool
	// grumbled is when a refusal that concerns one key only was last logged.
	grumbled time.Time
}

func newBridge(s *Store) *bridge {
	b := &bridge{store: s, link: newLinker(), reads: newReader(), presence: newPresenter(), gatherer: newGatherer()}
	for lane, name := range map[*lane]string{ // as the metrics and the log tell of them
		&b.probe: "probe", &b.link.lane: "link", &b.reads.lane: "read",
		&b.claims.lane: "claim", &b.holds.lane: "hold", &b.vouches.lane: "vouch",
		&b.gatherer.lane: "gather", &b.reaps.lane: "reap", &b.finds.lane: "find", &b.lists.lane: "list", &b.visits.lane: "visit",
		&b.presence.lane: "presence", &b.presence.renewal: "renew", &b.restores.lane: "restore",
	} {
		lane.name = name
	}
	for i := range b.appenders {
		switch q := &b.appenders[i]; {
		case i == publicLane:
			q.name, q.paced = "public", true
		case i < firstRoomLane:
			q.name = "direct"
		default:
			q.name, q.paced = "room", true
		}
	}
	return b
}

func (b *bridge) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		b.start(ctx)
	case *actors.Append:
		b.append(m)
	case *actors.Hold:
		b.holds.ask(m)
	case *actors.Claims:
		b.vouches.claims = m
	case *actors.Read:
		b.reads.ask(m)
	case *actors.ReadPage:
		b.reads.pages.ask(m)
	case *actors.Claim:
		b.claims.ask(m)
	case *actors.FindRoom:
		b.finds.ask(m)
	case *actors.ListRooms:
		b.lists.ask(m)
	case *actors.KeepRooms:
		b.gatherer.kept, b.gatherer.tended = m.Names, time.Time{}
	case *actors.Visit:
		b.visits.ask(m)
	case *actors.Present:
		if m.Log.Named() {
			b.gatherer.change(m)
		} else {
			b.presence.change(m)
		}
	case *actors.ReadMembers:
		b.reads.members.ask(m)
	case *actors.Subscribe:
		b.subscribe(m)
	case *actors.Unsubscribe:
		b.unsubscribe(m)
	case *actors.Restore:
		b.restores.ask(m)
	case *linkEvent:
		b.linkChanged(m)
	case *done:
		if m.by == b {
			m.then()
		}
	case *panicked:
		b.panicked(m)
	case *look:
		b.look(time.Now())
	case *actor.Stopping, *actor.Restarting:
		if b.cancel != nil {
			b.cancel()
			b.clock.Stop()
		}
		return
	default:
		return
	}
	b.pump()
}

func (b *bridge) start(ctx actor.Context) {
	b.self, b.parent, b.root = ctx.Self(), ctx.Parent(), ctx.ActorSystem().Root
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.reachable = b.store.health.ok()
	b.store.life.begin(time.Now()) // what the one before was to tell of rooms nobody knows
	b.next = time.Now().Add(lookInterval)
	b.clock = time.AfterFunc(lookInterval, b.guarded(func() { b.send(b.self, &look{}) }))
	b.root.Send(b.parent, &actors.BridgeStarted{})
	if b.store.owes() {
		b.changed() // what was written back, or not, nobody knows any more
	}
}

// wake has the bridge look at its clock after a wait, if not before.
func (b *bridge) wake(now time.Time, wait time.Duration) {
	if at := now.Add(wait); at.Before(b.next) {
		b.next = at
		b.clock.Reset(wait)
	}
}

// pump starts what each lane may start now.
func (b *bridge) pump() {
	now := time.Now()
	b.publish(now)
	b.relink(now)
	if !b.reachable {
		return
	}
	b.restore(now)
	b.announce(now)
	b.renew(now)
	b.gather(now)
	b.reap(now)
	b.vouch(now)
	b.resubscribe(now)
	if b.restoring(now) {
		return // only write back: the logs may still lack what others, or this node, hold
	}
	b.store.restored(now)
	lasts := b.store.lease.lasts(now)
	b.recall(now, lasts)
	if !lasts { // the names may be others' by now
		b.expireIfRefused(now)
		return
	}
	for i := range b.appenders {
		b.commit(now, &b.appenders[i])
	}
	b.grant(now)
	b.grantHolds(now)
	b.find(now)
	b.list(now)
	b.visit(now)
}

// look refuses what has waited too long, whether Redis answers or not.
func (b *bridge) look(now time.Time) {
	b.next = now.Add(lookInterval)
	b.clock.Reset(lookInterval)
	b.expireMessages(now, actors.Patience)
	b.expirePages(now)
	b.expireClaims(now)
	b.expireHolds(now)
	b.expireFinds(now)
	b.checkLink(now)
	for id, at := range b.store.forsaken {
		if now.Sub(at) > 2*actors.Patience {
			delete(b.store.forsaken, id) // what it said was taken out by now
		}
	}
}

// lane does one piece of work at a time.
type lane struct {
	name  string
	busy  bool
	until time.Time // after a failure: nothing before then
}

func (l *lane) free(now time.Time) bool { return !l.busy && !now.Before(l.until) }

// run does work off the actor and then goes on inside it with its error. A failure
// makes the lane wait before the next piece, a panic is the bridge's.
func (b *bridge) run(l *lane, size int, work func(context.Context) error, then func(error)) {
	l.busy = true
	began := time.Now()
	ctx, root, self := b.ctx, b.root, b.self
	b.store.spawn(l.name, b.guarded(func() {
		err := work(ctx)
		root.Send(self, &done{by: b, then: func() {
			l.busy = false
			b.store.metrics.batches.WithLabelValues(l.name).Observe(float64(size))
			b.store.metrics.roundTrips.WithLabelValues(l.name).Observe(time.Since(began).Seconds())
			if err != nil {
				l.until = time.Now().Add(retryPause())
				b.failed(l, err)
			}
			then(err)
		}})
	}))
}

func retryPause() time.Duration { return shortestRetry + engine.Jitter(longestRetry-shortestRetry) }

// failed notes that Redis did not do something. Unless it said so itself, nothing
// is asked of it until a probe gets through.
func (b *bridge) failed(l *lane, err error) {
	switch {
	case errors.Is(err, errBehind): // said, and on its way to be mended
	case errors.Is(err, errLapsed):
		b.store.lease.doubt()
		b.presence.renewed = time.Time{}
	case isReply(err) && !isNoScript(err):
		b.refused(l, replyKind(err))
	default:
		if b.reachable {
			b.reachable = false         // the next probe that gets through loads the scripts, too
			b.probe.until = time.Time{} // ask at once
		} else if errors.Is(err, errAnotherRedis) {
			return // as the first is, and each that is about to be accepted
		}
		if !b.store.silent { // also before it has ever answered; once
			b.store.silent = true
			b.store.log.Warn().Str("lane", l.name).Err(err).Msg("redis does not answer")
		}
	}
}

// send sends as the bridge.
func (b *bridge) send(to *actor.PID, message any) { b.root.Send(to, message) }
