package redisbridge

import (
	"context"
	"errors"
	"hash/fnv"
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

const (
	// appendBatch is how many messages one call of the append script holds: Redis
	// runs it in about 2 ms, and nothing else meanwhile.
	appendBatch = 512
	// appendBytes bounds its size likewise.
	appendBytes = 512 << 10
	// queueLimit is how many messages may wait for Redis on a node; more are refused
	// as overloaded. At most 256 MiB of the longest, and a second of the fastest.
	queueLimit = 32768
	// directLanes is how many batches of direct messages may be under way at once, and roomLanes of
	// those in rooms with a name: while Redis works for one, the replies of another are read.
	directLanes = 4
	roomLanes   = 4

	// Where which lanes stand.
	publicLane      = 0
	firstDirectLane = publicLane + 1
	firstRoomLane   = firstDirectLane + directLanes
	appendLanes     = firstRoomLane + roomLanes
)

// appender is a lane that stores messages: all that sessions ask while one batch is under way
// go with the next (group commit). A sender's that have an order are all in one, so that they keep it:
// the public ones, all direct ones, and those in one room.
type appender struct {
	queue[waiting]
	pace  pace
	paced bool // by that; direct messages are not
}

// laneOf is the lane that a message waits for.
func laneOf(m *actors.Message) int {
	h := fnv.New32a()
	switch {
	case m.Receiver != "":
		_, _ = h.Write([]byte(m.Sender))
		return firstDirectLane + int(h.Sum32()%directLanes)
	case m.Log.Named():
		_, _ = h.Write([]byte(m.Log.Name))
		return firstRoomLane + int(h.Sum32()%roomLanes)
	}
	return publicLane
}

// add takes messages in, or refuses them where too many wait.
func (q *appender) add(b *bridge, w waiting) {
	if len(q.line) >= queueLimit && !w.Handed {
		b.refuse([]waiting{w}, protocol.CodeOverloaded)
		return
	}
	q.ask(w)
}

// batch takes out what the next one holds. What was said by those whose claim is lost is
// nobody's any more.
func (q *appender) batch(b *bridge) []waiting {
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

// commit stores the next batch of a lane.
func (b *bridge) commit(now time.Time, q *appender) {
	if !q.free(now) || len(q.line) == 0 {
		return
	}
	if wait := q.pace.wait(now); q.paced && wait > 0 && len(q.line) < appendBatch {
		b.wake(now, wait)
		return
	}
	batch := q.batch(b)
	if len(batch) == 0 {
		return
	}
	if q.paced {
		q.pace.committed(now, batch[0].Ref, batch[0].Received)
	}
	work := sendings(batch)
	fence := b.store.lease.fence() // now: a later one may be of a lease that the claims did not outlast
	b.run(&q.lane, len(work), func(ctx context.Context) error {
		entries, err := b.store.append(ctx, work, fence)
		b.store.journal.note(entries, time.Now())
		return err
	}, func(error) { b.stored(q, work) })
}

// stored tells the senders what is stored. What may be is asked again until its outcome is
// known; what is known not to be waits for the next try, or is refused where a try would not
// help.
func (b *bridge) stored(q *appender, work []sending) {
	var again, refused []waiting
	behind := false
	for i := range work {
		w := &work[i]
		if w.err == nil {
			continue
		}
		behind = behind || errors.Is(w.err, errBehind)
		// One that is in its conversation must reach the inboxes.
		w.Handed = w.Handed || w.payload != ""
		w.Handed = w.Handed || !certainlyNotDone(w.err)
		if w.Handed || isTransient(w.err) {
			again = append(again, *w.waiting)
		} else {
			refused = append(refused, *w.waiting)
		}
	}
	if behind {
		q.until = time.Now().Add(shortestRetry)
		b.store.log.Warn().Msg("redis lacks messages: writing them back")
		b.changed()
	}
	q.putBack(again)
	q.refuse(b, refused)
	b.settle(len(work), func(i int) (*waiting, actors.Outcome) {
		if work[i].err != nil {
			return nil, actors.Outcome{}
		}
		return work[i].waiting, actors.Outcome{ID: work[i].id}
	})
}

// expire refuses what has waited for so long and was never handed over.
func (q *appender) expire(b *bridge, now time.Time, patience time.Duration) {
	var expired []waiting
	for _, w := range q.line {
		if !w.Handed && now.Sub(w.Received) >= patience {
			expired = append(expired, w)
		}
	}
	q.refuse(b, expired)
}

// refuse tells senders that their messages are not stored, nor what they have said behind
// them, and sees to it that they never will be: a session that was restarted asks again for
// what it cannot know to be waiting here still.
func (q *appender) refuse(b *bridge, refused []waiting) {
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

// expireIfRefused refuses what waits for the lease, where that can't be had for Redis takes
// no writes, and waiting would not help.
func (b *bridge) expireIfRefused(now time.Time) {
	if kind := b.store.health.refusal(); kind != "" && !isTransientKind(kind) {
		b.expireMessages(now, 0)
	}
}

// expireMessages refuses those that have waited for so long.
func (b *bridge) expireMessages(now time.Time, patience time.Duration) {
	for i := range b.appenders {
		b.appenders[i].expire(b, now, patience)
	}
}

// refuse tells the senders of a batch that it is not stored. It is decided first: what is asked
// again meanwhile finds it so.
func (b *bridge) refuse(batch []waiting, code protocol.Code) {
	for _, w := range batch {
		w.Refusal.Decide(code)
	}
	b.settle(len(batch), func(i int) (*waiting, actors.Outcome) { return &batch[i], actors.Outcome{Code: code} })
}

// settle tells the senders of n messages what became of them, at once where one's follow each
// other; of gives the i-th, nil if its outcome is not known yet.
func (b *bridge) settle(n int, of func(i int) (*waiting, actors.Outcome)) {
	var to *actor.PID
	settled := &actors.Settled{}
	for i := range n {
		w, outcome := of(i)
		if w == nil {
			continue
		}
		if w.to != to && to != nil {
			b.send(to, settled)
			settled = &actors.Settled{}
		}
		to, outcome.Seq = w.to, w.Seq
		settled.Outcomes = append(settled.Outcomes, outcome)
	}
	if to != nil {
		b.send(to, settled)
	}
}

// append takes messages in.
func (b *bridge) append(m *actors.Append) {
	for _, message := range m.Messages {
		w := waiting{m.To, message}
		if code := message.Refusal.Decided(); code != "" {
			b.refuse([]waiting{w}, code) // asked again by who may not have heard
		} else {
			b.appenders[laneOf(&message)].add(b, w)
		}
	}
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
