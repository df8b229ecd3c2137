// Package witness makes what the judges read (package check) of what a server says and what Redis holds, for all that make
// histories: the drill, whose servers are processes, and the simulation.
package witness

import (
	"encoding/json"
	"strings"

	"parley/drill/check"
	"parley/drill/rig"
)

// Ear is what one connection hears.
type Ear struct {
	Client string
	Hash   func([]byte) uint64 // the same for all of a history

	welcome bool                     // it has its name
	rooms   map[string]*check.Detail // of messages in rooms, which have nothing else to tell
}

// Events are what a frame says, for the judges; none where it is nothing to them, or no JSON: what it should have said is
// missed then.
func (e *Ear) Events(f rig.Frame) []check.Event {
	events := e.events(f)
	for i := range events {
		events[i].At = f.At.UnixMicro()
	}
	return events
}

func (e *Ear) events(f rig.Frame) []check.Event {
	switch f.Type {
	case "msg":
		return []check.Event{e.message(check.Msg, f)}
	case "dm":
		return []check.Event{e.message(check.DM, f)}
	case rig.Welcome:
		e.welcome = true
		return []check.Event{{Kind: check.Welcome, Detail: &check.Detail{Name: e.Client}}}
	case "ack":
		return []check.Event{{Kind: check.Ack, ID: f.ID, Detail: &check.Detail{Ref: f.Ref}}}
	case "error":
		kind := check.Refused
		switch {
		case f.Ref == "" && e.welcome:
			kind = check.RefusedBare
		case f.Ref == "":
			kind = check.JoinRefused
		}
		return []check.Event{{Kind: kind, Detail: &check.Detail{Ref: f.Ref, Name: f.Code}}}
	case "history", "rooms":
		return []check.Event{{Kind: check.Page, Detail: &check.Detail{Ref: f.Ref}}}
	}
	return e.list(f)
}

func (e *Ear) message(kind check.Kind, f rig.Frame) check.Event {
	event := check.Event{Kind: kind, ID: f.ID, Cursor: f.Cursor, Hash: e.Hash(f.Raw)}
	switch {
	case f.Type == "dm":
		m := f.Message()
		event.Detail = &check.Detail{From: m.User, To: m.To}
	case f.Room != "":
		event.Detail = e.room(rig.RoomKey(f.Room))
	}
	return event
}

func (e *Ear) room(key string) *check.Detail {
	d := e.rooms[key]
	if d == nil {
		d = &check.Detail{Room: key}
		if e.rooms == nil {
			e.rooms = make(map[string]*check.Detail)
		}
		e.rooms[key] = d
	}
	return d
}

var lists = map[string]check.Kind{"init": check.Init, "joined": check.Joined, "entered": check.Entered, "exited": check.Exited,
	"members": check.Members, "member_add": check.MemberAdd, "member_remove": check.MemberRemove}

// list takes the frames that are worth a whole decoding.
func (e *Ear) list(f rig.Frame) []check.Event {
	kind, isList := lists[f.Type]
	var m struct {
		Name      string
		Members   []string
		Count     int `json:"member_count"`
		History   []json.RawMessage
		DMs       []json.RawMessage `json:"dms"`
		Truncated bool
	}
	if !isList || f.Decode(&m) != nil {
		return nil
	}
	all := []check.Event{{Kind: kind, Cursor: f.Cursor, Detail: &check.Detail{Ref: f.Ref, Room: rig.RoomKey(f.Room), Name: m.Name,
		Names: m.Members, Count: m.Count, Truncated: m.Truncated}}}
	for _, raw := range m.History {
		all = append(all, e.message(check.Recalled, rig.ParseFrame(raw)))
	}
	for _, raw := range m.DMs {
		all = append(all, e.message(check.RecalledDM, rig.ParseFrame(raw)))
	}
	return all
}

// RefOf is the ref that a text of that user begins with, empty where it isn't one of ours.
func RefOf(user, text string) string {
	ref, _, found := strings.Cut(text, " ")
	if !found || !strings.HasPrefix(ref, user+"-") {
		return ""
	}
	return ref
}

// Tell tells which messages are in a frame, and their references.
func Tell(f rig.Frame, tell func(check.Told, string)) {
	one := func(f rig.Frame) {
		m := f.Message()
		told := check.Told{ID: f.ID, Room: rig.RoomKey(f.Room)}
		if f.Type == "dm" {
			told.From, told.To = m.User, m.To
		}
		tell(told, RefOf(m.User, m.Text))
	}
	switch f.Type {
	case "msg", "dm":
		one(f)
	case "init", "joined", "entered":
		var m struct {
			History []json.RawMessage
			DMs     []json.RawMessage `json:"dms"`
		}
		_ = f.Decode(&m) // not JSON: nothing to learn
		for _, raw := range m.History {
			one(rig.ParseFrame(raw))
		}
		for _, raw := range m.DMs {
			one(rig.ParseFrame(raw))
		}
	}
}
