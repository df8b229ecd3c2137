package redisbridge

import (
	"context"
	"slices"
	"strings"

	"parley/actors"
)

// sending is a message on its way into its logs. What is said in a room goes into that of the room. A
// direct one takes three steps, each one pipeline for the whole batch and each idempotent: whom
// the receiver's spelling belongs to; the conversations, which give the ids; the inboxes of both
// people. A message is stored when all are done.
type sending struct {
	*waiting
	receiver string // as the claim spells it
	waits    bool   // nobody has claimed the receiver's name
	// Since when each of the two has their name: they see nothing with an id from before,
	// and the clock may have been set back.
	spoke, listened int64
	id              int64
	payload         string // of the conversation's member, once stored
	err             error
}

func sendings(batch []waiting) []sending {
	work := make([]sending, len(batch))
	for i := range batch {
		work[i].waiting = &batch[i]
	}
	return work
}

// peersKeep is how many conversations of a user are remembered.
const peersKeep = 1000

// append takes a batch through the steps, and gives what others are told of it. Each message's
// err says whether it is stored; the error given back is one of them. fence is the end of the
// lease that the batch was begun in.
func (s *Store) append(ctx context.Context, work []sending, fence int64) ([]logEntry, error) {
	if err := s.resolve(ctx, work); err != nil {
		for i := range work {
			work[i].err = err
		}
		return nil, err
	}
	if err := s.converse(ctx, work, fence); err != nil && !anyStored(work) {
		return nil, err
	}
	return s.deliver(ctx, work, fence)
}

func anyStored(work []sending) bool {
	return slices.ContainsFunc(work, func(w sending) bool { return w.err == nil })
}

// resolve finds the spelling that the receivers' claims have, and since when both people have
// theirs.
func (s *Store) resolve(ctx context.Context, work []sending) error {
	var names []string
	for i := range work {
		if w := &work[i]; w.Receiver != "" {
			names = append(names, w.Receiver, w.Sender)
		}
	}
	if len(names) == 0 {
		return nil
	}
	holdings, err := s.holdings(ctx, names)
	if err != nil {
		return err
	}
	for i := range work {
		w := &work[i]
		receiver, claimed := holdings[w.Receiver]
		w.receiver, w.waits, w.listened = w.Receiver, !claimed, receiver.since
		if claimed {
			w.receiver = receiver.spelling
		}
		if w.spoke = holdings[w.Sender].since; w.receiver == w.Sender {
			w.listened = max(w.listened, w.spoke)
		}
	}
	return nil
}

// converse appends to the conversations, one call each.
func (s *Store) converse(ctx context.Context, work []sending, fence int64) error {
	calls := newCalls(s, work)
	for i := range work {
		w := &work[i]
		if w.Receiver == "" {
			continue
		}
		c := calls.of(conversation(w.Sender, w.receiver), fence, w.waits)
		c.floor = max(c.floor, w.spoke, w.listened)
		c.add(i, w.Ref, w.Since, body(w.Sender, w.receiver, "", w.Text))
	}
	return calls.run(ctx, func(i int, e logEntry, _ bool) {
		work[i].id, work[i].payload = e.entry.ID, string(e.entry.Payload())
	})
}

// deliver appends to the logs that are listened to, to the inboxes what is in the conversations,
// and notes who talks with whom. What was begun is ended, also after the lease.
func (s *Store) deliver(ctx context.Context, work []sending, fence int64) ([]logEntry, error) {
	calls := newCalls(s, work)
	for i := range work {
		w := &work[i]
		switch {
		case w.err != nil:
		case w.Receiver == "":
			calls.of(w.Log, fence, false).add(i, w.Ref, w.Since, body(w.Sender, "", w.Room, w.Text))
		default:
			body := strings.TrimSuffix(w.payload, "}") + `,"cursor":`
			ref := w.Ref + ":" + w.receiver
			c := calls.of(actors.Inbox(w.receiver), 0, w.waits)
			c.floor = max(c.floor, w.listened)
			c.add(i, ref, w.Since, body)
			if w.receiver != w.Sender {
				c = calls.of(actors.Inbox(w.Sender), 0, false)
				c.floor = max(c.floor, w.spoke)
				c.add(i, ref, w.Since, body)
			}
			calls.peers.add(w.receiver, w.Sender, w.id)
			calls.peers.add(w.Sender, w.receiver, w.id)
		}
	}
	entries := make([]logEntry, 0, len(work))
	err := calls.run(ctx, func(i int, e logEntry, kept bool) {
		if work[i].id == 0 { // no conversation gave it
			work[i].id = e.entry.ID
		}
		if kept { // a repeat too: the first time its reply may have been lost
			entries = append(entries, e)
		}
	})
	return entries, err
}
