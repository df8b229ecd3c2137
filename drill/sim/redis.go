package sim

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	redisserver "github.com/alicebob/miniredis/v2/server"
)

const (
	// snapshotInterval is how often the Redis could be rolled back to, and snapshotsKept how
	// many such moments it remembers.
	snapshotInterval = 500 * time.Millisecond
	snapshotsKept    = 20
	// writeBackTime is how long after a start logs may grow and be trimmed by all they hold within
	// an instant: what is put back is then pushed out by what waited to be stored.
	writeBackTime = 5 * time.Second
)

// server is the Redis: miniredis, which runs the very scripts, and what can happen to it.
type server struct {
	world     *world
	mini      *miniredis.Miniredis
	down      bool // under the world's mutex: nodes dial on goroutines of theirs
	paused    bool // the world's alone, as all below
	full      bool
	runs      int // its run id: one for each start
	ahead     time.Duration
	snapshots []snapshot
	risen     time.Time // when it was last started again; zero: never
	look      func()    // before a script changes a log that is being written back
}

func newServer(w *world) (*server, error) {
	s := &server{world: w, mini: miniredis.NewMiniRedis(), runs: 1}
	s.mini.ClockTTL(true)
	first, err := s.mini.Dial() // starts it, without a listener
	if err != nil {
		return nil, fmt.Errorf("start the redis: %w", err)
	}
	_ = first.Close()
	s.mini.Server().SetPreHook(s.hook)
	return s, nil
}

// serve takes a connection.
func (s *server) serve(far *connEnd) { s.mini.Server().ServeConn(far) }

// hook answers what miniredis does not: who it is, and that it is full. It runs in the step
// that delivers the command.
func (s *server) hook(peer *redisserver.Peer, command string, args ...string) bool {
	switch {
	case command == "INFO":
		peer.WriteBulk(fmt.Sprintf("# Server\r\nrun_id:%040d\r\n# Replication\r\nrole:master\r\n", s.runs))
		return true
	case s.full && writes(command, args):
		peer.WriteError("OOM command not allowed when used memory > 'maxmemory'.")
		return true
	case command == "EVALSHA" && s.look != nil && time.Since(s.risen) < writeBackTime:
		s.look()
	}
	return false
}

// writes says whether Redis would refuse the command without memory: scripts, and what adds.
func writes(command string, _ []string) bool {
	switch command {
	case "EVAL", "EVALSHA", "ZADD", "SET", "HSET", "SADD":
		return true
	default:
		return false
	}
}

// keepTime sets its clock, which may differ from everybody else's.
func (s *server) keepTime() { s.mini.SetTime(time.Now().Add(s.ahead)) }

// snapshot is its data at a moment.
type snapshot struct {
	at   time.Time
	keys []stored
}

// stored is a key: one of the fields has what it holds.
type stored struct {
	key    string
	ttl    time.Duration
	text   string
	hash   map[string]string
	set    []string
	sorted map[string]float64
}

// save remembers its data, now and then.
func (s *server) save() {
	if !s.down {
		s.snapshots = append(s.snapshots, s.snapshot())
		if n := len(s.snapshots) - snapshotsKept; n > 0 {
			s.snapshots = slices.Delete(s.snapshots, 0, n)
		}
	}
	s.world.after(snapshotInterval, "snapshot", s.save)
}

func (s *server) snapshot() snapshot {
	s.keepTime()
	snap := snapshot{at: time.Now()}
	for _, key := range s.mini.Keys() {
		k := stored{key: key, ttl: s.mini.TTL(key)}
		switch s.mini.Type(key) {
		case "string":
			k.text, _ = s.mini.Get(key)
		case "hash":
			k.hash = map[string]string{}
			fields, _ := s.mini.HKeys(key)
			for _, f := range fields {
				k.hash[f] = s.mini.HGet(key, f)
			}
		case "set":
			k.set, _ = s.mini.Members(key)
		case "zset":
			live, _ := s.mini.SortedSet(key)
			k.sorted = maps.Clone(live)
		}
		snap.keys = append(snap.keys, k)
	}
	return snap
}

// restore replaces its data; an empty snapshot wipes it.
func (s *server) restore(snap snapshot) {
	s.mini.FlushAll()
	for _, k := range snap.keys {
		switch {
		case k.hash != nil:
			for _, f := range slices.Sorted(maps.Keys(k.hash)) {
				s.mini.HSet(k.key, f, k.hash[f])
			}
		case k.sorted != nil:
			for _, m := range slices.Sorted(maps.Keys(k.sorted)) {
				_, _ = s.mini.ZAdd(k.key, k.sorted[m], m)
			}
		case k.set != nil:
			_, _ = s.mini.SAdd(k.key, k.set...)
		default:
			_ = s.mini.Set(k.key, k.text)
		}
		if k.ttl > 0 {
			s.mini.SetTTL(k.key, k.ttl)
		}
	}
}

// die ends it, and all its connections.
func (s *server) die(links []*link) {
	s.world.mu.Lock()
	s.down = true
	s.world.mu.Unlock()
	for _, l := range links {
		l.hangUp(func(*connEnd) bool { return true })
	}
}

// rise starts it again, with the data it has by now.
func (s *server) rise() {
	s.runs++
	s.risen = time.Now()
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.down = false
}

// lose takes its data back to a moment before now, or, where that is further than it
// remembers, to none. What it had after that moment never was.
func (s *server) lose(back time.Duration) {
	moment := time.Now().Add(-back)
	s.snapshots = slices.DeleteFunc(s.snapshots, func(snap snapshot) bool { return snap.at.After(moment) })
	var was snapshot
	if n := len(s.snapshots); n > 0 {
		was = s.snapshots[n-1]
	}
	s.restore(was)
}

// pause stops it, or lets it go on; connections stay.
func (s *server) pause(on bool, links []*link) {
	s.paused = on
	for _, l := range links {
		l.unstick()
	}
}

// digest tells bytes apart in a trace.
func digest(b []byte) string {
	h := fnv.New32a()
	_, _ = h.Write(b)
	word, _, _ := strings.Cut(strings.TrimLeft(string(b[:min(len(b), 40)]), "*$0123456789\r\n"), "\r")
	return fmt.Sprintf("%08x %q", h.Sum32(), word)
}

// short is the beginning of a frame, in one line.
func short(frame []byte) string { return fmt.Sprintf("%q", frame[:min(len(frame), 120)]) }
