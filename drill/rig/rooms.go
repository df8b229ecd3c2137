package rig

import (
	"strconv"
	"strings"
)

// NoCursor stands for a place that is not known.
const NoCursor = -1

// Room is a client and a room: whether it wants to be there, whether it is, and how far it has read.
type Room struct {
	Name   string
	Wants  bool
	In     bool
	Asked  string // the ref with which it said that it enters or leaves; empty: it has been answered
	Cursor int64
}

// NewRoom is one that nobody was in.
func NewRoom(name string, wants bool) *Room { return &Room{Name: name, Wants: wants, Cursor: NoCursor} }

// Enter is the frame that enters the room where the client was.
func (r *Room) Enter(ref string) string {
	r.Asked = ref
	frame := "enter#" + ref + ":" + r.Name
	if r.Cursor != NoCursor {
		frame += ":" + strconv.FormatInt(r.Cursor, 10)
	}
	return frame
}

// Exit is the frame that leaves it.
func (r *Room) Exit(ref string) string {
	r.Asked = ref
	return "exit#" + ref + ":" + r.Name
}

// Rooms are those of one client, which it comes back to.
type Rooms []*Room

// RoomKey is by what a room is known, however it is spelled: of names of ASCII letters.
func RoomKey(name string) string { return strings.ToLower(name) }

// Named is a room by its name; one of no client where that is none of these.
func (rooms Rooms) Named(name string) *Room {
	for _, r := range rooms {
		if RoomKey(r.Name) == RoomKey(name) {
			return r
		}
	}
	return &Room{}
}

// Hear learns from a frame, and says whether it is one that tells where the client is.
func (rooms Rooms) Hear(f Frame) bool {
	switch f.Type {
	case "msg":
		if f.Room != "" {
			r := rooms.Named(f.Room)
			r.Cursor = max(r.Cursor, f.ID)
		}
	case "entered":
		rooms.Named(f.Room).entered(f)
		return true
	case "exited":
		r := rooms.Named(f.Room)
		r.In, r.Asked = false, ""
		return true
	}
	return false
}

// entered moves the place in a room.
func (r *Room) entered(f Frame) {
	r.In, r.Asked = true, ""
	r.Cursor = f.Resumed(r.Cursor)
}

// Resumed moves the place in a log by the frame that begins to tell it, init or entered: to the newest message shown, or,
// where nothing is shown, to where the frame says that reading goes on.
func (f Frame) Resumed(place int64) int64 {
	var m struct {
		History   []Message
		Truncated bool
	}
	_ = f.Decode(&m) // not JSON: no place to move to
	if n := len(m.History); n > 0 {
		place = max(place, m.History[n-1].ID)
	}
	if place == NoCursor || len(m.History) == 0 && m.Truncated {
		place = max(place, f.Cursor)
	}
	return place
}

// Refused is the room of which an error answers what was said; nil: of none.
func (rooms Rooms) Refused(ref string) *Room {
	for _, r := range rooms {
		if r.Asked == ref && ref != "" {
			r.Asked = ""
			return r
		}
	}
	return nil
}

// Leave forgets where the client is: a connection begins in no room.
func (rooms Rooms) Leave() {
	for _, r := range rooms {
		r.In, r.Asked = false, ""
	}
}

// Forget forgets how far it has read, too: it is somebody else now.
func (rooms Rooms) Forget() {
	for _, r := range rooms {
		r.In, r.Asked, r.Cursor = false, "", NoCursor
	}
}

// Open are those that it is in, or may be by the time that what it says is read.
func (rooms Rooms) Open() (open []*Room) {
	for _, r := range rooms {
		if r.In || r.Asked != "" {
			open = append(open, r)
		}
	}
	return open
}

// Settled says whether it is in all its rooms, and in no other.
func (rooms Rooms) Settled() bool {
	for _, r := range rooms {
		if r.In != r.Wants || r.Asked != "" {
			return false
		}
	}
	return true
}
