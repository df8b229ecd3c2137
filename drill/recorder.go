package main

import (
	"encoding/json"
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"parley/drill/check"
	"parley/drill/rig"
)

// hashSeed makes hashes comparable within one drill.
var hashSeed = maphash.MakeSeed()

func hashBytes(b []byte) uint64  { return maphash.Bytes(hashSeed, b) }
func hashString(s string) uint64 { return maphash.String(hashSeed, s) }

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
	stalled int64 // since when it does not read
	welcome bool  // it has its name; the reading goroutine's
	sealed  bool  // the history is taken: what comes now belongs to nothing
}

// open begins the record of a connection.
func (r *recorder) open(client string, n *node, since, dmSince int64) *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &record{tape: r.tape, conn: check.Connection{
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
	r.add(check.Event{At: time.Now().UnixMicro(), Kind: check.Send, Hash: hashString(m.text),
		Detail: &check.Detail{Ref: m.ref, To: m.to, Bare: m.bare}})
}

// asked notes a question that is answered with its ref.
func (r *record) asked(ref, frame string) {
	r.tape.write(&r.conn, "send", frame)
	r.add(check.Event{At: time.Now().UnixMicro(), Kind: check.Ask, Detail: &check.Detail{Ref: ref}})
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
	at := f.At.UnixMicro()
	switch f.Type {
	case "msg":
		r.add(check.Event{At: at, Kind: check.Msg, ID: f.ID, Hash: hashBytes(f.Raw)})
	case "dm":
		r.add(directEvent(check.DM, at, f))
	case rig.Welcome:
		r.welcome = true
		r.add(check.Event{At: at, Kind: check.Welcome, Detail: &check.Detail{Name: r.conn.Client}})
	case "ack":
		r.add(check.Event{At: at, Kind: check.Ack, ID: f.ID, Detail: &check.Detail{Ref: f.Ref}})
	case "error":
		kind := check.Refused
		switch {
		case f.Ref == "" && r.welcome:
			kind = check.RefusedBare
		case f.Ref == "":
			kind = check.JoinRefused
		}
		r.add(check.Event{At: at, Kind: kind, Detail: &check.Detail{Ref: f.Ref, Name: f.Code}})
	case "history":
		r.add(check.Event{At: at, Kind: check.Page, Detail: &check.Detail{Ref: refOfPage(f)}})
	case "init", "joined", "members", "member_add", "member_remove":
		r.heardList(f, at)
	}
}

// refOfPage is the ref of an answer that is worth no decoding of its messages.
func refOfPage(f rig.Frame) string {
	var head struct{ Ref string }
	_ = f.Decode(&head) // not JSON: an answer to nothing
	return head.Ref
}

func directEvent(kind check.Kind, at int64, f rig.Frame) check.Event {
	m := f.Message()
	return check.Event{At: at, Kind: kind, ID: f.ID, Cursor: f.Cursor, Hash: hashBytes(f.Raw),
		Detail: &check.Detail{From: m.User, To: m.To}}
}

// heardList notes the frames that are worth a whole decoding.
func (r *record) heardList(f rig.Frame, at int64) {
	var m struct {
		Name      string            `json:"name"`
		Members   []string          `json:"members"`
		Count     int               `json:"member_count"`
		History   []json.RawMessage `json:"history"`
		DMs       []json.RawMessage `json:"dms"`
		Truncated bool              `json:"truncated"`
	}
	if err := f.Decode(&m); err != nil {
		return // a frame that isn't JSON tells nothing; what it should have told is missed
	}
	e := check.Event{At: at, Cursor: f.Cursor,
		Detail: &check.Detail{Name: m.Name, Names: m.Members, Count: m.Count, Truncated: m.Truncated}}
	switch f.Type {
	case "init":
		e.Kind = check.Init
	case "joined":
		e.Kind = check.Joined
	case "members":
		e.Kind = check.Members
	case "member_add":
		e.Kind = check.MemberAdd
	case "member_remove":
		e.Kind = check.MemberRemove
	}
	all := []check.Event{e}
	for _, raw := range m.History {
		all = append(all, check.Event{At: at, Kind: check.Recalled, ID: rig.ParseFrame(raw).ID, Hash: hashBytes(raw)})
	}
	for _, raw := range m.DMs {
		all = append(all, directEvent(check.RecalledDM, at, rig.ParseFrame(raw)))
	}
	r.add(all...)
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
