package linear

import (
	"testing"

	"parley/drill/check"
)

// inInboxes has ann say things to ben on two connections, as say does, and gives both inboxes what the conversation has in
// another order: the places in it of their first, their second, and so on.
func inInboxes(say func(w *world, phone, laptop *socket), order ...int) *check.History {
	w := newWorld()
	phone, laptop, ben := w.connect("ann", "a"), w.connect("ann", "b"), w.connect("ben", "a")
	for _, s := range []*socket{phone, laptop, ben} {
		w.begin(s)
	}
	say(w, phone, laptop)
	for user, was := range w.inboxes {
		mine := make([]check.Entry, len(order))
		for i, place := range order {
			mine[i] = was[place]
			mine[i].Cursor = was[i].Cursor
		}
		w.inboxes[user] = mine
	}
	return w.end()
}

func atOnce(w *world, phone, laptop *socket) {
	w.say(phone, "ben", "d0")
	w.say(laptop, "ben", "d1")
	w.store(phone)
	w.store(laptop)
}

func andThen(w *world, phone, laptop *socket) {
	atOnce(w, phone, laptop)
	w.ack(phone)
	w.ack(laptop)
	w.say(phone, "ben", "d2")
	w.store(phone)
}

func oneAfterTheOther(w *world, phone, laptop *socket) {
	w.say(phone, "ben", "d0")
	w.store(phone)
	w.ack(phone)
	w.say(laptop, "ben", "d1")
	w.store(laptop)
}

// againElsewhere has d0 said on the phone, and d1 after it, there and on the laptop.
func againElsewhere(bare bool) func(w *world, phone, laptop *socket) {
	return func(w *world, phone, laptop *socket) {
		w.say(phone, "ben", "d0")
		find(phone.Connection, check.Send, 0).Bare = bare
		w.say(phone, "ben", "d1")
		w.send(laptop, note{"ben", "d1"})
		w.store(laptop)
		w.store(phone)
		w.store(phone)
	}
}

func onOneConnection(w *world, phone, _ *socket) { atOnce(w, phone, phone) }

func TestWhatIsSaidAtOnceOnTwoConnectionsIsHeardInAnyOrder(t *testing.T) {
	mustPass(t, Check(inInboxes(atOnce, 0, 1), 0))
	mustPass(t, Check(inInboxes(atOnce, 1, 0), 0))
	mustPass(t, Check(inInboxes(andThen, 1, 0, 2), 0))
	mustPass(t, Check(inInboxes(againElsewhere(true), 1, 0), 0))
	for name, h := range map[string]*check.History{
		"one after the other":     inInboxes(oneAfterTheOther, 1, 0),
		"on one connection":       inInboxes(onOneConnection, 1, 0),
		"again, both with a ref":  inInboxes(againElsewhere(false), 1, 0),
		"before what came later":  inInboxes(andThen, 1, 2, 0),
		"after what came earlier": inInboxes(andThen, 2, 0, 1),
		"in another order, and d0 twice": func() *check.History {
			h := inInboxes(atOnce, 1, 0)
			ben := h.Connections[2]
			again := *find(ben, check.DM, 1)
			again.Cursor++
			ben.Events = append(ben.Events, again)
			return h
		}(),
	} {
		if r := Check(h, 0); !foundIn(r, "the conversation ann → ben") {
			t.Errorf("%s: found %v", name, r.Violations)
		}
	}
	for n := range 2 {
		h := inInboxes(atOnce, 1, 0)
		remove(h.Connections[2], check.DM, n)
		if r := Check(h, 0); !foundIn(r, "the inbox of ben") {
			t.Errorf("ben is not told the %d. in his inbox: found %v", n+1, r.Violations)
		}
	}
}

func foundIn(r *Result, log string) bool {
	for _, v := range r.Violations {
		if v.Log == log {
			return true
		}
	}
	return false
}
