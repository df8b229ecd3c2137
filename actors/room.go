package actors

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// appear says that a connection has joined under a name.
type appear struct {
	Conn *Connection
	Name string
}

// appeared tells a session that its name is present for everybody: what it says
// from now on comes after its member_add.
type appeared struct{}

// tellMembers asks for a fresh list of who is present, as a membersTold.
type tellMembers struct {
	Conn *Connection
	Log  Log
}

// membersTold answers tellMembers with a frame.
type membersTold struct {
	Log     Log
	Frame   []byte
	Version int64
}

// tick lets a room look at its clock.
type tick struct{}

const (
	// roomTick is how often the room looks for names whose grace is over, as long as there are any;
	// presence is late by at most that. A room where nothing waits has no clock: there may be ten
	// thousand.
	roomTick = 250 * time.Millisecond
	// Grace is how long a name stays present after its connection broke, so that a
	// client which comes back is not told to have left.
	Grace = 2 * time.Second
)

// room is presence and public broadcast. It can die at any time: its tail is kept
// outside, the sessions enter again, and what it missed is in the log.
type room struct {
	channel
	holders holders
	// settled: every session that holds a name had the time to enter again, so that
	// what is not among the holders is gone.
	settled bool
	// appearing are the sessions that wait for their name's event.
	appearing map[string][]*actor.PID
	// left are those who had left when the room or its bridge began: the one before may
	// have died with it.
	left  []Departure
	began time.Time
	clock *time.Timer
	next  time.Time // when its tick comes; zero: none does
}

func newRoom(chat *Chat, log Log, spelled string) *room {
	return &room{channel: newChannel(chat, log, spelled), holders: newHolders(chat.books.of(log, spelled).leaving)}
}

func (r *room) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.start(ctx)
	case *enter:
		r.appear(ctx, m.Conn, m.Name)
		r.receive(ctx)
		r.tellMissed(ctx, m)
	case *appear:
		r.appear(ctx, m.Conn, m.Name)
		r.confirm(ctx, m)
	case *gone:
		r.receive(ctx)
		r.leave(ctx, m)
	case *tellMembers:
		r.tellMembers(ctx, m.Conn.pid)
	case *PresenceChanged:
		r.readIf(ctx, r.roster.changed(m))
		r.confirmAll(ctx, m.Joined)
	case *Members:
		r.readIf(ctx, r.roster.read(m))
		r.confirmAll(ctx, m.Names)
	case *Linked, *engine.Missed:
		r.receive(ctx)
		r.readIf(ctx, r.roster.stale())
	case *BridgeStarted:
		r.roster.forgetReading()
		r.receive(ctx)
		r.tellAll(ctx)
	case *tick:
		r.next, r.clock = time.Time{}, nil
		r.look(ctx)
	case *actor.Stopping, *actor.Restarting:
		r.end(ctx)
		return
	default:
		r.receive(ctx)
	}
	r.flush(ctx)
	r.tickWhenDue(ctx)
	if r.isDeserted() {
		ctx.Send(ctx.Parent(), &deserted{Log: r.feed.log})
	}
}

// isDeserted says that nobody here is in the room, nor left it within the grace.
func (r *room) isDeserted() bool {
	return r.listensNobody() && r.settled && len(r.holders.taken) == 0 && len(r.holders.leaving) == 0
}

func (r *room) end(ctx actor.Context) {
	if r.clock != nil {
		r.clock.Stop()
	}
	if _, stops := ctx.Message().(*actor.Stopping); stops && r.feed.log.Named() {
		ctx.Send(r.chat.bridge, &Unsubscribe{Log: r.feed.log, To: ctx.Self()})
	}
}

// tellMissed tells a session that enters again who is present, if that has changed
// since it was told.
func (r *room) tellMissed(ctx actor.Context, e *enter) {
	if !e.Opening && e.Version != r.roster.version {
		r.tellMembers(ctx, e.Conn.pid)
	}
}

func (r *room) tellMembers(ctx actor.Context, session *actor.PID) {
	ctx.Send(session, &membersTold{Log: r.feed.log, Frame: protocol.MembersFrame(r.roster.room, r.roster.list()), Version: r.roster.version})
}

func (r *room) start(ctx actor.Context) {
	r.began = time.Now()
	r.left = r.leftOfLate(r.began)
	r.roster.forgetReading()
	r.subscribe(ctx)
	r.handBackDue(ctx)
	to := r.chat.sessions
	if r.feed.log.Named() {
		to = ctx.Parent() // which knows who is in it
	}
	ctx.Send(to, &logBegan{Log: r.feed.log})
}

// tickWhenDue has a tick come when there is something to look for, unless one comes before.
func (r *room) tickWhenDue(ctx actor.Context) {
	now := time.Now()
	due := now.Add(roomTick)
	switch {
	case r.roster.hasNews() && r.idle():
		due = r.roster.newsDue(r.size())
	case r.settled && r.opening == nil && len(r.holders.leaving) == 0 && len(r.left) == 0:
		return
	}
	if !r.next.IsZero() && !due.Before(r.next) {
		return
	}
	if r.clock != nil {
		r.clock.Stop()
	}
	r.next = due
	root, self := r.chat.root, ctx.Self()
	r.clock = r.chat.system.After(max(due.Sub(now), 0), "tick", func() { root.Send(self, &tick{}) })
}

// tellAll tells a new bridge all that it has to know of who is here.
func (r *room) tellAll(ctx actor.Context) {
	if r.settled {
		r.declare(ctx)
		return
	}
	r.left = r.leftOfLate(time.Now())
	if names := r.holders.all(); len(names) > 0 {
		r.present(ctx, Present{Joined: names})
	}
}

// leftOfLate gives those who may have left with nobody told.
func (r *room) leftOfLate(now time.Time) []Departure {
	if r.feed.log.Named() {
		return r.chat.books.leftOfLate(r.feed.log, now)
	}
	return r.chat.leftOfLate(now)
}

// present tells the bridge who came and who left.
func (r *room) present(ctx actor.Context, p Present) {
	if len(p.Left) > 0 && r.feed.log.Named() {
		r.chat.books.hasLeft(r.feed.log, p.Left, time.Now())
	}
	p.Log, p.Room = r.feed.log, r.roster.room
	ctx.Send(r.chat.bridge, &p)
}

func (r *room) readIf(ctx actor.Context, read bool) {
	if read {
		ctx.Send(r.chat.bridge, &ReadMembers{To: ctx.Self(), Log: r.feed.log})
	}
}

// appear notes a name that a connection holds, and announces the first.
func (r *room) appear(ctx actor.Context, conn *Connection, name string) {
	if name == "" || conn.is(closed) {
		return
	}
	if r.feed.log.Named() {
		r.chat.books.isThere(r.feed.log, name)
	}
	if r.holders.enter(conn.ID, name) {
		r.present(ctx, Present{Joined: []string{name}})
	}
}

// confirm tells a session that its name is present, as soon as it is.
func (r *room) confirm(ctx actor.Context, m *appear) {
	if r.roster.has(m.Name) {
		ctx.Send(m.Conn.pid, &appeared{})
		return
	}
	if r.appearing == nil {
		r.appearing = map[string][]*actor.PID{}
	}
	r.appearing[m.Name] = append(r.appearing[m.Name], m.Conn.pid)
}

func (r *room) confirmAll(ctx actor.Context, names []string) {
	if len(r.appearing) == 0 {
		return
	}
	for _, name := range names {
		for _, session := range r.appearing[name] {
			ctx.Send(session, &appeared{})
		}
		delete(r.appearing, name)
	}
}

func (r *room) leave(ctx actor.Context, m *gone) {
	now := time.Now()
	if name := r.holders.name(m.Conn.ID); r.feed.log.Named() && r.holders.holding(name) > 1 {
		r.chat.books.isThere(r.feed.log, name)
	}
	if name := r.holders.leave(m.Conn.ID, m.Clean, now); name != "" {
		r.present(ctx, Present{Left: []Departure{{name, now}}})
	}
}

func (r *room) look(ctx actor.Context) {
	now := time.Now()
	if gone := append(r.holders.expire(now, Grace), r.goneBefore(now)...); len(gone) > 0 {
		r.present(ctx, Present{Left: gone})
	}
	if !r.settled && now.Sub(r.began) >= Grace {
		r.settled = true
		r.declare(ctx)
	}
	r.openPatient(ctx, now)
}

// goneBefore gives those of left whose grace is over, and who have not come back. Most were
// told: what is told again changes nothing.
func (r *room) goneBefore(now time.Time) (gone []Departure) {
	var held map[string]bool
	r.left = slices.DeleteFunc(r.left, func(d Departure) bool {
		if now.Sub(d.At) < Grace {
			return false
		}
		if held == nil && !r.feed.log.Named() { // who is in another has entered it, and is noted as having come back
			held = r.chat.names() // their sessions may not have entered again
		}
		if _, leaving := r.holders.leaving[d.Name]; !leaving && !held[d.Name] && r.holders.holding(d.Name) == 0 {
			gone = append(gone, d)
		}
		return true
	})
	return gone
}

// declare tells the bridge every name that this node holds.
func (r *room) declare(ctx actor.Context) {
	r.present(ctx, Present{Whole: true, Joined: r.holders.all()})
}
