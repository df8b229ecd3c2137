package redisbridge

import (
	"context"
	"time"
)

// line is what waits for a lane, in order.
type line[Q any] []Q

func (l *line[Q]) ask(q Q) { *l = append(*l, q) }

// take takes out the first, n at most.
func (l *line[Q]) take(n int) []Q {
	n = min(n, len(*l))
	first := (*l)[:n:n]
	if *l = (*l)[n:]; len(*l) == 0 {
		*l = nil
	}
	return first
}

// putBack puts what was taken before what waits.
func (l *line[Q]) putBack(first []Q) {
	if len(first) > 0 {
		*l = append(first, *l...)
	}
}

// overdue takes out the first as long as they have waited for too long, or are too many.
func (l *line[Q]) overdue(now time.Time, most int, until func(Q) time.Time) []Q {
	n := 0
	for n < len(*l) && (now.After(until((*l)[n])) || len(*l)-n > most) {
		n++
	}
	return l.take(n)
}

// queue is a lane and what waits for it.
type queue[Q any] struct {
	lane
	line[Q]
}

// serve asks Redis for the first answers that a queue waits for, n at most, and gives each to who waits for it.
// What has failed waits on: it has to be harmless to ask it twice.
func serve[Q, A any](
	b *bridge, q *queue[Q], n int, now time.Time, ask func(context.Context, []Q) ([]A, error), answer func(Q, A),
) {
	if !q.free(now) || len(q.line) == 0 {
		return
	}
	batch := q.take(n)
	var answers []A
	b.run(&q.lane, len(batch), func(ctx context.Context) (err error) {
		answers, err = ask(ctx, batch)
		return err
	}, func(err error) {
		if err != nil {
			q.putBack(batch)
			return
		}
		for i, waiting := range batch {
			answer(waiting, answers[i])
		}
	})
}
