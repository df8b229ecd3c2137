package main

import (
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

// hashSeed makes hashes comparable within one drill.
var hashSeed = maphash.MakeSeed()

func hashBytes(b []byte) uint64 { return maphash.Bytes(hashSeed, b) }

// recorder keeps what all connections said and heard.
type recorder struct {
	tape *tape // nil: nothing is written to a file

	mu    sync.Mutex
	conns []*record
}

// record is one connection as it goes; its client writes what is said, its reading goroutine what is heard.
type record struct {
	tape *tape

	mu      sync.Mutex
	conn    check.Connection
	stalled int64       // since when it does not read
	ear     witness.Ear // the reading goroutine's
	sealed  bool        // the history is taken: what comes now belongs to nothing
}

// open begins the record of a connection.
func (r *recorder) open(client string, n *node, since, dmSince int64) *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &record{tape: r.tape, ear: witness.Ear{Client: client, Hash: hashBytes}, conn: check.Connection{
		Number: len(r.conns) + 1, Client: client, Node: n.name, Since: since, DMSince: dmSince, Opened: time.Now().UnixMicro(),
	}}
	r.conns = append(r.conns, rec)
	rec.tape.write(&rec.conn, "open", "")
	return rec
}

// seal returns all connections as they are now; what they say and hear afterwards isn't noted any more.
func (r *recorder) seal() []*check.Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*check.Connection, 0, len(r.conns))
	for _, rec := range r.conns {
		rec.mu.Lock()
		rec.endStall(time.Now().UnixMicro())
		rec.sealed = true
		all = append(all, &rec.conn)
		rec.mu.Unlock()
	}
	return all
}

// sent notes a send before it goes out, so that its answer can't come first.
func (r *record) sent(m message) {
	r.tape.write(&r.conn, "send", m.frame)
	r.add(check.Event{At: time.Now().UnixMicro(), Kind: check.Send, Hash: hashBytes([]byte(m.text)),
		Detail: &check.Detail{Ref: m.ref, To: m.to, Room: rig.RoomKey(m.room), Bare: m.bare}})
}

// asked notes a question that is answered with its ref.
func (r *record) asked(ref, frame string) {
	r.tape.write(&r.conn, "send", frame)
	r.add(check.Event{At: time.Now().UnixMicro(), Kind: check.Ask, Detail: &check.Detail{Ref: ref}})
}

// visiting notes that the client is about to say that it enters a room, or leaves it.
func (r *record) visiting(kind check.Kind, room *rig.Room, frame string) {
	r.tape.write(&r.conn, "send", frame)
	r.add(check.Event{At: time.Now().UnixMicro(), Kind: kind, Cursor: room.Cursor,
		Detail: &check.Detail{Ref: room.Asked, Room: rig.RoomKey(room.Name)}})
}

// joining notes a join before it goes out: who wants the name, and whether the token of an earlier connection proves it.
func (r *record) joining(person string, shown bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		return
	}
	r.conn.Person, r.conn.Shown = person, shown
	r.conn.Events = append(r.conn.Events, check.Event{At: time.Now().UnixMicro(), Kind: check.Join})
}

// unproved notes that the token which was shown proved nothing: it was another claim's, which somebody has taken since.
func (r *record) unproved() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sealed {
		r.conn.Shown = false
	}
}

// stall and unstall note that the client stops reading and reads on.
func (r *record) stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stalled = time.Now().UnixMicro()
}

func (r *record) unstall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endStall(time.Now().UnixMicro())
}

func (r *record) endStall(at int64) {
	if r.stalled != 0 && !r.sealed {
		r.conn.Stalls = append(r.conn.Stalls, check.Span{Start: r.stalled, End: at})
		r.stalled = 0
	}
}

// parting notes that the client is about to say goodbye.
func (r *record) parting() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sealed {
		r.conn.Parted = time.Now().UnixMicro()
	}
}

// closed notes the end; goodbye says that the client wanted it, with code 1000. The code is for the tape.
func (r *record) closed(code uint16, goodbye bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		return
	}
	now := time.Now().UnixMicro()
	r.endStall(now)
	r.conn.Closed, r.conn.Goodbye = now, goodbye
	r.tape.write(&r.conn, "close", strconv.Itoa(int(code)))
}

func (r *record) add(events ...check.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sealed {
		r.conn.Events = append(r.conn.Events, events...)
	}
}

// heard notes a frame.
func (r *record) heard(f rig.Frame) {
	r.tape.write(&r.conn, "recv", string(f.Raw))
	r.add(r.ear.Events(f)...)
}

// size tells how much there is.
func (r *recorder) size() (events, conns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.conns {
		rec.mu.Lock()
		events += len(rec.conn.Events)
		rec.mu.Unlock()
	}
	return events, len(r.conns)
}
