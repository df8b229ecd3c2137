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
	welcome bool                  // it has its name
}

func now() int64 { return time.Now().UnixMicro() }

func (r *record) sent(m message) {
	r.Events = append(r.Events, check.Event{At: now(), Kind: check.Send, Hash: hashOf([]byte(m.text)),
		Detail: &check.Detail{Ref: m.ref, To: m.to, Bare: m.bare}})
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

// heard notes a frame.
func (r *record) heard(f rig.Frame) {
	r.learn(f)
	for _, e := range events(f, r.Client) {
		r.welcome = r.welcome || e.Kind == check.Welcome
		if e.Kind == check.RefusedBare && !r.welcome {
			e.Kind = check.JoinRefused
		}
		e.At = f.At.UnixMicro()
		r.Events = append(r.Events, e)
	}
}

// learn notes the references of the messages in a frame.
func (r *record) learn(f rig.Frame) {
	note := func(f rig.Frame) {
		told := check.Told{ID: f.ID}
		if f.Type == "dm" {
			m := f.Message()
			told.From, told.To = m.User, m.To
		}
		if _, known := r.refs[told]; !known {
			m := f.Message()
			r.refs[told] = refOf(m.User, m.Text)
		}
	}
	switch f.Type {
	case "msg", "dm":
		note(f)
	case "init", "joined":
		var m struct {
			History []json.RawMessage
			DMs     []json.RawMessage `json:"dms"`
		}
		_ = f.Decode(&m) // not JSON: nothing to learn
		for _, raw := range slices.Concat(m.History, m.DMs) {
			note(rig.ParseFrame(raw))
		}
	}
}

// events are what a frame says to a client, for the judge.
func events(f rig.Frame, client string) []check.Event {
	switch f.Type {
	case "msg":
		return []check.Event{{Kind: check.Msg, ID: f.ID, Hash: hashOf(f.Raw)}}
	case "dm":
		return []check.Event{directEvent(check.DM, f.Raw)}
	case rig.Welcome:
		return []check.Event{{Kind: check.Welcome, Detail: &check.Detail{Name: client}}}
	case "ack":
		return []check.Event{{Kind: check.Ack, ID: f.ID, Detail: &check.Detail{Ref: f.Ref}}}
	case "error":
		kind := check.Refused
		if f.Ref == "" {
			kind = check.RefusedBare
		}
		return []check.Event{{Kind: kind, Detail: &check.Detail{Ref: f.Ref, Name: f.Code}}}
	}
	kind, isList := map[string]check.Kind{"init": check.Init, "joined": check.Joined, "members": check.Members,
		"member_add": check.MemberAdd, "member_remove": check.MemberRemove}[f.Type]
	if !isList {
		return nil
	}
	var m struct {
		Name      string
		Members   []string
		Count     int `json:"member_count"`
		History   []json.RawMessage
		DMs       []json.RawMessage `json:"dms"`
		Truncated bool
	}
	_ = f.Decode(&m) // not JSON: an empty one, which the judge will notice
	all := []check.Event{{Kind: kind, Cursor: f.Cursor, Detail: &check.Detail{Name: m.Name, Names: m.Members, Count: m.Count, Truncated: m.Truncated}}}
	for _, raw := range m.History {
		all = append(all, check.Event{Kind: check.Recalled, ID: rig.ParseFrame(raw).ID, Hash: hashOf(raw)})
	}
	for _, raw := range m.DMs {
		all = append(all, directEvent(check.RecalledDM, raw))
	}
	return all
}

func directEvent(kind check.Kind, raw []byte) check.Event {
	m := rig.ParseFrame(raw).Message()
	return check.Event{Kind: kind, ID: m.ID, Cursor: m.Cursor, Hash: hashOf(raw), Detail: &check.Detail{From: m.User, To: m.To}}
}

// Keys that logs stand under.
const (
	publicKey      = "chat:messages"
	membersKey     = "chat:members"
	inboxPrefix    = "chat:inbox:"
	dialoguePrefix = "chat:dm:"
)

// logReader takes what the Redis holds, and decodes what it has not seen before.
type logReader struct {
	mini *miniredis.Miniredis
	seen map[string]check.Entry // by member
}

func (l *logReader) read() check.Logs {
	m := l.mini
	logs := check.Logs{
		Public:        l.log(publicKey, false),
		Conversations: map[check.Conversation][]check.Entry{},
		Inboxes:       map[string][]check.Entry{},
	}
	logs.Members, _ = m.Members(membersKey) // none: nobody is there
	for _, key := range m.Keys() {
		if user, ok := strings.CutPrefix(key, inboxPrefix); ok {
			logs.Inboxes[user] = l.log(key, true)
		} else if between, ok := strings.CutPrefix(key, dialoguePrefix); ok {
			from, to, _ := strings.Cut(between, ":")
			logs.Conversations[check.Conversation{From: from, To: to}] = l.log(key, false)
		}
	}
	return logs
}

func trimmed(m *miniredis.Miniredis, key string) int64 {
	text, _ := m.Get("{" + key + "}:trimmed") // none: nothing was
	var n int64
	_ = json.Unmarshal([]byte(text), &n)
	return n
}

func (l *logReader) log(key string, inbox bool) []check.Entry {
	scores, _ := l.mini.SortedSet(key) // no such log: nothing in it
	entries := make([]check.Entry, 0, len(scores))
	for member, score := range scores {
		e, known := l.seen[member]
		if !known {
			said := rig.ParseFrame([]byte(member)).Message()
			e = check.Entry{ID: said.ID, Cursor: said.Cursor, From: said.User, To: said.To, Ref: refOf(said.User, said.Text),
				Hash: hashOf([]byte(member)), TextHash: hashOf([]byte(said.Text))}
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
