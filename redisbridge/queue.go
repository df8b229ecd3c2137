package redisbridge

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
	"parley/actors/protocol"
)

// waiting is a message that is to be stored, and who wants to know.
type waiting struct {
	to *actor.PID
	actors.Message
}

// queue is what waits for an append lane, in order.
type queue struct{ asked[waiting] }

// add takes messages in, or refuses them where too many wait.
func (q *queue) add(b *bridge, w waiting) {
	if len(q.line) >= queueLimit && !w.Handed {
		b.refuse([]waiting{w}, protocol.CodeOverloaded)
		return
	}
	q.ask(w)
}

// batch takes out what the next one holds. What was said by those whose claim is lost is
// nobody's any more.
func (q *queue) batch(b *bridge) []waiting {
	if len(b.store.forsaken) > 0 {
		q.line = slices.DeleteFunc(q.line, func(w waiting) bool {
			_, forsaken := b.store.forsaken[w.to.Id]
			return forsaken
		})
	}
	n, bytes := 0, 0
	for n < len(q.line) && n < appendBatch && bytes < appendBytes {
		bytes += len(q.line[n].Text)
		n++
	}
	return q.take(n)
}

// expire refuses what has waited too long and was never handed over.
func (q *queue) expire(b *bridge, now time.Time) {
	var expired []waiting
	for _, w := range q.line {
		if !w.Handed && now.Sub(w.Received) >= actors.Patience {
			expired = append(expired, w)
		}
	}
	q.refuse(b, expired)
}

// refuse tells senders that their messages are not stored, nor what they have said behind
// them, and sees to it that they never will be: a session that was restarted asks again for
// what it cannot know to be waiting here still.
func (q *queue) refuse(b *bridge, refused []waiting) {
	if len(refused) == 0 {
		return
	}
	from := make(map[string]uint64, len(refused)) // the first that is refused, by session
	for _, w := range refused {
		if seq, ok := from[w.to.Id]; !ok || w.Seq < seq {
			from[w.to.Id] = w.Seq
		}
	}
	told := make(map[seqOf]bool, len(refused))
	for _, w := range refused {
		told[seqOf{w.to.Id, w.Seq}] = true
	}
	for _, w := range q.line {
		key := seqOf{w.to.Id, w.Seq}
		if seq, ok := from[w.to.Id]; ok && w.Seq > seq && !w.Handed && !told[key] {
			told[key] = true
			refused = append(refused, w)
		}
	}
	q.line = slices.DeleteFunc(q.line, func(w waiting) bool { return told[seqOf{w.to.Id, w.Seq}] })
	b.refuse(refused, protocol.CodeUnavailable)
}

// seqOf names a message among all sessions'.
type seqOf struct {
	session string
	seq     uint64
}

// refuseIfRefused refuses what waits for the lease, where that can't be had for Redis takes
// no writes, and waiting would not help.
func (b *bridge) refuseIfRefused() {
	if kind := b.store.health.refusal(); kind == "" || isTransientKind(kind) {
		return
	}
	b.publics.refuseWaiting(b)
	for i := range b.directs {
		b.directs[i].refuseWaiting(b)
	}
}

// refuseWaiting refuses all that was never handed over.
func (q *queue) refuseWaiting(b *bridge) {
	var refused []waiting
	for _, w := range q.line {
		if !w.Handed {
			refused = append(refused, w)
		}
	}
	q.refuse(b, refused)
}

// refuse tells the senders of a batch that it is not stored. It is decided first: what is asked
// again meanwhile finds it so.
func (b *bridge) refuse(batch []waiting, code protocol.Code) {
	for _, w := range batch {
		w.Refusal.Decide(code)
	}
	b.settle(batch, func(int) actors.Outcome { return actors.Outcome{Code: code} })
}

// settle tells the senders of a batch what outcome gives for its i-th message.
func (b *bridge) settle(batch []waiting, outcome func(i int) actors.Outcome) {
	for i := 0; i < len(batch); {
		to := batch[i].to
		settled := &actors.Settled{}
		for ; i < len(batch) && batch[i].to == to; i++ {
			o := outcome(i)
			o.Seq = batch[i].Seq
			settled.Outcomes = append(settled.Outcomes, o)
		}
		b.send(to, settled)
	}
}

// append takes messages in, public and direct.
func (b *bridge) append(m *actors.Append) {
	for _, message := range m.Messages {
		w := waiting{m.To, message}
		switch code := message.Refusal.Decided(); {
		case code != "":
			b.refuse([]waiting{w}, code) // asked again by who may not have heard
		case message.Receiver == "":
			b.publics.add(b, w)
		default:
			b.directs[laneOf(message.Sender)].add(b, w)
		}
	}
}

// failed deals with a batch whose i-th message failed with errOf(i). What may be
// done is repeated until its outcome is known; what is known not to be done waits
// for the next try, or is refused where a try would not help.
func (q *queue) failed(b *bridge, batch []waiting, errOf func(i int) error) {
	var again, refused []waiting
	for i, w := range batch {
		err := errOf(i)
		w.Handed = w.Handed || !certainlyNotDone(err)
		if w.Handed || isTransient(err) {
			again = append(again, w)
		} else {
			refused = append(refused, w)
		}
	}
	q.putBack(again)
	q.refuse(b, refused)
}

// isTransient says whether trying again soon may help, of an error that means: not
// done.
func isTransient(err error) bool {
	if !isReply(err) {
		return true
	}
	return isTransientKind(replyKind(err))
}

func isTransientKind(kind string) bool {
	switch kind {
	case "NOAUTH", "WRONGPASS", "LOADING", "READONLY", "MASTERDOWN", "BUSY", "NOSCRIPT":
		return true
	default:
		return false
	}
}
