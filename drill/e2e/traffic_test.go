package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/drill/rig"
)

// traffic is a crowd that talks while something fails, and what each of them saw.
type traffic struct {
	test    *testing.T
	redis   *rig.Redis
	behind  *node // the one whose link fails
	talkers []*talker
	stop    chan struct{}
	done    sync.WaitGroup
}

// talker is one member of it: a connection that is made anew when it ends, as a
// good client does, with since, and with its unanswered messages sent again.
type talker struct {
	name  string
	nodes []*node
	turn  int

	mu      sync.Mutex
	conn    *rig.Client
	token   string
	started bool
	cursor  int64 // of the first init
	last    int64 // the newest id seen
	seen    []int64
	frames  map[int64]string
	waiting map[string]string // by ref: the frame
	order   []string          // refs in the order said
	acked   map[string]int64
	refused map[string]bool
	direct  correspondence
	faults  []string
	ended   int // connections that ended
}

// pace is how long a talker waits after what it said was answered, or a while.
const pace = 4 * time.Millisecond

func startTraffic(t *testing.T, redis *rig.Redis, talkers int, nodes ...*node) *traffic {
	t.Helper()
	tr := &traffic{test: t, redis: redis, stop: make(chan struct{})}
	for i := range talkers {
		w := &talker{
			name: fmt.Sprintf("talker %d", i), nodes: nodes, turn: i,
			frames: map[int64]string{}, waiting: map[string]string{}, acked: map[string]int64{}, refused: map[string]bool{},
			direct: correspondence{frames: map[int64]string{}, receivers: map[string]string{}},
		}
		tr.talkers = append(tr.talkers, w)
		w.connect()
	}
	for _, w := range tr.talkers {
		eventually(t, w.name+" has joined", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.token != "" })
	}
	for _, w := range tr.talkers { // everybody is there to be written to
		tr.done.Go(func() { w.talk(tr.talkers, tr.stop) })
	}
	return tr
}

// connect opens the talker's next connection.
func (w *talker) connect() {
	n := w.nodes[w.turn%len(w.nodes)]
	query := ""
	w.mu.Lock()
	if w.started {
		query = "?since=" + strconv.FormatInt(w.last, 10)
	}
	if w.direct.started {
		query += "&dmsince=" + strconv.FormatInt(w.direct.last, 10)
	}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var mine *rig.Client
	ready := make(chan struct{})
	c, err := rig.Dial(ctx, n.WS()+query, rig.ClientOptions{
		OnFrame: func(f rig.Frame) { <-ready; w.hear(mine, f) },
		OnClose: func(uint16, string) { <-ready; w.lost(mine) },
	})
	if err != nil {
		w.fault("connect: %v", err)
		close(ready)
		return
	}
	mine = c
	w.mu.Lock()
	w.conn = c
	join := "join:" + w.name
	if w.token != "" {
		join += ":" + w.token
	}
	again := make([]string, 0, len(w.waiting))
	for _, ref := range w.order {
		if frame, ok := w.waiting[ref]; ok {
			again = append(again, frame)
		}
	}
	w.mu.Unlock()
	close(ready)
	for _, frame := range append([]string{join}, again...) {
		_ = c.Send(frame) // a connection that ends is followed by another
	}
}

func (w *talker) lost(c *rig.Client) {
	w.mu.Lock()
	mine := w.conn == c
	if mine {
		w.conn = nil
		w.ended++
		w.turn++
	}
	w.mu.Unlock()
}

func (w *talker) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// talk says something all the time, to everybody or to one of the crowd, until stop;
// while too much is unanswered it waits.
func (w *talker) talk(crowd []*talker, stop <-chan struct{}) {
	every := time.NewTicker(pace)
	defer every.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-every.C:
		}
		w.mu.Lock()
		c, unanswered := w.conn, len(w.waiting)
		w.mu.Unlock()
		if c == nil {
			w.connect()
			continue
		}
		if unanswered >= 20 {
			continue
		}
		ref := fmt.Sprintf("%s-%d", strings.ReplaceAll(w.name, " ", "_"), i)
		frame := fmt.Sprintf("msg#%s:%s:text of %s.", ref, w.name, ref)
		w.mu.Lock()
		if i%directEvery == 0 {
			receiver := crowd[i/directEvery%len(crowd)].name
			w.direct.receivers[ref] = receiver
			frame = fmt.Sprintf("dm#%s:%s:%s:text of %s.", ref, w.name, receiver, ref)
		}
		w.waiting[ref] = frame
		w.order = append(w.order, ref)
		w.mu.Unlock()
		_ = c.Send(frame)
	}
}

// hear notes what a frame says.
func (w *talker) hear(c *rig.Client, f rig.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != c {
		return // of a connection that was given up: it is resumed from what was noted
	}
	switch f.Type {
	case "init":
		w.heardInit(f)
	case "joined":
		w.heardJoined(f)
	case "msg":
		w.see(f.ID, string(f.Raw))
	case "dm":
		w.seeDirect(f.Cursor, string(f.Raw))
	case "ack":
		if first, twice := w.acked[f.Ref]; twice && first != f.ID {
			w.faults = append(w.faults, fmt.Sprintf("%s acked with %d and %d", f.Ref, first, f.ID))
		}
		w.acked[f.Ref] = f.ID
		delete(w.waiting, f.Ref)
	case "error":
		if f.Ref != "" {
			w.refused[f.Ref] = true
			delete(w.waiting, f.Ref)
		} else {
			w.faults = append(w.faults, string(f.Raw))
		}
	}
}

func (w *talker) heardInit(f rig.Frame) {
	var o struct {
		History   []json.RawMessage
		Cursor    int64
		Truncated bool
	}
	if err := json.Unmarshal(f.Raw, &o); err != nil {
		w.faults = append(w.faults, err.Error())
		return
	}
	if !w.started {
		w.started = true
		w.cursor, w.last = o.Cursor, o.Cursor
		return
	}
	if o.Truncated {
		w.faults = append(w.faults, "truncated on resume")
	}
	for _, m := range o.History {
		var id struct{ ID int64 }
		_ = json.Unmarshal(m, &id)
		w.see(id.ID, string(m))
	}
}

func (w *talker) see(id int64, raw string) {
	if id <= w.last {
		w.faults = append(w.faults, fmt.Sprintf("id %d after %d", id, w.last))
	}
	w.last = id
	w.seen = append(w.seen, id)
	w.frames[id] = raw
}

// said waits until the crowd has had so many more answers.
func (tr *traffic) said(more int) {
	tr.test.Helper()
	count := func() (n int) {
		for _, w := range tr.talkers {
			w.mu.Lock()
			n += len(w.acked) + len(w.refused)
			w.mu.Unlock()
		}
		return n
	}
	goal := count() + more
	eventually(tr.test, fmt.Sprintf("%d more answers", more), func() bool { return count() >= goal })
}

// connectionsEnded is how many connections of the crowd have ended.
func (tr *traffic) connectionsEnded() (n int) {
	for _, w := range tr.talkers {
		w.mu.Lock()
		n += w.ended
		w.mu.Unlock()
	}
	return n
}
