package redisbridge

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"parley/actors"
)

// directAppender stores direct messages, in three steps, each one pipeline for the
// whole batch and each idempotent: whom the receiver's spelling belongs to; the
// conversations, which give the ids; the inboxes of both people. A message is
// stored when all are done.
//
// A sender's messages are all in one queue, so that they stay in order.
type directAppender struct{ queue }

// directLanes is how many batches may be under way at once: while Redis works for
// one, the replies of another are read.
const directLanes = 4

// laneOf is the lane of a sender's direct messages.
func laneOf(sender string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(sender))
	return int(h.Sum32() % directLanes)
}

// errBehind is a refusal by a log that lacks what was seen in it. It changed nothing.
var errBehind = errors.New("the log lacks messages")

// peersKeep is how many conversations of a user are remembered.
const peersKeep = 1000

// direct is a message on its way through the steps.
type direct struct {
	waiting
	receiver string // as the claim spells it
	waits    bool   // nobody has claimed the receiver's name
	// since when each of the two has their name: they see nothing with an id from before,
	// and the clock may have been set back.
	since   map[string]int64
	id      int64
	payload string // of the conversation's member, once stored
	err     error
}

func (b *bridge) commitDirects(now time.Time, q *directAppender) {
	if !q.free(now) || len(q.line) == 0 {
		return
	}
	batch := q.batch(b)
	if len(batch) == 0 {
		return
	}
	work := make([]direct, len(batch))
	for i, w := range batch {
		work[i] = direct{waiting: w, receiver: w.Receiver}
	}
	var entries []logEntry
	fence := b.store.lease.fence() // now: a later one may be of a lease that the claims did not outlast
	b.run(&q.lane, len(batch), func(ctx context.Context) (err error) {
		entries, err = b.store.appendDirects(ctx, work, fence)
		b.store.journal.note(entries, time.Now())
		return err
	}, func(error) { b.storedDirects(q, work, entries) })
}

// storedDirects tells the senders what is stored; what is not stored
// goes back into the queue.
func (b *bridge) storedDirects(q *directAppender, work []direct, entries []logEntry) {
	for _, e := range entries {
		b.store.saw(e.entry.ID)
	}
	var stored, failed []waiting
	var ids []int64
	var errs []error
	for _, d := range work {
		if d.err == nil {
			stored, ids = append(stored, d.waiting), append(ids, d.id)
			continue
		}
		// One that is in its conversation must reach the inboxes.
		d.Handed = d.Handed || d.payload != ""
		failed, errs = append(failed, d.waiting), append(errs, d.err)
	}
	if slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errBehind) }) {
		q.until = time.Now().Add(shortestRetry)
		b.lacks()
	}
	q.failed(b, failed, func(i int) error { return errs[i] })
	b.settle(stored, func(i int) actors.Outcome { return actors.Outcome{ID: ids[i]} })
}

// appendDirects takes a batch through the steps. Each message's err says whether it
// is stored; the error given back is one of them. fence is the end of the lease that the
// batch was begun in.
func (s *Store) appendDirects(ctx context.Context, work []direct, fence int64) ([]logEntry, error) {
	if err := s.resolve(ctx, work); err != nil {
		for i := range work {
			work[i].err = err
		}
		return nil, err
	}
	if err := s.converse(ctx, work, fence); err != nil && !anyStored(work) {
		return nil, err
	}
	return s.deliver(ctx, work)
}

func anyStored(work []direct) bool {
	for i := range work {
		if work[i].err == nil {
			return true
		}
	}
	return false
}

// resolve finds the spelling that the receivers' claims have, and since when both people have
// theirs.
func (s *Store) resolve(ctx context.Context, work []direct) error {
	names := make([]string, 0, 2*len(work))
	for i := range work {
		names = append(names, work[i].receiver, work[i].Sender)
	}
	holdings, err := s.holdings(ctx, names)
	if err != nil {
		return err
	}
	for i := range work {
		d := &work[i]
		receiver, claimed := holdings[d.receiver]
		if d.waits = !claimed; claimed {
			d.receiver = receiver.spelling
		}
		d.since = map[string]int64{d.receiver: receiver.since}
		d.since[d.Sender] = max(d.since[d.Sender], holdings[d.Sender].since)
	}
	return nil
}

// converse appends to the conversations, one call each.
func (s *Store) converse(ctx context.Context, work []direct, fence int64) error {
	calls := newCalls(s)
	for i := range work {
		d := &work[i]
		c := calls.of(actors.Log{}, conversationKey(d.Sender, d.receiver), func(c *appendCall) {
			c.keep, c.slack, c.life, c.head = s.keep, s.slack, inboxLife, directHead
			c.floor, c.fence, c.waits = s.floorOf(c.key), fence, d.waits
			c.seen = s.seen.newest(c.key, time.Now())
		})
		c.floor = max(c.floor, d.since[d.Sender], d.since[d.receiver])
		c.add(i, d.Ref, d.Since, body(d.Sender, d.receiver, d.Text))
	}
	return calls.run(ctx, s.client, func(_ *call, i int, p placed) {
		work[i].id, work[i].payload = p.entry.ID, string(p.entry.Payload())
	}, func(i int, err error) { work[i].err = err })
}

// deliver appends to the inboxes what is in the conversations, and notes who talks
// with whom.
func (s *Store) deliver(ctx context.Context, work []direct) ([]logEntry, error) {
	calls := newCalls(s)
	for i := range work {
		d := &work[i]
		if d.err != nil {
			continue
		}
		body := strings.TrimSuffix(d.payload, "}") + `,"cursor":`
		ref := d.Ref + ":" + d.receiver
		users := []string{d.receiver, d.Sender}
		if d.receiver == d.Sender {
			users = users[:1]
		}
		for _, user := range users {
			c := calls.of(actors.Inbox(user), logKey(actors.Inbox(user)), func(c *appendCall) {
				c.keep, c.slack, c.life, c.publish = inboxKeep, s.slack, inboxLife, true
				c.floor, c.waits = s.floorOf(c.key), d.waits && user == d.receiver
				c.seen = s.seen.newest(c.key, time.Now())
			})
			c.floor = max(c.floor, d.since[user])
			c.add(i, ref, d.Since, body)
		}
		calls.peers.add(d.receiver, d.Sender, d.id)
		calls.peers.add(d.Sender, d.receiver, d.id)
	}
	var entries []logEntry
	err := calls.run(ctx, s.client, func(c *call, _ int, p placed) {
		if p.kept { // a repeat too: the first time its reply may have been lost
			entries = append(entries, logEntry{log: c.log, prev: p.prev, entry: p.entry, again: p.again})
		}
	}, func(i int, err error) { work[i].err = err })
	return entries, err
}

// conversationOf reads sender and receiver back from an inbox's payload.
func conversationOf(payload []byte) (sender, receiver, body string, id int64, ok bool) {
	var m struct {
		ID   int64  `json:"id"`
		User string `json:"user"`
		To   string `json:"to"`
	}
	text := string(payload)
	cut := strings.LastIndex(text, `,"cursor":`)
	if cut < 0 || json.Unmarshal(payload, &m) != nil {
		return "", "", "", 0, false
	}
	return m.User, m.To, text[:cut] + "}", m.ID, true
}
