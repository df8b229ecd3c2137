package main

import (
	"context"
	"time"

	"parley/drill/rig"
)

// visit is one connection of a talker. Its talking is in talk; hear and closed run in the reading goroutine.
type visit struct {
	talker  *talker
	node    *node
	record  *record
	client  *rig.Client
	welcome chan struct{} // closed when joined
	rejoin  chan struct{} // a join was refused: try again
	barred  chan struct{} // so was a room
	parting bool          // the end is this client's own wish; under the talker's mutex
	goodbye bool          // and it says so with code 1000
	stalled time.Time     // when it last began not to read; under the talker's mutex
	reads   time.Time     // and when it last read on; likewise
	lacks   time.Time     // when it was told that some of what it missed is gone: more may go while it catches up; likewise
	flooded bool          // it said far too much; likewise
}

// talk joins, repeats what was not answered, and then says what comes to mind, until the connection ends. It returns how
// long the client wants to stay away; 0: the usual wait.
func (v *visit) talk(ctx context.Context) time.Duration {
	if !v.join(ctx) {
		return 0
	}
	t := v.talker
	if v.goWhereItWants() != nil {
		return 0
	}
	t.mu.Lock()
	repeats := append([]message(nil), t.unacked...)
	t.mu.Unlock()
	for _, m := range repeats {
		if v.send(m) != nil {
			return 0
		}
	}
	next := time.NewTimer(t.mood.pause(t))
	defer next.Stop()
	whim := time.NewTimer(t.mood.whim(t))
	defer whim.Stop()
	move := time.NewTimer(t.stay())
	defer move.Stop()
	again := time.NewTimer(never)
	defer again.Stop()
	for quiet := t.quiet; ; {
		select {
		case <-ctx.Done():
			v.leave(false)
			return 0
		case <-v.client.Done():
			return 0
		case <-quiet:
			quiet = nil
			next.Stop()
			whim.Stop()
			move.Stop()
		case <-move.C:
			t.changeItsMind()
			if v.goWhereItWants() != nil {
				return 0
			}
			move.Reset(t.stay())
		case <-v.barred:
			again.Reset(rejoinPause)
		case <-again.C:
			if v.goWhereItWants() != nil {
				return 0
			}
		case <-t.mood.kick():
			if v.speak() != nil {
				return 0
			}
			if quiet != nil {
				next.Reset(t.mood.pause(t))
			}
		case <-next.C:
			if v.speak() != nil {
				return 0
			}
			next.Reset(t.mood.pause(t))
		case <-whim.C:
			if away := v.follow(ctx, t.mood.choose(t)); away > 0 {
				return away
			}
			whim.Reset(t.mood.whim(t))
		}
	}
}

// join asks for the name until it is given.
func (v *visit) join(ctx context.Context) bool {
	for {
		frame, person, shown := v.talker.joinFrame()
		v.record.joining(person, shown)
		if v.client.Send(frame) != nil {
			return false
		}
		select {
		case <-v.welcome:
			return true
		case <-v.rejoin:
			pause(ctx, rejoinPause)
		case <-v.client.Done():
			return false
		case <-ctx.Done():
			v.leave(false)
			return false
		}
	}
}

// speak says one new thing, unless too much is unanswered.
func (v *visit) speak() error {
	t := v.talker
	t.mu.Lock()
	full := len(t.unacked) >= maxUnacked
	t.mu.Unlock()
	if full {
		return nil
	}
	m, valid := t.mood.message(t)
	if valid {
		t.mu.Lock()
		t.unacked = append(t.unacked, m)
		t.mu.Unlock()
	}
	return v.send(m)
}

func (v *visit) send(m message) error {
	v.record.sent(m)
	return v.client.Send(m.frame)
}

// leave ends the connection, with or without a goodbye.
func (v *visit) leave(goodbye bool) {
	v.talker.mu.Lock()
	if !v.parting { // it may be told to go elsewhere while it says goodbye
		v.parting, v.goodbye = true, goodbye
	}
	v.talker.mu.Unlock()
	if goodbye {
		v.record.parting()
		v.client.Close()
	} else {
		v.client.Drop()
	}
}

func (v *visit) closed(code uint16, reason string) {
	v.talker.mu.Lock()
	parting, goodbye, stalled, reads, lacks, flooded := v.parting, v.goodbye, v.stalled, v.reads, v.lacks, v.flooded
	v.talker.mu.Unlock()
	v.record.closed(code, goodbye)
	if parting || v.talker.closes == nil {
		return
	}
	x := closing{at: time.Now(), node: v.node, code: code, reason: reason, client: v.talker.base}
	if stalled.After(reads) || x.at.Sub(reads) < aftermath {
		x.deaf = x.at.Sub(stalled)
	}
	x.behind = isBehind(x.at, stalled, reads, lacks)
	x.asked = x.earned(flooded, v.talker.contends)
	if what := endings[code]; what != "" {
		v.talker.did.add(what)
	}
	v.talker.closes.add(x)
}

// hear takes a frame: first it is noted, then the client learns from it.
func (v *visit) hear(f rig.Frame) {
	v.record.heard(f)
	t := v.talker
	if f.Type == "msg" && f.Room == "" && t.heardMsg != nil {
		t.heardMsg(f)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms.Hear(f) {
		t.did.add("told to have " + f.Type + " a room")
	}
	switch f.Type {
	case "msg":
		if f.Room == "" {
			t.since = max(t.since, f.ID)
		}
	case "dm":
		t.dmSince = max(t.dmSince, f.Cursor)
	case "init":
		if t.resumedFeed(f) {
			v.lacks = time.Now()
		}
	case "joined":
		if anew := t.resumedInbox(f); anew {
			v.record.unproved()
		}
		t.joined, t.taken = true, 0
		if t.contends {
			t.did.add("had a name that others want")
		}
		select {
		case <-v.welcome: // told twice: the checker's business
		default:
			close(v.welcome)
		}
	case "drain":
		v.drained(f)
	case "ack":
		t.lastAck = max(t.lastAck, f.ID)
		t.answered(f.Ref)
	case "error":
		if f.Code == "rate_limited" {
			t.did.add("said too much and was told so")
		}
		if f.Ref != "" {
			t.answered(f.Ref)
			v.refusedRoom(f)
		} else if !t.joined {
			v.refusedJoin(f.Code)
		}
	}
}

// refusedJoin prepares another try. Under the talker's mutex.
func (v *visit) refusedJoin(code string) {
	t := v.talker
	if code == "name_taken" && t.contends {
		t.did.add("wanted a name that others had")
		t.estrange()
	} else if code == "name_taken" {
		if t.taken++; t.taken >= maxTaken && t.token == "" {
			t.rename()
			go v.client.Drop() // a new person on a new connection; Drop waits for this goroutine
			return
		}
	}
	select {
	case v.rejoin <- struct{}{}:
	default:
	}
}
