package actors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// fakeRedis is what a fake bridge stands before: logs, references and names in
// memory. It outlives the bridge, and can be told to misbehave. Its events are sent
// in the order of the logs.
type fakeRedis struct {
	mu      sync.Mutex
	root    *actor.RootContext
	self    *actor.PID
	parent  *actor.PID
	logs    map[Log][]protocol.Entry
	trimmed map[Log]int64 // up to which id logs keep nothing
	refs    map[string]int64
	rooms   map[Log]*fakeRoom
	visits  []*Visit
	newest  int64
	calls   int // of Append that were carried out

	subscribers map[Log]*actor.PID
	lossy       bool // events are lost
	unwilling   func(any) bool
	stowed      []any // what it was unwilling to do
	restored    []*Restore
	since       int64 // of every claim
	anew        bool  // which follows one that was lost
	left        []Departure
	held        []HeldClaim
	claims      *Claims
}

// fakeRoom is who is in a room, and the number of the last event of that.
type fakeRoom struct {
	name    string
	members map[string]bool
	seq     int64
}

// room gives a room, made if there is none.
func (r *fakeRedis) room(log Log) *fakeRoom {
	if r.rooms[log] == nil {
		r.rooms[log] = &fakeRoom{members: map[string]bool{}}
	}
	return r.rooms[log]
}

func newFakeRedis() *fakeRedis {
	return &fakeRedis{
		logs: map[Log][]protocol.Entry{}, trimmed: map[Log]int64{}, refs: map[string]int64{}, rooms: map[Log]*fakeRoom{},
		subscribers: map[Log]*actor.PID{}, newest: 1_700_000_000_000_000,
	}
}

// fakeBridge is the bridge's actor before a fakeRedis.
type fakeBridge struct{ redis *fakeRedis }

func (b *fakeBridge) Receive(ctx actor.Context) {
	r := b.redis
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := ctx.Message().(*actor.Started); ok {
		r.root, r.self, r.parent = ctx.ActorSystem().Root, ctx.Self(), ctx.Parent()
		clear(r.subscribers)
		r.stowed = nil // a bridge that begins knows of nothing
		r.root.Send(r.parent, &BridgeStarted{})
		return
	}
	if r.unwilling != nil && r.unwilling(ctx.Message()) {
		r.stowed = append(r.stowed, ctx.Message())
		return
	}
	r.handle(ctx.Message())
}

// stow keeps what unwilling says until release.
func (r *fakeRedis) stow(unwilling func(any) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unwilling = unwilling
}

// release does what was stowed, in order, and all that comes.
func (r *fakeRedis) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unwilling = nil
	for _, m := range r.stowed {
		r.handle(m)
	}
	r.stowed = nil
}

// stowing says how many messages are stowed.
func (r *fakeRedis) stowing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.stowed)
}

func isAppend(m any) bool { _, ok := m.(*Append); return ok }
func isRead(m any) bool   { _, ok := m.(*Read); return ok }

func (r *fakeRedis) handle(message any) {
	switch m := message.(type) {
	case *Append:
		r.append(m)
	case *Read:
		r.root.Send(m.To, r.recall(m))
	case *ReadPage:
		r.root.Send(m.To, r.page(m))
	case *Claim:
		claimed := &Claimed{Op: m.Op, Token: m.Fresh, Since: r.since, Refs: r.since}
		if r.anew {
			claimed.Refs = 0
		}
		r.root.Send(m.To, claimed)
	case *Present:
		r.present(m)
	case *ReadMembers:
		room := r.room(m.Log)
		r.root.Send(m.To, &Members{Names: slices.Collect(maps.Keys(room.members)), Seq: room.seq})
	case *FindRoom:
		r.root.Send(m.To, r.find(m))
	case *ListRooms:
		r.root.Send(m.To, &RoomsListed{Op: m.Op, Rooms: []protocol.RoomSize{{Room: "of " + m.After, Members: 7}}, More: true})
	case *Visit:
		r.visits = append(r.visits, m)
	case *Subscribe:
		r.subscribers[m.Log] = m.To
		r.root.Send(m.To, &Linked{})
	case *Unsubscribe:
		if r.subscribers[m.Log].Equal(m.To) {
			delete(r.subscribers, m.Log)
		}
	case *Hold:
		r.held = append(r.held, m.Claim)
		r.root.Send(m.Claim.Session, &Held{Op: m.Op})
	case *Claims:
		r.claims = m
	case *Restore:
		r.restored = append(r.restored, m)
	}
}

func (r *fakeRedis) find(m *FindRoom) *RoomFound {
	room, is := r.rooms[Room(m.Name)]
	if !is && !m.Make {
		return &RoomFound{Op: m.Op, Code: protocol.CodeForbidden}
	}
	if !is {
		room = r.room(Room(m.Name))
		room.name = m.Name
	}
	return &RoomFound{Op: m.Op, Name: room.name, Made: !is}
}

func (r *fakeRedis) append(m *Append) {
	r.calls++
	settled := &Settled{}
	for _, message := range m.Messages {
		settled.Outcomes = append(settled.Outcomes, Outcome{Seq: message.Seq, ID: r.store(message)})
	}
	r.root.Send(m.To, settled)
}

// store puts a message where it belongs, once for each reference.
func (r *fakeRedis) store(m Message) int64 {
	key := m.Receiver + " " + m.Room + " " + m.Ref
	if id, ok := r.refs[key]; ok {
		return id
	}
	r.newest++
	id := r.newest
	r.refs[key] = id
	if m.Receiver == "" {
		body := protocol.AppendBody(nil, m.Sender, "", m.Room, m.Text)
		r.enter(m.Log, id, fmt.Sprintf(`{"type":"msg","id":%d%s,"time":%d}`, id, body, id/1_000_000))
		return id
	}
	for _, user := range slices.Compact([]string{m.Receiver, m.Sender}) {
		r.newest++
		body := protocol.AppendBody(nil, m.Sender, m.Receiver, "", m.Text)
		r.enter(Inbox(user), r.newest, fmt.Sprintf(`{"type":"dm","id":%d%s,"time":%d,"cursor":%d}`, id, body, id/1_000_000, r.newest))
	}
	return id
}

// enter appends to a log and tells its subscriber.
func (r *fakeRedis) enter(log Log, id int64, payload string) {
	prev := lastID(r.logs[log])
	e := protocol.Entry{ID: id, Frame: protocol.AppendFrame(nil, payload)}
	r.logs[log] = append(r.logs[log], e)
	if to := r.subscribers[log]; to != nil && !r.lossy {
		r.root.Send(to, &Appended{Log: log, Prev: prev, Entries: []protocol.Entry{e}})
	}
}

func (r *fakeRedis) recall(m *Read) *Recalled {
	log := r.logs[m.Log]
	a := &Recalled{Read: *m, Newest: lastID(log), Trimmed: r.trimmed[m.Log]}
	if m.After == Newest {
		a.Entries = log[max(0, len(log)-m.Limit):]
	} else {
		i, found := slices.BinarySearchFunc(log, m.After, func(e protocol.Entry, id int64) int { return int(e.ID - id) })
		if found {
			i++
		}
		a.Entries = log[i:min(len(log), i+m.Limit)]
	}
	a.More = len(a.Entries) == m.Limit
	return a
}

func (r *fakeRedis) page(m *ReadPage) *Page {
	var older []protocol.Entry
	for _, e := range r.logs[m.Log] {
		if e.ID < m.Before {
			older = append(older, e)
		}
	}
	from := max(0, len(older)-m.Limit)
	return &Page{Op: m.Op, Peer: m.Peer, Entries: older[from:], More: from > 0}
}

func (r *fakeRedis) present(m *Present) {
	e, room := &PresenceChanged{}, r.room(m.Log)
	if m.Whole {
		for name := range room.members {
			if !slices.Contains(m.Joined, name) {
				e.Left = append(e.Left, name)
				delete(room.members, name)
			}
		}
	}
	for _, name := range m.Joined {
		if !room.members[name] {
			room.members[name] = true
			e.Joined = append(e.Joined, name)
		}
	}
	r.left = append(r.left, m.Left...)
	for _, d := range m.Left {
		if room.members[d.Name] {
			delete(room.members, d.Name)
			e.Left = append(e.Left, d.Name)
		}
	}
	if len(e.Joined)+len(e.Left) == 0 {
		return
	}
	room.seq++
	e.Seq = room.seq
	if to := r.subscribers[m.Log]; to != nil && !r.lossy {
		r.root.Send(to, e)
	}
}

// say appends n public messages as another node would.
func (r *fakeRedis) say(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range n {
		r.store(Message{Ref: fmt.Sprint("other#", r.newest), Sender: "other", Text: "x"})
	}
}

// claimed asks which claims there are.
func (r *fakeRedis) claimed(t *testing.T) map[string]HeldClaim {
	t.Helper()
	r.mu.Lock()
	r.claims = nil
	r.root.Send(r.parent, &ReadClaims{})
	r.mu.Unlock()
	names := map[string]HeldClaim{}
	eventually(t, "the claims are told", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.claims != nil {
			for _, c := range r.claims.Held {
				names[c.Name] = c
			}
		}
		return r.claims != nil
	})
	return names
}

// lose has events lost, or come again.
func (r *fakeRedis) lose(events bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lossy = events
}

// arrive has a name present on another node.
func (r *fakeRedis) arrive(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.present(&Present{Joined: []string{name}})
}

// log gives the payloads of a log.
func (r *fakeRedis) log(log Log) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	payloads := make([]string, len(r.logs[log]))
	for i, e := range r.logs[log] {
		payloads[i] = string(e.Payload())
	}
	return payloads
}

// count says how many entries of a log hold text.
func (r *fakeRedis) count(log Log, text string) int {
	n := 0
	for _, payload := range r.log(log) {
		if strings.Contains(payload, text) {
			n++
		}
	}
	return n
}
