package redisbridge

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	// readBatch is how many different questions one pipeline asks.
	readBatch = 64
	// readLimit is how many may wait; beyond, pages are refused. The others are
	// bounded by the actors that ask: one each.
	readLimit = 4096
)

// reader reads logs, pages of history, and the set of members. Equal questions that
// wait together are asked once.
type reader struct {
	lane
	logs    []*logRead
	waiting map[question]*logRead // those of logs that wait for others to ask the same
	pages   line[*actors.ReadPage]
	members line[*actors.ReadMembers]
}

// question is what is asked of a log.
type question struct {
	log   actors.Log
	after int64
	limit int
}

// logRead is a question, and everybody who asks it.
type logRead struct {
	question
	reads []*actors.Read
}

func newReader() reader {
	return reader{waiting: map[question]*logRead{}}
}

func (r *reader) ask(m *actors.Read) {
	q := question{m.Log, m.After, m.Limit}
	if same := r.waiting[q]; same != nil {
		same.reads = append(same.reads, m)
		return
	}
	read := &logRead{q, []*actors.Read{m}}
	r.logs, r.waiting[q] = append(r.logs, read), read
}

// expirePages refuses those that have waited too long, and the oldest where they are too many.
func (b *bridge) expirePages(now time.Time) {
	for _, p := range b.reads.pages.overdue(now, readLimit, func(p *actors.ReadPage) time.Time { return p.Until }) {
		b.send(p.To, &actors.Page{Op: p.Op, Code: protocol.CodeUnavailable})
	}
}

// recall asks Redis for the next questions; while the node's lease is over, for none whose
// answer is for the holder of a name alone.
func (b *bridge) recall(now time.Time, lasts bool) {
	r := &b.reads
	if !r.free(now) {
		return
	}
	logs, pages, members := r.take(lasts)
	if len(logs)+len(pages)+len(members) == 0 {
		return
	}
	var recalled []*actors.Recalled
	var read []*actors.Page
	var present []*actors.Members
	s := b.store
	b.run(&r.lane, len(logs)+len(pages)+len(members), func(ctx context.Context) (err error) {
		if recalled, err = s.readLogs(ctx, logs); err != nil {
			return err
		}
		if present, err = s.readMembers(ctx, members); err != nil {
			return err
		}
		read, err = s.readPages(ctx, pages)
		return err
	}, func(err error) {
		if err != nil || lasts && !b.store.lease.lasts(time.Now()) { // what was read may be others'
			r.putBack(logs, pages, members)
			return
		}
		for i, q := range logs {
			for _, m := range q.reads {
				answer := *recalled[i]
				answer.Read = *m
				b.send(m.To, &answer)
			}
		}
		for i, p := range pages {
			b.send(p.To, read[i])
		}
		for i, m := range members {
			b.send(m.To, present[i])
		}
	})
}

// take takes out what is asked next; private is whether also what is for a name's holder alone.
func (r *reader) take(private bool) (logs []*logRead, pages []*actors.ReadPage, members []*actors.ReadMembers) {
	logs, r.logs = next(r.logs, func(q *logRead) bool { return private || !q.log.Private() })
	for _, q := range logs {
		delete(r.waiting, q.question) // who asks from now on is to hear of what comes from now on
	}
	pages, r.pages = next(r.pages, func(p *actors.ReadPage) bool { return private || p.Peer == "" })
	members = r.members.take(readBatch)
	return logs, pages, members
}

// putBack puts what has no answer before what waits.
func (r *reader) putBack(logs []*logRead, pages []*actors.ReadPage, members []*actors.ReadMembers) {
	r.logs = append(logs, r.logs...)
	for _, q := range logs {
		r.waiting[q.question] = q
	}
	r.pages.putBack(pages)
	r.members.putBack(members)
}

// next takes the first questions out that may be asked, and gives them and the others.
func next[Q any](waiting []Q, may func(Q) bool) (batch, rest []Q) {
	for i, q := range waiting {
		switch {
		case len(batch) == readBatch && len(rest) == 0:
			return batch, waiting[i:]
		case len(batch) < readBatch && may(q):
			batch = append(batch, q)
		default:
			rest = append(rest, q)
		}
	}
	return batch, rest
}

// readLogs reads each log's newest id, entries and references, and what it no
// longer keeps or has lost: in this order, so that what is appended or trimmed meanwhile looks
// like a hole rather than like nothing.
func (s *Store) readLogs(ctx context.Context, logs []*logRead) ([]*actors.Recalled, error) {
	type answers struct {
		newest, entries, refs *redis.ZSliceCmd
		trimmed               *redis.StringCmd
		missing               *redis.ZSliceCmd
	}
	all := make([]answers, len(logs))
	pipe := s.client.Pipeline()
	for i, q := range logs {
		key := logKey(q.log)
		all[i] = answers{
			newest:  pipe.ZRevRangeWithScores(ctx, key, 0, 0),
			entries: rangeAfter(ctx, pipe, key, q),
			refs:    rangeAfter(ctx, pipe, refsKey(key), q),
			trimmed: pipe.Get(ctx, trimmedKey(key)),
			missing: pipe.ZRevRangeWithScores(ctx, missingKey(key), 0, 0),
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	refs := make([]*redis.ZSliceCmd, len(logs))
	for i, q := range logs {
		refs[i] = all[i].refs
		trimmed := lackedUpTo(all[i].trimmed, all[i].missing)
		if members := all[i].entries.Val(); q.after != actors.Newest && q.after < trimmed && len(members) > 0 {
			refs[i] = refsOf(ctx, pipe, logKey(q.log), members)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	recalled := make([]*actors.Recalled, len(logs))
	for i, q := range logs {
		a := all[i]
		r := &actors.Recalled{Entries: entriesOf(a.entries.Val(), refs[i].Val(), q.after == actors.Newest)}
		r.More = len(r.Entries) == q.limit
		r.Newest = newestOf(a.newest)
		r.Trimmed = lackedUpTo(a.trimmed, a.missing)
		s.seen.heard(q.log, r.Newest, time.Now())
		recalled[i] = r
	}
	return recalled, nil
}

// newestOf is the newest id of what was read.
func newestOf(read *redis.ZSliceCmd) int64 {
	if newest := read.Val(); len(newest) > 0 {
		return int64(newest[0].Score)
	}
	return 0
}

// lackedUpTo is the newest id that a log no longer keeps, or has lost.
func lackedUpTo(trimmed *redis.StringCmd, missing *redis.ZSliceCmd) int64 {
	id, _ := strconv.ParseInt(trimmed.Val(), 10, 64) // "" where nothing was trimmed
	return max(id, newestOf(missing))
}

// refsOf asks for the references of some messages of a log. It is for those that
// were read from below what the log keeps: there, the references of messages that
// are no longer kept come first.
func refsOf(ctx context.Context, pipe redis.Pipeliner, key string, members []redis.Z) *redis.ZSliceCmd {
	return pipe.ZRangeByScoreWithScores(ctx, refsKey(key), &redis.ZRangeBy{
		Min: strconv.FormatInt(int64(members[0].Score), 10),
		Max: strconv.FormatInt(int64(members[len(members)-1].Score), 10),
	})
}

// rangeAfter asks for what is after q.after, oldest first, or for the newest,
// newest first.
func rangeAfter(ctx context.Context, pipe redis.Pipeliner, key string, q *logRead) *redis.ZSliceCmd {
	if q.after == actors.Newest {
		return pipe.ZRevRangeWithScores(ctx, key, 0, int64(q.limit-1))
	}
	return pipe.ZRangeByScoreWithScores(ctx, key, &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(q.after, 10), Max: "+inf", Count: int64(q.limit),
	})
}

// entriesOf makes entries, oldest first, of a log's members and its references.
func entriesOf(members, refs []redis.Z, newestFirst bool) []protocol.Entry {
	if len(members) == 0 {
		return nil
	}
	byID := make(map[int64]string, len(refs))
	for _, z := range refs {
		byID[int64(z.Score)], _ = z.Member.(string)
	}
	size := 0
	for _, z := range members {
		member, _ := z.Member.(string)
		size += protocol.FrameSize(len(member))
	}
	frames := make([]byte, 0, size)
	entries := make([]protocol.Entry, len(members))
	for i, z := range members {
		member, _ := z.Member.(string)
		from := len(frames)
		frames = protocol.AppendFrame(frames, member)
		id := int64(z.Score)
		entries[i] = protocol.Entry{ID: id, Ref: byID[id], Frame: frames[from:len(frames):len(frames)]}
	}
	if newestFirst {
		slices.Reverse(entries)
	}
	return entries
}
