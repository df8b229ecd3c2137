// Package redisbridge is the chat's only way to Redis: an actor that owns the
// Pub/Sub subscriptions, every write and every read. It answers the vocabulary of
// actors/bridge.go.
package redisbridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/rs/zerolog"

	"parley/actors"
)

// Store is what of the bridge outlives its actor: the clients, the identity of the
// Redis that answers, and whether messages go round.
type Store struct {
	node     string
	keep     int
	slack    int // how many more than keep a log may hold before it is trimmed
	client   *redis.Client
	spawn    func(lane string, work func())
	log      zerolog.Logger
	metrics  *metrics
	health   health
	lease    lease
	embedded bool

	roomKeep       time.Duration
	nameHold       time.Duration
	heldNamesPerIP *int

	mu        sync.Mutex
	identity  string    // of the Redis that may be written to; "" before the first
	candidate string    // another that answered, until the bridge accepts it
	changed   time.Time // when identity last became another
	owing     time.Time // since when this node owes Redis what it lacks; zero: it does not
	lift      int64     // ids given to that Redis are above this
	seen      seenLogs
	journal   *journal
	life      life
	// forsaken are the sessions, by their ids, whose claim was lost, and when. It is the
	// bridge's alone, and the next one's.
	forsaken map[string]time.Time
	// silent: it was logged that Redis does not answer, and has not since. Likewise.
	silent bool
}

const (
	// restorePause is how long, after Redis has begun anew, nodes only write back
	// what it lacks: a node without the newest messages would answer a resume with a
	// hole for good.
	restorePause = time.Second
	// answerTime is how long a node's own actors take to say what they hold, where they are
	// asked again.
	answerTime = 100 * time.Millisecond
	// liftBy is how far the first ids after that are put ahead, in µs: above all that
	// anyone was given, also where a tail was lost and clocks differ.
	liftBy = 2_000_000
)

// errAnotherRedis ends connections to a Redis that the bridge has not accepted yet.
var errAnotherRedis = errors.New("another redis answers")

// Surroundings are what a store finds around it. A simulation has its own; nil ones are the
// usual.
type Surroundings struct {
	Dial Dial
	// Go does the work of a lane, which waits for Redis, off the bridge's actor; a goroutine.
	Go func(lane string, work func())
	// Journal is how many entries of inboxes are remembered that were stored through the node.
	Journal int
}

// Dial makes a connection to Redis.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Open prepares the clients; it does not connect. node is this process's name among
// those on the same Redis.
func Open(s Settings, node string, log zerolog.Logger, registerer prometheus.Registerer) (*Store, error) {
	return OpenIn(Surroundings{}, s, node, log, registerer)
}

// OpenIn is Open in other surroundings.
func OpenIn(around Surroundings, s Settings, node string, log zerolog.Logger, registerer prometheus.Registerer) (*Store, error) {
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	st := &Store{
		node: node, keep: s.HistoryKeep, log: log, metrics: newMetrics(registerer),
		roomKeep: s.RoomKeep, nameHold: s.NameHold, heldNamesPerIP: s.HeldNamesPerIP, journal: newJournal(around.Journal),
		seen: seenLogs{logs: map[actors.Log]seenLog{}}, forsaken: map[string]time.Time{},
	}
	redis.SetLogger(redisLog{log})
	if around.Dial == nil {
		around.Dial = redis.NewDialer(o)
	}
	o.OnConnect, o.Dialer = st.recognize, unlessLost(around.Dial)
	if st.spawn = around.Go; st.spawn == nil {
		st.spawn = func(_ string, work func()) { go work() }
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	st.client = redis.NewClient(o)
	st.health.reason = "redis has not answered yet"
	return st, nil
}

// redisLog takes what go-redis says of its connections: the bridge says what matters.
type redisLog struct{ log zerolog.Logger }

// Printf implements the library's logger.
func (l redisLog) Printf(_ context.Context, format string, v ...any) {
	l.log.Debug().Msgf(format, v...)
}

// Actor makes the bridge actor; it is the producer that actors.Options wants.
func (s *Store) Actor() actor.Actor { return newBridge(s) }

// Close ends the connections.
func (s *Store) Close() error { return s.client.Close() }

// recognize runs on each new connection, and refuses it unless it leads to the
// Redis that the bridge knows.
func (s *Store) recognize(ctx context.Context, conn *redis.Conn) error {
	identity := "embedded"
	if !s.embedded {
		info, err := conn.Info(ctx).Result()
		if err != nil {
			return fmt.Errorf("ask redis for its identity: %w", err)
		}
		identity = infoField(info, "run_id") + " " + infoField(info, "role")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if identity == s.identity {
		return nil
	}
	s.candidate = identity
	return errAnotherRedis
}

func infoField(info, field string) string {
	_, rest, _ := strings.Cut(info, "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r")
	return value
}

// accept makes the Redis that answers the one that is written to. changed says that
// there was another before, or this one has begun anew.
func (s *Store) accept(now time.Time) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.candidate == "" {
		return false
	}
	changed = s.identity != ""
	s.identity, s.candidate = s.candidate, ""
	if changed {
		s.changed, s.owing = now, now
		s.lift = s.seen.any() + liftBy
		s.life.begin(now)
	}
	return changed
}

// pending says whether another Redis waits to be accepted.
func (s *Store) pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.candidate != ""
}

// restoring says whether nodes only write back now.
func (s *Store) restoring(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.changed.IsZero() && now.Sub(s.changed) < restorePause
}

// owe notes that Redis lacks what this node may hold.
func (s *Store) owe(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owing = now
}

// restored notes that nothing waits to be written back, after everybody had the time to
// ask for it.
func (s *Store) restored(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.owing) >= restorePause {
		s.owing = time.Time{}
	}
}

// owes says whether a bridge that begins has to ask again for what is to be written back. It
// then waits for this node's actors to answer, but not for other nodes once more: bridges that
// die every second would never come to write anything else.
func (s *Store) owes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owing.IsZero() {
		return false
	}
	if again := time.Now().Add(answerTime - restorePause); s.changed.Before(again) {
		s.changed = again
	}
	s.owing = s.changed
	return true
}

// lifted is the id that new ones are above, in any log.
func (s *Store) lifted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lift
}

// floor is the id that a log's new ones are above: what it is known to have had, too, also where
// that is lost for good.
func (s *Store) floor(log actors.Log) int64 {
	floor := s.lifted()
	if kindOf(log).apart {
		h := fnv.New32a()
		_, _ = h.Write([]byte(logKey(log)))
		floor += int64(h.Sum32() % 1_000_000)
	}
	return max(floor, s.seen.last(log))
}

// raise puts the next ids ahead, after a log was found behind: above all that anyone was given.
// While they are ahead of the clock they are that already; and what others are given that is
// ahead is above it, too, so that nothing comes on top of that. Or every log that is found behind
// would put all ids further ahead, on every node that finds one.
func (s *Store) raise(clock int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lift > clock {
		return
	}
	newest := s.seen.any()
	s.lift = max(newest, min(newest, clock)+liftBy)
}

// isBehind notes that a log lacks what was seen in it: so may others, and claims. What this
// node holds is to be written back, and the next ids are put ahead.
func (s *Store) isBehind(log actors.Log) {
	now := time.Now()
	s.seen.isBehind(log)
	s.lease.doubt()
	s.raise(s.lease.clock(now))
	s.owe(now)
}

// certainlyNotDone says whether an error means that Redis did nothing: it said so,
// or there was no connection. After any other error the outcome is unknown.
func certainlyNotDone(err error) bool {
	if isReply(err) || errors.Is(err, errAnotherRedis) || errors.Is(err, errLapsed) || errors.Is(err, errBehind) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// failed says whether a pipeline failed; a missing key among its answers is none.
func failed(err error) bool { return err != nil && !errors.Is(err, redis.Nil) }

// isReply says whether Redis itself answered with the error.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && !errors.Is(err, redis.Nil)
}

// lifeOf is how long a log is kept after its last message, in seconds; 0: for ever.
func (s *Store) lifeOf(log actors.Log) int64 {
	if log.Named() {
		return int64(s.roomKeep.Seconds())
	}
	return int64(kindOf(log).life.Seconds())
}

// keepOf is how many messages a log keeps.
func (s *Store) keepOf(log actors.Log) int { return cmp.Or(kindOf(log).keep, s.keep) }
