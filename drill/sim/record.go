package sim

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

func hashOf(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

// record is a connection as it goes.
type record struct {
	check.Connection
	stalled int64
	refs    map[check.Told]string // of all that anybody was told
	ear     witness.Ear
}

func now() int64 { return time.Now().UnixMicro() }

func (r *record) sent(m message) {
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Send, Hash: hashOf([]byte(m.text)),
		Detail: &check.Detail{Ref: m.ref, To: m.to, Room: rig.RoomKey(m.room), Bare: m.bare}})
}

// joining notes who wants the name, and whether the token of an earlier connection proves it.
func (r *record) joining(person string, shown bool) {
	r.Person, r.Shown = person, shown
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Join})
}

// asked notes a question that is answered with its ref.
func (r *record) asked(ref string) {
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Ask, Detail: &check.Detail{Ref: ref}})
}

// entering and exiting note what is about to be said of a room.
func (r *record) entering(room *rig.Room) {
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Enter, Cursor: room.Cursor,
		Detail: &check.Detail{Ref: room.Asked, Room: rig.RoomKey(room.Name)}})
}

func (r *record) exiting(room *rig.Room) {
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Exit, Detail: &check.Detail{Ref: room.Asked, Room: rig.RoomKey(room.Name)}})
}

func (r *record) stall(on bool) {
	switch {
	case on && r.stalled == 0: // or it stalls already, for another reason
		r.stalled = now()
	case !on && r.stalled != 0:
		r.Stalls = append(r.Stalls, check.Span{Start: r.stalled, End: now()})
		r.stalled = 0
	}
}

func (r *record) closed(goodbye bool) {
	if r.Closed == 0 {
		r.stall(false)
		r.Closed, r.Goodbye = now(), goodbye
	}
}

// heard notes a frame, and the references of the messages in it.
func (r *record) heard(f rig.Frame) {
	witness.Tell(f, func(told check.Told, ref string) {
		if _, known := r.refs[told]; !known {
			r.refs[told] = ref
		}
	})
	r.Events = append(r.Events, r.ear.Events(f)...)
}

// logReader takes what the Redis holds, and decodes what it has not seen before.
type logReader struct {
	mini  *miniredis.Miniredis
	rooms []string
	seen  map[string]check.Entry // by member
}

func (l *logReader) read() check.Logs {
	m := l.mini
	logs := check.Logs{
		Conversations: map[check.Conversation][]check.Entry{},
		Inboxes:       map[string][]check.Entry{},
		Rooms:         map[string]check.RoomLogs{},
	}
	logs.Members, _ = m.Members(witness.MembersKey) // none: nobody is there
	for _, room := range l.rooms {
		names, _ := m.Members(witness.RoomMembersKey(room)) // likewise
		logs.Rooms[room] = check.RoomLogs{Members: append([]string{}, names...)}
	}
	for _, key := range m.Keys() {
		if isLog(key) {
			witness.Set(&logs, key, l.log(key))
		}
	}
	return logs
}

func isLog(key string) bool {
	return key == witness.PublicKey || slices.ContainsFunc([]string{witness.InboxPrefix, witness.DialoguePrefix, witness.RoomPrefix},
		func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func trimmed(m *miniredis.Miniredis, key string) int64 {
	text, _ := m.Get(witness.TrimmedKey(key)) // none: nothing was
	var n int64
	_ = json.Unmarshal([]byte(text), &n)
	return n
}

func (l *logReader) log(key string) []check.Entry {
	inbox := witness.IsInbox(key)
	scores, _ := l.mini.SortedSet(key) // no such log: nothing in it
	entries := make([]check.Entry, 0, len(scores))
	for member, score := range scores {
		e, known := l.seen[member]
		if !known {
			e = witness.Entry([]byte(member), int64(score), inbox, hashOf)
			l.seen[member] = e
		}
		if inbox {
			e.Cursor = int64(score)
		} else {
			e.ID = int64(score)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b check.Entry) int {
		if inbox {
			return int(a.Cursor - b.Cursor)
		}
		return int(a.ID - b.ID)
	})
	return entries
}
