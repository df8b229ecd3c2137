package check

import (
	"cmp"
	"maps"
	"slices"
)

// Divide parts a history in which people talk in rooms: what is of none of these, and for each room a history of its own, in
// which the room is the public one. Whoever judges the public log judges so every other, by the same rules: in a room's
// history each stay in it, from enter to exited or to the end of the connection, is a connection.
func (h *History) Divide() (public *History, rooms []*History) {
	d := divider{History: h, rooms: make(map[string]*History), said: make(map[string][]int64)}
	for name := range h.Logs.Rooms {
		d.room(name)
	}
	all := *h
	all.Connections = make([]*Connection, 0, len(h.Connections))
	for _, conn := range h.Connections {
		all.Connections = append(all.Connections, d.divide(conn))
	}
	if len(d.rooms) == 0 {
		return h, nil
	}
	all.Refs = d.refs("")
	began := (&checker{History: h}).nodes()
	for _, said := range d.said {
		slices.Sort(said)
	}
	for _, name := range slices.Sorted(maps.Keys(d.rooms)) {
		r := d.rooms[name]
		r.Began, r.said, r.Refs = began, d.said, d.refs(name)
		slices.SortStableFunc(r.Connections, func(a, b *Connection) int { return cmp.Compare(a.Opened, b.Opened) })
		rooms = append(rooms, r)
	}
	return &all, rooms
}

// divider is a history as it is divided.
type divider struct {
	*History
	rooms map[string]*History
	said  map[string][]int64
}

// room is a room's history.
func (d *divider) room(name string) *History {
	r := d.rooms[name]
	if r == nil {
		of := d.Logs.Rooms[name]
		r = &History{Room: name, Faults: d.Faults, LogsUnread: d.LogsUnread, Strangers: d.Strangers, Held: d.Held, End: d.End, Hold: d.Hold,
			Logs: Logs{Public: of.Entries, Members: of.Members, Floor: of.Floor, Unseen: of.Unseen, Keep: d.Logs.Keep}}
		d.rooms[name] = r
	}
	return r
}

// refs are the references of a room's messages, and of what is in no room.
func (d *divider) refs(room string) map[Told]string {
	if d.Refs == nil {
		return nil
	}
	refs := make(map[Told]string)
	for t, ref := range d.Refs {
		if t.Room == room {
			t.Room = ""
			refs[t] = ref
		}
	}
	return refs
}

// visitor is a connection as it goes through rooms.
type visitor struct {
	*divider
	conn     *Connection
	public   []Event                // what is of no room
	stays    map[string]*Connection // in which rooms it is
	outside  map[string]*Connection // what there is of a room while it is not in it
	entering map[string]*Connection // stays that may begin, by the ref of what was said
	sends    map[string]*Connection // in which stay something was said, by its ref
	leaving  map[string]*Connection // stays that may end, likewise
}

// divide gives what is of no room of a connection: it itself, if it was in none.
func (d *divider) divide(conn *Connection) *Connection {
	if !slices.ContainsFunc(conn.Events, func(e Event) bool { return e.Detail != nil && e.Room != "" }) {
		return conn
	}
	none := func() map[string]*Connection { return make(map[string]*Connection) }
	v := visitor{d, conn, nil, none(), none(), none(), none(), none()}
	for i := range conn.Events {
		v.take(&conn.Events[i])
	}
	for _, stay := range slices.Concat(slices.Collect(maps.Values(v.stays)), slices.Collect(maps.Values(v.entering))) {
		v.part(stay)
	}
	public := *conn
	public.Events = v.public
	return &public
}

// part ends a stay with its connection.
func (v *visitor) part(stay *Connection) {
	stay.Closed, stay.Goodbye = v.conn.Closed, v.conn.Goodbye
	switch {
	case v.conn.Closed == 0:
		stay.Parted = 0
	case stay.Parted == 0:
		stay.Parted = v.conn.Parted
	default: // it had said that it leaves, and nobody knows whether that was heard
		stay.Goodbye = true
		stay.Stalls = append(slices.Clone(stay.Stalls), Span{stay.Parted, stay.Closed})
	}
}

// opened adds a connection to a room's history.
func (v *visitor) opened(room string, at, since int64) *Connection {
	c := &Connection{Number: v.conn.Number, Client: v.conn.Client, Person: v.conn.Person, Shown: v.conn.Shown, Node: v.conn.Node,
		Since: since, DMSince: None, Opened: at, Stalls: v.conn.Stalls}
	r := v.room(room)
	r.Connections = append(r.Connections, c)
	return c
}

// at is where an event of a room belongs: the stay in it, or what has none.
func (v *visitor) at(room string, at int64) *Connection {
	if stay := v.stays[room]; stay != nil {
		return stay
	}
	for _, stay := range v.entering { // it may be let in by the time that this is read
		if stay.Events[0].Room == room {
			return stay
		}
	}
	if v.outside[room] == nil {
		v.outside[room] = v.opened(room, at, None)
		v.outside[room].Closed = max(1, at)
	}
	return v.outside[room]
}

// take puts an event where it belongs. That something was said, and was answered, is noted for the answers, too.
func (v *visitor) take(e *Event) {
	room := ""
	if e.Detail != nil {
		room = e.Room
	}
	switch e.Kind {
	case Enter:
		stay := v.opened(room, e.At, e.Cursor)
		stay.Events = append(stay.Events, Event{At: e.At, Kind: Join, Detail: &Detail{Room: room}})
		v.entering[e.Ref] = stay
		v.note(Ask, e)
	case Entered:
		v.entered(e)
		v.note(Page, e)
	case Exit:
		if stay := v.stays[room]; stay != nil && stay.Parted == 0 {
			stay.Parted, v.leaving[e.Ref] = e.At, stay
		}
		v.note(Ask, e)
	case Exited:
		if stay := v.stays[room]; stay != nil {
			stay.Closed, stay.Goodbye = e.At, true
			delete(v.stays, room)
		}
		v.note(Page, e)
	case Ack, Refused:
		v.answered(e)
	case RefusedBare:
		v.public = append(v.public, *e)
		for _, stay := range v.stays {
			stay.Events = append(stay.Events, *e) // which it is of it does not say
		}
	case Send:
		v.send(e, room)
	default:
		if room == "" {
			v.public = append(v.public, *e)
			return
		}
		stay := v.at(room, e.At)
		stay.Events = append(stay.Events, *e)
	}
}

// entered begins a stay.
func (v *visitor) entered(e *Event) {
	stay := v.entering[e.Ref]
	if stay == nil {
		stay = v.at(e.Room, e.At) // a second one is told as that
	} else {
		delete(v.entering, e.Ref)
		v.stays[e.Room] = stay
	}
	begins := *e
	begins.Kind = Init
	stay.Events = append(stay.Events, Event{At: e.At, Kind: Welcome, Detail: &Detail{Name: v.conn.Client}}, begins)
}

func (v *visitor) answered(e *Event) {
	if stay := v.entering[e.Ref]; stay != nil && e.Kind == Refused {
		delete(v.entering, e.Ref)
		stay.Events = append(stay.Events, Event{At: e.At, Kind: JoinRefused, Detail: e.Detail})
		stay.Closed = e.At
	}
	if stay := v.leaving[e.Ref]; stay != nil {
		stay.Parted = 0 // it was not let go
	}
	stay := v.sends[e.Ref]
	if stay != nil {
		stay.Events = append(stay.Events, *e)
	}
	if stay != nil && e.Kind == Ack {
		v.note(Page, e)
	} else {
		v.public = append(v.public, *e)
	}
}

func (v *visitor) send(e *Event, room string) {
	if room == "" {
		v.public = append(v.public, *e)
		return
	}
	v.divider.said[v.conn.Node] = append(v.divider.said[v.conn.Node], e.At)
	stay := v.at(room, e.At)
	stay.Events = append(stay.Events, *e)
	if !e.Bare {
		v.sends[e.Ref] = stay
		v.note(Ask, e)
	}
}

// note has the answers judged by what is asked and answered by its ref.
func (v *visitor) note(kind Kind, e *Event) {
	v.public = append(v.public, Event{At: e.At, Kind: kind, Detail: e.Detail})
}
