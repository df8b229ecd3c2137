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
	// roomTick is how often the room looks for names whose grace is over; presence
	// is late by at most that.
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
	left   []Departure
	began  time.Time
	ticker *time.Timer
}

func newRoom(chat *Chat, log Log) *room {
	return &room{channel: newChannel(chat, log), holders: newHolders(chat.books.of(log).leaving)}
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
		r.look(ctx)
		r.tickLater(ctx)
	case *actor.Stopping, *actor.Restarting:
		r.stopTicker()
	default:
		r.receive(ctx)
	}
	r.flush(ctx)
}

// tellMissed tells a session that enters again who is present, if that has changed
// since it was told.
func (r *room) tellMissed(ctx actor.Context, e *enter) {
	if !e.Opening && e.Version != r.roster.version {
		r.tellMembers(ctx, e.Conn.pid)
	}
}

func (r *room) tellMembers(ctx actor.Context, session *actor.PID) {
	ctx.Send(session, &membersTold{Log: r.feed.log, Frame: protocol.MembersFrame(r.roster.list()), Version: r.roster.version})
}

func (r *room) start(ctx actor.Context) {
	r.began = time.Now()
	r.left = r.chat.leftOfLate(r.began)
	r.roster.forgetReading()
	r.tickLater(ctx)
	r.subscribe(ctx)
	r.handBackDue(ctx)
	ctx.Send(r.chat.sessions, &logBegan{Log: r.feed.log})
}

// tickLater has one tick come, whether one was to come already or not.
func (r *room) tickLater(ctx actor.Context) {
	r.stopTicker()
	root, self := r.chat.root, ctx.Self()
	r.ticker = r.chat.system.After(roomTick, "tick", func() { root.Send(self, &tick{}) })
}

func (r *room) stopTicker() {
	if r.ticker != nil {
		r.ticker.Stop()
	}
}

// tellAll tells a new bridge all that it has to know of who is here.
func (r *room) tellAll(ctx actor.Context) {
	if r.settled {
		r.declare(ctx)
		return
	}
	r.left = r.chat.leftOfLate(time.Now())
	if names := r.holders.all(); len(names) > 0 {
		ctx.Send(r.chat.bridge, &Present{Joined: names})
	}
}

func (r *room) readIf(ctx actor.Context, read bool) {
	if read {
		ctx.Send(r.chat.bridge, &ReadMembers{To: ctx.Self()})
	}
}

// appear notes a name that a connection holds, and announces the first.
func (r *room) appear(ctx actor.Context, conn *Connection, name string) {
	if name == "" || conn.is(closed) {
		return
	}
	if r.holders.enter(conn.ID, name) {
		ctx.Send(r.chat.bridge, &Present{Joined: []string{name}})
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
	if name := r.holders.leave(m.Conn.ID, m.Clean, now); name != "" {
		ctx.Send(r.chat.bridge, &Present{Left: []Departure{{name, now}}})
	}
}

func (r *room) look(ctx actor.Context) {
	now := time.Now()
	if gone := append(r.holders.expire(now, Grace), r.goneBefore(now)...); len(gone) > 0 {
		ctx.Send(r.chat.bridge, &Present{Left: gone})
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
		if held == nil {
			held = r.chat.names() // their sessions may not have entered again
		}
		if _, leaving := r.holders.leaving[d.Name]; !leaving && !held[d.Name] && r.holders.count[d.Name] == 0 {
			gone = append(gone, d)
		}
		return true
	})
	return gone
}

// declare tells the bridge every name that this node holds.
func (r *room) declare(ctx actor.Context) {
	ctx.Send(r.chat.bridge, &Present{Whole: true, Joined: r.holders.all()})
}
