package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

const (
	// followEvery is how often is read what is new: much less than it takes to fill and trim a log.
	followEvery = 100 * time.Millisecond

	// lookEvery is how often logs are compared with what was read of them before.
	lookEvery = time.Second

	// followTimeout bounds one read: a Redis that is stopped answers nothing, and stores nothing either.
	followTimeout = 2 * time.Second

	// dueNum of dueDen of what a log keeps are looked for, so that what comes while a Redis that lost all is given it back
	// can't push out what was not back when looked for last.
	dueNum, dueDen = 3, 4

	// conversationDue is the same of a conversation: it is made of inboxes then, which hold what others said too.
	conversationDue = 400
)

// follower reads logs while they grow, so that all of them is known at the end though Redis keeps the newest only.
type follower struct {
	client  *redis.Client
	logs    []*followed
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// followed is one log.
type followed struct {
	key   string
	inbox bool
	due   int // how many of the newest are looked for

	last    int64
	known   map[int64]check.Entry // by place
	missing map[int64]bool        // not there when looked for last
}

func newFollower(addr string, keep int) *follower {
	f := &follower{client: redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true,
		ContextTimeoutEnabled: true, MaxRetries: -1})}
	f.add(witness.PublicKey, false, dueOf(keep))
	for _, room := range roomNames {
		f.add(witness.RoomPrefix+rig.RoomKey(room), false, min(dueOf(keep), dueOf(roomTail)))
	}
	f.add(witness.InboxPrefix+confidante, true, dueOf(inboxKeep))
	for i := range confiders {
		name := fmt.Sprintf("confider%d", i+1)
		f.add(witness.InboxPrefix+name, true, dueOf(inboxKeep))
		f.add(witness.DialoguePrefix+name+":"+confidante, false, min(dueOf(keep), conversationDue))
	}
	return f
}

func dueOf(keep int) int { return keep * dueNum / dueDen }

func (f *follower) add(key string, inbox bool, due int) {
	f.logs = append(f.logs, &followed{key: key, inbox: inbox, due: due, known: make(map[int64]check.Entry), missing: make(map[int64]bool)})
}

// start follows until close.
func (f *follower) start(ctx context.Context) {
	ctx, f.cancel = context.WithCancel(ctx)
	f.running.Go(func() {
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		for looked := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			whole := time.Since(looked) >= lookEvery || f.misses()
			if f.read(ctx, whole) == nil && whole {
				looked = time.Now()
			}
		}
	})
}

// misses says whether something was not there when looked for last.
func (f *follower) misses() bool {
	return slices.ContainsFunc(f.logs, func(l *followed) bool { return len(l.missing) > 0 })
}

// read reads what is new in all logs, or the whole of them.
func (f *follower) read(ctx context.Context, whole bool) error {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	for _, l := range f.logs {
		from := "-inf"
		if !whole {
			from = "(" + strconv.FormatInt(l.last, 10)
		}
		members, err := f.client.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: l.key, ByScore: true, Start: from, Stop: "+inf"}).Result()
		if err != nil {
			return fmt.Errorf("failed to follow %s: %w", l.key, err)
		}
		l.take(members, whole)
	}
	return nil
}

// take adds what is new to what is known; from the whole log it also learns what isn't there any more.
func (l *followed) take(members []redis.Z, whole bool) {
	there := make(map[int64]bool, len(members))
	for _, z := range members {
		place := int64(z.Score)
		there[place] = true
		if _, known := l.known[place]; !known {
			l.known[place] = entry(z, l.inbox)
		}
		l.last = max(l.last, place)
	}
	if !whole {
		return
	}
	maps.DeleteFunc(l.missing, func(place int64, _ bool) bool { return there[place] })
	places := slices.Sorted(maps.Keys(l.known))
	for _, place := range places[max(0, len(places)-l.due):] {
		if !there[place] {
			l.missing[place] = true
		}
	}
}

// entries are all that were there for as long as they had to be.
func (l *followed) entries() []check.Entry {
	var all []check.Entry
	for place, e := range l.known {
		if !l.missing[place] {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b check.Entry) int { return cmp.Or(cmp.Compare(a.Cursor, b.Cursor), cmp.Compare(a.ID, b.ID)) })
	return all
}

// complete stops following, and puts whole logs in the place of what Redis still has of them.
func (f *follower) complete(ctx context.Context, logs *check.Logs) error {
	f.stop()
	if err := f.read(ctx, true); err != nil {
		return err
	}
	for _, l := range f.logs {
		witness.Set(logs, l.key, l.entries())
		delete(logs.InboxFloors, strings.TrimPrefix(l.key, witness.InboxPrefix))
	}
	return nil
}

func (f *follower) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.running.Wait()
}

func (f *follower) close() error {
	f.stop()
	return f.client.Close()
}
