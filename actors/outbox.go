package actors

import "time"

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
	messages ring[pending]
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
	return o.messages.len() >= outboxMessages || o.bytes >= outboxBytes
}

func (o *outbox) empty() bool { return o.messages.len() == 0 }

// add takes a message in, and gives it its number.
func (o *outbox) add(m Message, ref string) {
	o.seq++
	m.Seq = o.seq
	o.messages.push(pending{Message: m, ref: ref})
	o.bytes += len(m.Text)
}

// take gives all that waits, if nothing is in flight: one sender's order survives
// retries because at most one append is under way.
func (o *outbox) take() []Message {
	if o.inFlight > 0 || o.messages.len() == 0 {
		return nil
	}
	o.inFlight = o.messages.len()
	return o.flying(false)
}

// retake gives again what is in flight, as perhaps handed to Redis already.
func (o *outbox) retake() []Message { return o.flying(true) }

func (o *outbox) flying(handed bool) []Message {
	var messages []Message
	for i := range o.inFlight {
		if p := o.messages.at(i); !p.settled {
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
		slot := o.messages.slot(i)
		if slot.Seq != seq || slot.settled {
			continue
		}
		slot.settled = true
		p = *slot
		o.settled++
		if o.settled == o.inFlight {
			for range o.inFlight {
				o.bytes -= len(o.messages.pop().Text)
			}
			o.inFlight, o.settled = 0, 0
		}
		return p, true
	}
	return pending{}, false
}

// expire takes out what has waited longer than Patience and was never given to the
// bridge.
func (o *outbox) expire(now time.Time) []pending {
	var expired []pending
	keep := o.messages.len()
	for i := o.inFlight; i < keep; i++ {
		if p := o.messages.at(i); now.Sub(p.Received) >= Patience {
			expired = append(expired, p)
		}
	}
	if len(expired) == 0 {
		return nil
	}
	// Those that wait are in the order received, so the expired are the oldest of
	// them: rebuild the ring without.
	var rest ring[pending]
	for i := range keep {
		if i < o.inFlight || i >= o.inFlight+len(expired) {
			rest.push(o.messages.at(i))
		}
	}
	o.messages = rest
	for _, p := range expired {
		o.bytes -= len(p.Text)
	}
	return expired
}

// drop takes out all that waits and was never given to the bridge.
func (o *outbox) drop() {
	var rest ring[pending]
	o.bytes = 0
	for i := range o.inFlight {
		p := o.messages.at(i)
		rest.push(p)
		o.bytes += len(p.Text)
	}
	o.messages = rest
}

// nextExpiry is when the oldest message that waits runs out of patience.
func (o *outbox) nextExpiry() (at time.Time, ok bool) {
	if o.messages.len() == o.inFlight {
		return time.Time{}, false
	}
	return o.messages.at(o.inFlight).Received.Add(Patience), true
}
