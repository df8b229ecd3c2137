package redisbridge

import (
	"context"
	"time"

	"parley/actors"
)

const (
	// appendBatch is how many messages one call of the append script holds: Redis
	// runs it in about 2 ms, and nothing else meanwhile.
	appendBatch = 512
	// appendBytes bounds its size likewise.
	appendBytes = 512 << 10
	// queueLimit is how many messages may wait for Redis on a node; more are refused
	// as overloaded. At most 256 MiB of the longest, and a second of the fastest.
	queueLimit = 32768
	// inboxKeep is how many direct messages an inbox keeps.
	inboxKeep = 1000
	// inboxLife is how long an inbox and a conversation are kept after their last
	// message.
	inboxLife = 30 * 24 * time.Hour
)

// appender stores public messages: all that sessions ask while one call is under
// way go with the next (group commit).
type appender struct {
	queue
	pace   pace
	paused bool // paceOver is to come
	behind int  // how often in a row the log was found behind
}

// paceOver tells the bridge that the next commit need not wait any more.
type paceOver struct{ quiet }

// giveUpBehind is how often a log may be found to lack what was seen in it before
// messages are stored all the same: nobody has what it lacks.
const giveUpBehind = 3

// appended is what the script answered.
type appended struct {
	behind  bool
	prev    int64 // the log's newest id before
	ids     []int64
	repeats map[int]repeat // those that were stored before, by the message's place
}

// repeat is what the log holds of a message that was stored before.
type repeat struct {
	prev   int64  // the id before it
	member string // "" if the log no longer keeps it
}

// commitPublics stores the next batch of public messages.
func (b *bridge) commitPublics(now time.Time) {
	q := &b.publics
	if !q.free(now) || len(q.waiting) == 0 {
		return
	}
	if wait := q.pace.wait(now); wait > 0 && len(q.waiting) < appendBatch {
		b.pause(wait)
		return
	}
	q.name = "public"
	batch := q.take(b)
	if len(batch) == 0 {
		return
	}
	q.pace.committed(now, batch[0].Ref)
	call := appendCall{log: actors.Public, key: publicKey, keep: b.store.keep, slack: b.store.slack, publish: true, head: publicHead, fence: b.store.lease.fence()}
	call.seen = b.store.seenPublic.Load()
	call.floor = b.store.floor(call.seen)
	if q.behind >= giveUpBehind {
		call.seen = 0
	}
	for _, w := range batch {
		call.add(w.Ref, w.Since, body(w.Sender, "", w.Text))
	}
	var answer appended
	b.run(&q.lane, len(batch), func(ctx context.Context) (err error) {
		answer, err = parseAppendReply(appendScript.Run(ctx, b.store.client, call.keys(), call.args()...).Slice())
		switch {
		case err != nil || answer.behind:
		case len(answer.ids) != len(batch):
			err = errReply
		default:
			b.store.journal.note(call.kept(answer), time.Now())
		}
		return err
	}, func(err error) {
		switch {
		case err != nil:
			q.failed(b, batch, func(int) error { return err })
		case answer.behind:
			b.isBehind(batch)
		default:
			q.behind = 0
			b.storedPublics(batch, answer)
		}
	})
}

// pause has paceOver come after wait, unless it is to come already.
func (b *bridge) pause(wait time.Duration) {
	if b.publics.paused {
		return
	}
	b.publics.paused = true
	time.AfterFunc(wait, b.guarded(func() { b.send(b.self, &paceOver{}) }))
}

// isBehind has what the log lacks written back, and tries again.
func (b *bridge) isBehind(batch []waiting) {
	b.publics.behind++
	b.publics.putBack(batch)
	b.publics.until = time.Now().Add(shortestRetry)
	b.lacks()
}

// lacks has everybody write back what Redis lacks: a log was found behind.
func (b *bridge) lacks() {
	now := time.Now()
	b.store.raise(b.store.lease.clock(now))
	b.store.owe(now)
	b.store.lease.doubt() // claims may be lacking, too
	b.store.log.Warn().Msg("redis lacks messages: writing them back")
	b.changed()
}

// storedPublics tells the room what is stored, then the senders.
func (b *bridge) storedPublics(batch []waiting, answer appended) {
	var first *actors.Stored
	for i, id := range answer.ids {
		if _, isRepeat := answer.repeats[i]; !isRepeat {
			b.store.seenPublic.Store(max(b.store.seenPublic.Load(), id))
			if first == nil {
				first = &actors.Stored{ID: id, Received: batch[i].Received}
				b.tell(actors.Public, first)
			}
		}
		b.store.saw(id)
	}
	b.settle(batch, func(i int) actors.Outcome { return actors.Outcome{ID: answer.ids[i]} })
}
