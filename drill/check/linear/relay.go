package linear

import (
	"slices"

	"parley/drill/check"
)

// People hear a conversation through their inboxes, into which each node puts its messages when the conversation has them.
// So what a name said at once on two connections may stand in the inbox in the other order, and what it said on one without
// a ref beside what it said again on another. The inbox is a log of its own, and judged as that: here only what can't be
// told in the conversation's order is let pass.

// saying is how a message was said: from its first send to its first ack, on which connections, and whether without a ref.
type saying struct {
	call, ret int64
	on        map[*check.Connection]bool
	bare      bool
}

// collectSayings gives those of all messages, not counting what was refused.
func (b *book) collectSayings() map[message]*saying {
	all := make(map[message]*saying)
	for _, a := range b.attempts {
		if a.outcome == refused {
			continue
		}
		s := all[a.message]
		if s == nil {
			s = &saying{call: never, ret: never, on: make(map[*check.Connection]bool), bare: a.bare}
			all[a.message] = s
		}
		s.call = min(s.call, a.call)
		if a.outcome == acked {
			s.ret = min(s.ret, a.ret)
		}
		s.on[a.conn] = true
	}
	return all
}

// atOnce says whether two messages were said at the same time, on different connections, or one of them on another, too.
func (t *trial) atOnce(one, other *place) bool {
	a, b := t.sayings[one.message], t.sayings[other.message]
	if a == nil || b == nil || a.call > b.ret || b.call > a.ret {
		return false
	}
	if a.bare && len(b.on) > 1 || b.bare && len(a.on) > 1 {
		return true
	}
	for conn := range a.on {
		if b.on[conn] {
			return false
		}
	}
	return true
}

// overtaken says whether an entry may be told after those that were: it was said at once with all that are behind it.
func (t *trial) overtaken(told []telling, place int) bool {
	return t.relayed && !slices.ContainsFunc(told, func(before telling) bool {
		behind := t.index[before.id]
		return behind >= place && !t.atOnce(&t.places[place], &t.places[behind])
	})
}

// elsewhere says whether an entry that is due may stand elsewhere in the inbox: it is told later, and judged then, or was
// said at once with something that is told.
func (t *trial) elsewhere(p *passage, due *place) bool {
	return t.relayed && slices.ContainsFunc(p.told, func(told telling) bool {
		return told.id == due.id || t.atOnce(due, &t.places[t.index[told.id]])
	})
}
