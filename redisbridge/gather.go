package redisbridge

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
)

const (
	// gatherBatch is how many rooms one pipeline is about: some 10 ms of Redis's time.
	gatherBatch = 256
	// tendInterval is how often Redis is told of the rooms that people are in though nothing has
	// changed, so that they do not end.
	tendInterval = time.Hour
	// tendSlack is how much longer than ROOM_KEEP a room is there, for it is tended that seldom.
	tendSlack = 2 * tendInterval
	// hostedLife is how long it is known which rooms a node is in that does not tend them any more: far
	// longer than it takes others to notice.
	hostedLife = 24 * time.Hour
)

// gatherer tells Redis who is in the rooms that have a name: as the presenter does of who is online,
// but in a few calls for many.
type gatherer struct {
	lane
	rooms  map[actors.Log]*gathered
	due    line[actors.Log] // those that Redis is to be told of, in turn
	kept   []string         // the rooms of the settings
	tended time.Time
}

// gathered is a room on this node.
type gathered struct {
	standing
	room string // as it is spelled
	due  bool
	life int64 // of the node, in which Redis was told that the node is in the room; 0: it was not
}

func newGatherer() gatherer { return gatherer{rooms: map[actors.Log]*gathered{}} }

// change takes what a room says.
func (g *gatherer) change(m *actors.Present) {
	r := g.rooms[m.Log]
	if r == nil {
		r = &gathered{standing: newStanding(), room: m.Room}
		g.rooms[m.Log] = r
	}
	r.change(m)
	g.want(m.Log, r)
}

// want has Redis told of a room in its turn.
func (g *gatherer) want(room actors.Log, r *gathered) {
	if !r.due {
		r.due = true
		g.due.ask(room)
	}
}

// redeclare has all rooms told again.
func (g *gatherer) redeclare() {
	g.tended = time.Time{}
	for _, room := range slices.SortedFunc(maps.Keys(g.rooms), actors.Log.Compare) {
		g.rooms[room].redeclare()
	}
}

// tend has Redis told of all rooms now and then.
func (g *gatherer) tend(now time.Time) (due bool) {
	if now.Sub(g.tended) < tendInterval {
		return false
	}
	g.tended = now
	for _, room := range slices.SortedFunc(maps.Keys(g.rooms), actors.Log.Compare) {
		r := g.rooms[room]
		r.life = 0
		g.want(room, r)
	}
	return len(g.kept) > 0
}

// told is what Redis is told of one room.
type told struct {
	news
	log    actors.Log
	room   string
	here   bool // the node is in it,
	begins bool // and Redis may not know
	ends   bool // the node is in it no more, and nothing of it is left there
	others *redis.Cmd
}

// tell takes out what Redis is told of a room next, in a life of the node. Until the room has declared who
// is in it, there may be names that an earlier life had told of, in a Redis that was taken back to then, and
// that are this life's since it told of others: so it does not end before, or nobody would find it to clear it.
func (r *gathered) tell(log actors.Log, life int64) told {
	here := len(r.names) > 0
	t := told{news: r.take(), log: log, room: r.room, here: here, begins: here && r.life != life}
	t.ends = !here && r.declared && r.settled()
	if here {
		r.life = life
	}
	return t
}

// gather tells Redis of the next rooms. Not while the lease is over: others may have cleared them; nor
// before Redis knows in which life.
func (b *bridge) gather(now time.Time) {
	g := &b.gatherer
	if !g.free(now) || !b.store.lease.lasts(now) || !b.store.life.isKnown() {
		return
	}
	var keep []string
	if g.tend(now) {
		keep = g.kept
	}
	if len(g.due)+len(keep) == 0 {
		return
	}
	life, _ := b.store.life.current()
	var work []told
	for _, room := range g.due.take(gatherBatch) {
		r := g.rooms[room]
		r.due = false
		work = append(work, r.tell(room, life))
	}
	b.run(&g.lane, len(work), func(ctx context.Context) error {
		return b.store.gather(ctx, life, work, keep)
	}, func(err error) {
		if err != nil && keep != nil {
			g.tended = time.Time{}
		}
		for _, t := range work {
			r := g.rooms[t.log]
			if err != nil {
				r.putBack(t.news)
				if t.begins {
					r.life = 0
				}
			}
			switch {
			case err != nil, !r.settled():
				g.want(t.log, r)
			case len(r.names) == 0 && !r.due:
				delete(g.rooms, t.log)
			}
		}
	})
}

// hostedKey is of a node in a life.
func hostedKey(node string, life int64) string {
	return hostedPrefix + node + "." + strconv.FormatInt(life, 10)
}

// gather tells Redis of rooms, and that the kept ones are there.
func (s *Store) gather(ctx context.Context, life int64, work []told, keep []string) error {
	hosted := hostedKey(s.node, life)
	pipe := s.client.Pipeline()
	for _, room := range keep {
		s.keepRoom(ctx, pipe, actors.Room(room), room)
	}
	for i := range work {
		t := &work[i]
		if t.begins { // before anything is said of it: who clears it has to find it
			pipe.SAdd(ctx, hosted, t.log.Name)
			pipe.Expire(ctx, hosted, hostedLife)
			s.keepRoom(ctx, pipe, t.log, t.room)
		}
		keys := keysOf(t.log)
		in := life
		if !t.here {
			in = 0
		}
		args := []any{s.node, keys.namesPrefix(), in, flag(t.whole), int64(hostedLife.Seconds())}
		t.others = gatherScript.EvalSha(ctx, pipe, keys.gather(s.node), t.args(args)...)
		if t.ends {
			pipe.SRem(ctx, hosted, t.log.Name)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	return s.clearOfStrangers(ctx, work)
}

// stranger is a node that names are present on in a room, by what it said in a life.
type stranger struct {
	room actors.Log
	node string
	life int64
}

// clearOfStrangers clears the rooms that this node has come into of those that live no more. Whoever
// was to may have died, too.
func (s *Store) clearOfStrangers(ctx context.Context, work []told) error {
	var strangers []stranger
	leases := map[string]*redis.FloatCmd{}
	pipe := s.client.Pipeline()
	for _, t := range work {
		others, err := t.others.StringSlice()
		if err != nil {
			return err
		}
		for i := 0; t.begins && i+1 < len(others); i += 2 {
			life, _ := strconv.ParseInt(others[i+1], 10, 64)
			strangers = append(strangers, stranger{t.log, others[i], life})
			if leases[others[i]] == nil {
				leases[others[i]] = pipe.ZScore(ctx, nodesKey, others[i])
			}
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return err
	}
	for _, dead := range strangers {
		if leases[dead.node].Val() == 0 {
			s.clearOf(ctx, pipe, dead)
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}
