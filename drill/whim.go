package main

import (
	"context"
	"time"

	"parley/drill/rig"
)

type whimKind int

const (
	leaving  whimKind = iota // with a goodbye
	dropping                 // without
	stalling                 // does not read for a while
	clogging                 // the same, having asked for more than sockets hold
	flooding                 // says much more than is allowed
)

// whim is something else than talking.
type whim struct {
	kind  whimKind
	lasts time.Duration
	size  int // of a flood
}

// pages is how many pages of history a client asks for that is about to clog: more than the 256 KiB that the server's
// kernel keeps for a socket, and the 128 KiB of the client's.
const pages = 80

// follow does what a whim says; it returns how long to stay away where that ends the connection.
func (v *visit) follow(ctx context.Context, w whim) time.Duration {
	switch w.kind {
	case leaving:
		v.leave(true)
		return w.lasts
	case dropping:
		v.leave(false)
		return w.lasts
	case stalling:
		v.deaf(ctx, w.lasts)
	case clogging:
		v.stall(true)
		v.askForPages()
		v.deaf(ctx, w.lasts)
		v.talker.did.add("let their sockets clog")
	case flooding:
		v.flood(w.size)
	}
	return 0
}

// deaf reads nothing for a while, or until all is quiet.
func (v *visit) deaf(ctx context.Context, lasts time.Duration) {
	v.stall(true)
	over := time.NewTimer(lasts)
	defer over.Stop()
	select {
	case <-ctx.Done():
	case <-v.talker.quiet:
	case <-over.C:
	}
	v.stall(false)
}

// stall begins or ends not to read; doing either twice is harmless.
func (v *visit) stall(on bool) {
	v.talker.mu.Lock()
	begins := on && !v.talker.stalled
	v.talker.stalled = on
	if begins {
		v.stalled = time.Now()
	} else if !on {
		v.reads = time.Now()
	}
	v.talker.mu.Unlock()
	switch {
	case begins:
		v.client.Stall()
		v.record.stall()
	case !on:
		v.record.unstall()
		v.client.Unstall()
	}
}

// askForPages has the server write more than its kernel takes.
func (v *visit) askForPages() {
	for range pages {
		ref, frame := v.talker.ask()
		v.record.asked(ref, frame)
		if v.client.Send(frame) != nil {
			return // its end is told elsewhere
		}
	}
}

// flood says so many things at once, and repeats none: what is refused was too much.
func (v *visit) flood(size int) {
	t := v.talker
	t.mu.Lock()
	v.flooded = true
	t.mu.Unlock()
	t.did.add("flooded")
	for range size {
		t.mu.Lock()
		t.seq++
		m := newMessage(t.name, "", t.ref(), "flood")
		t.mu.Unlock()
		if v.send(m) != nil {
			return
		}
	}
}

// drained has the client leave a node that is going away, in the time that it was given, unless it is patient. Under the
// talker's mutex.
func (v *visit) drained(f rig.Frame) {
	t := v.talker
	t.did.add("told to go elsewhere")
	if t.patient || t.home != nil {
		return
	}
	var notice struct {
		After int64 `json:"after_ms"`
	}
	_ = f.Decode(&notice) // not JSON: at once
	t.shun = v.node
	time.AfterFunc(time.Duration(notice.After)*time.Millisecond, func() {
		t.mu.Lock()
		connected := v.client != nil
		t.mu.Unlock()
		if connected {
			v.leave(false)
		}
	})
}
