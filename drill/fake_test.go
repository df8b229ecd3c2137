package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// fakeChat is a chat server of one node that keeps everything in memory and promises as much as the real one. It can be
// made to lose every so many-th delivery.
type fakeChat struct {
	gws.BuiltinEventHandler
	loseEvery int

	mu        sync.Mutex
	conns     map[*gws.Conn]*fakeSession
	log       []fakeMessage
	inboxes   map[string][]fakeMessage
	refs      map[string]int64
	holders   map[string]int
	lastID    int64
	delivered int
}

type fakeSession struct {
	name           string
	since, dmSince int64
}

type fakeMessage struct {
	Type   string `json:"type"`
	ID     int64  `json:"id"`
	User   string `json:"user"`
	To     string `json:"to,omitempty"`
	Text   string `json:"text"`
	Time   int64  `json:"time"`
	Cursor int64  `json:"cursor,omitempty"`
}

func startFakeChat(t *testing.T, loseEvery int) *httptest.Server {
	t.Helper()
	f := &fakeChat{loseEvery: loseEvery, conns: make(map[*gws.Conn]*fakeSession), inboxes: make(map[string][]fakeMessage),
		refs: make(map[string]int64), holders: make(map[string]int)}
	upgrader := gws.NewUpgrader(f, &gws.ServerOption{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cursor := func(name string) int64 {
			if n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64); err == nil {
				return n
			}
			return -1
		}
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		f.welcome(conn, &fakeSession{since: cursor("since"), dmSince: cursor("dmsince")})
		go conn.ReadLoop()
	}))
	t.Cleanup(web.Close)
	return web
}

func say(c *gws.Conn, v any) {
	raw, _ := json.Marshal(v)
	_ = c.WriteMessage(gws.OpcodeText, raw)
}

// after is what is newer than a cursor, the last 20 where there is none.
func after(log []fakeMessage, since int64, place func(fakeMessage) int64) []fakeMessage {
	if since < 0 {
		return slices.Clone(log[max(0, len(log)-20):])
	}
	i, _ := slices.BinarySearchFunc(log, since+1, func(m fakeMessage, t int64) int { return int(place(m) - t) })
	return slices.Clone(log[i:])
}

func (f *fakeChat) welcome(c *gws.Conn, s *fakeSession) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[c] = s
	members := []string{}
	for name := range f.holders {
		members = append(members, name)
	}
	slices.Sort(members)
	history := after(f.log, s.since, func(m fakeMessage) int64 { return m.ID })
	cursor := max(s.since, 0)
	if n := len(f.log); n > 0 {
		cursor = f.log[n-1].ID
	}
	say(c, map[string]any{"type": "init", "members": members, "member_count": len(members),
		"history": append([]fakeMessage{}, history...), "cursor": cursor, "truncated": false})
}

func (f *fakeChat) tell(v any, to func(*fakeSession) bool) {
	raw, _ := json.Marshal(v)
	for c, s := range f.conns {
		if to(s) {
			_ = c.WriteMessage(gws.OpcodeText, raw)
		}
	}
}

func everybody(*fakeSession) bool { return true }

func (f *fakeChat) OnOpen(*gws.Conn) {}

func (f *fakeChat) OnClose(c *gws.Conn, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.conns[c]
	delete(f.conns, c)
	if s == nil || s.name == "" {
		return
	}
	time.AfterFunc(2*time.Second, func() { // the grace
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.holders[s.name]--; f.holders[s.name] == 0 {
			delete(f.holders, s.name)
			f.tell(map[string]any{"type": "member_remove", "name": s.name, "count": len(f.holders)}, everybody)
		}
	})
}

func (f *fakeChat) OnMessage(c *gws.Conn, m *gws.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.conns[c]
	verb, rest, _ := strings.Cut(m.Data.String(), ":")
	verb, ref, _ := strings.Cut(verb, "#")
	switch verb {
	case "join":
		f.join(c, s, rest)
	case "msg":
		name, text, _ := strings.Cut(rest, ":")
		if name != s.name {
			say(c, map[string]any{"type": "error", "code": "wrong_name", "message": "not yours", "ref": ref})
			return
		}
		f.once(c, s, ref, func(id int64) {
			msg := fakeMessage{Type: "msg", ID: id, User: name, Text: text, Time: id / 1e6}
			f.log = append(f.log, msg)
			f.tell(msg, func(*fakeSession) bool {
				f.delivered++
				return f.loseEvery == 0 || f.delivered%f.loseEvery != 0
			})
		})
	case "dm":
		parts := strings.SplitN(rest, ":", 3)
		f.once(c, s, ref, func(id int64) { f.whisper(id, parts[0], parts[1], parts[2]) })
	}
}

func (f *fakeChat) join(c *gws.Conn, s *fakeSession, rest string) {
	s.name, _, _ = strings.Cut(rest, ":")
	_ = c.WriteString("Welcome " + s.name + "!")
	inbox := f.inboxes[s.name]
	dms := after(inbox, s.dmSince, func(m fakeMessage) int64 { return m.Cursor })
	joined := map[string]any{"type": "joined", "name": s.name, "token": "t", "dms": append([]fakeMessage{}, dms...),
		"conversations": []any{}, "truncated": false}
	if n := len(inbox); n > 0 {
		joined["cursor"] = inbox[n-1].Cursor
	}
	say(c, joined)
	f.holders[s.name]++
	if f.holders[s.name] == 1 {
		f.tell(map[string]any{"type": "member_add", "name": s.name, "count": len(f.holders)}, everybody)
	}
}

func (f *fakeChat) nextID() int64 {
	f.lastID = max(time.Now().UnixMicro(), f.lastID+1)
	return f.lastID
}

// once does what a ref stands for, the first time, and acks; what has none is done each time, and not acked.
func (f *fakeChat) once(c *gws.Conn, s *fakeSession, ref string, do func(id int64)) {
	if ref == "" {
		do(f.nextID())
		return
	}
	key := s.name + "#" + ref
	id, known := f.refs[key]
	if !known {
		id = f.nextID()
		f.refs[key] = id
		do(id)
	}
	say(c, map[string]any{"type": "ack", "ref": ref, "id": id})
}

func (f *fakeChat) whisper(id int64, from, to, text string) {
	for i, user := range []string{from, to} {
		if i == 1 && from == to {
			break
		}
		m := fakeMessage{Type: "dm", ID: id, User: from, To: to, Text: text, Time: id / 1e6, Cursor: f.nextID()}
		f.inboxes[user] = append(f.inboxes[user], m)
		f.tell(m, func(s *fakeSession) bool { return s.name == user })
	}
}

func TestDrillOfAServerThatKeepsItsPromisesPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("talks for some seconds, which -short leaves out")
	}
	t.Parallel()
	web := startFakeChat(t, 0)
	var out strings.Builder
	args := []string{"-url", web.URL, "-faults", "none", "-clients", "30", "-rate", "200", "-duration", "8s", "-seed", "3"}
	if err := run(t.Context(), args, &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestDrillOfAServerThatLosesDeliveriesFails(t *testing.T) {
	if testing.Short() {
		t.Skip("talks for some seconds, which -short leaves out")
	}
	t.Parallel()
	web := startFakeChat(t, 1000)
	var out strings.Builder
	args := []string{"-url", web.URL, "-faults", "none", "-clients", "30", "-rate", "200", "-duration", "5s", "-seed", "3"}
	if err := run(t.Context(), args, &out); err == nil || !strings.Contains(out.String(), "message not received") {
		t.Error(fmt.Sprint(err), out.String())
	}
}
