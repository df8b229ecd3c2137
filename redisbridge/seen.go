package redisbridge

import (
	"maps"
	"sync"
	"time"

	"parley/actors"
)

const (
	// seenFor is how long a node remembers the newest id of a log that it wrote to, or of a room that it
	// listens to: as long
	// as references are known, for that is what a log that lacks it would get wrong.
	seenFor = 10 * time.Minute
	// seenMost is how many logs it remembers, at about 100 bytes each. Where more are
	// written to within seenFor, all are forgotten now and then.
	seenMost = 1 << 16
	// giveUpBehind is how often a log may be found to lack what was seen in it before
	// messages are stored all the same: nobody has what it lacks.
	giveUpBehind = 3
)

// seenLogs are the newest ids that this node has seen in logs: a log that has less has lost
// some, and a repeat would be stored in it as if it were new.
type seenLogs struct {
	mu     sync.Mutex
	newest int64 // in any log
	logs   map[actors.Log]seenLog
}

type seenLog struct {
	id     int64
	at     time.Time
	behind int // how often in a row the log was found to have less
}

// wrote notes that this node wrote to a log, which has an id.
func (s *seenLogs) wrote(log actors.Log, id int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = max(s.newest, id)
	s.bound(now)
	s.logs[log] = seenLog{id: max(id, s.logs[log].id), at: now}
}

// heard notes that a log has an id, whoever wrote it.
func (s *seenLogs) heard(log actors.Log, id int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = max(s.newest, id)
	switch l := s.logs[log]; {
	case kindOf(log).crowded:
		l.id = max(l.id, id)
		s.logs[log] = l
	case log.Named() && id > l.id: // of those that are listened to here
		s.bound(now)
		s.logs[log] = seenLog{id: id, at: now, behind: l.behind}
	}
}

// bound makes place for another log: of the old ones, else of all.
func (s *seenLogs) bound(now time.Time) {
	for _, age := range []time.Duration{seenFor, -seenFor} {
		if len(s.logs) >= seenMost {
			maps.DeleteFunc(s.logs, func(log actors.Log, l seenLog) bool { return !kindOf(log).crowded && now.Sub(l.at) > age })
		}
	}
}

// least is the least that a log has to have; 0 where nothing is known, or nobody has what
// it lacks.
func (s *seenLogs) least(log actors.Log, now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[log]
	if l.behind >= giveUpBehind || now.Sub(l.at) > seenFor && !kindOf(log).crowded {
		return 0
	}
	return l.id
}

// last is the newest id that the log is known to have had.
func (s *seenLogs) last(log actors.Log) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs[log].id
}

// isBehind notes that a log has less.
func (s *seenLogs) isBehind(log actors.Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.logs[log]; ok {
		l.behind++
		s.logs[log] = l
	}
}

// any is the newest id seen in any log.
func (s *seenLogs) any() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}
