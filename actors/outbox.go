package actors

import (
	"time"

	"parley/actors/engine"
)

const (
	// outboxMessages and outboxBytes bound what one connection may have said that is
	// not stored yet. Beyond, its read loop waits, so TCP pushes back. They hold
	// 0.1 s of the heaviest sender, within the 64 KiB that a connection may cost.
	outboxMessages = 128
	outboxBytes    = 24 << 10
	// Patience is how long a message may wait before it is handed to Redis; then it
	// is refused, for people would rather know than wait.
	Patience = 5 * time.Second
)

// outbox holds what a connection has said and Redis has not confirmed, in order.
// Part of it, the oldest, may be in flight; the rest waits. It outlives the session
// actor, so that a restarted one can ask again.
type outbox struct {
	messages engine.Ring[pending]
	bytes    int
	inFlight int // messages, from the oldest on, that the bridge was given
	settled  int // of those, how many have their outcome
	seq      uint64
}

// pending is a message and who wants to know of it.
type pending struct {
	Message
	ref     string // the client's, "" if it gave none
	settled bool
}

func (o *outbox) full() bool {
	return o.messages.Len() >= outboxMessages || o.bytes >= outboxBytes
}

func (o *outbox) empty() bool { return o.messages.Len() == 0 }

// add takes a message in, and gives it its number.
func (o *outbox) add(m Message, ref string) {
	o.seq++
	m.Seq, m.Refusal = o.seq, &Refusal{}
	o.messages.Push(pending{Message: m, ref: ref})
	o.bytes += len(m.Text)
}

// take gives all that waits, if nothing is in flight: one sender's order survives
// retries because at most one append is under way.
func (o *outbox) take() []Message {
	if o.inFlight > 0 || o.messages.Len() == 0 {
		return nil
	}
	o.inFlight = o.messages.Len()
	return o.flying(false)
}

// retake gives again what is in flight, as perhaps handed to Redis already.
func (o *outbox) retake() []Message { return o.flying(true) }

func (o *outbox) flying(handed bool) []Message {
	var messages []Message
	for i := range o.inFlight {
		if p := o.messages.At(i); !p.settled {
			p.Handed = handed
			messages = append(messages, p.Message)
		}
	}
	return messages
}

// settle notes an outcome; ok is false if the message is not in flight (an outcome
// told twice). When the last one in flight has its outcome, all leave.
func (o *outbox) settle(seq uint64) (p pending, ok bool) {
	for i := range o.inFlight {
		slot := o.messages.Slot(i)
		if slot.Seq != seq || slot.settled {
			continue
		}
		slot.settled = true
		p = *slot
		o.settled++
		if o.settled == o.inFlight {
			for range o.inFlight {
				o.bytes -= len(o.messages.Pop().Text)
			}
			o.inFlight, o.settled = 0, 0
		}
		return p, true
	}
	return pending{}, false
}

// expire takes out all that waits and was never given to the bridge, if the oldest of it has
// waited longer than Patience: what waits behind a refused message is refused with it. A
// client may never read the refusal, and says all that was not acked again, in order; what
// was stored meanwhile would come before.
func (o *outbox) expire(now time.Time) []pending {
	if at, ok := o.nextExpiry(); !ok || now.Before(at) {
		return nil
	}
	return o.refuse()
}

// refuse takes out all that waits and was never given to the bridge.
func (o *outbox) refuse() (refused []pending) {
	var rest engine.Ring[pending]
	o.bytes = 0
	for i := range o.messages.Len() {
		p := o.messages.At(i)
		if i >= o.inFlight {
			refused = append(refused, p)
			continue
		}
		rest.Push(p)
		o.bytes += len(p.Text)
	}
	o.messages = rest
	return refused
}

// nextExpiry is when the oldest message that waits runs out of patience.
func (o *outbox) nextExpiry() (at time.Time, ok bool) {
	if o.messages.Len() == o.inFlight {
		return time.Time{}, false
	}
	return o.messages.At(o.inFlight).Received.Add(Patience), true
}
