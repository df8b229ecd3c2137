package redisbridge

import (
	"maps"
	"sync"
	"time"
)

const (
	// seenFor is how long a node remembers the newest id of a log that it wrote to: as long
	// as references are known, for that is what a log that lacks it would get wrong.
	seenFor = 10 * time.Minute
	// seenMost is how many logs it remembers, at about 100 bytes each. Where more are
	// written to within seenFor, all are forgotten now and then.
	seenMost = 1 << 16
)

// seenLogs are the newest ids of the logs that this node has written direct messages to: a
// log that has less has lost some, and a repeat would be stored in it as if it were new.
type seenLogs struct {
	mu   sync.Mutex
	logs map[string]seenLog // by key
}

type seenLog struct {
	id     int64
	at     time.Time
	behind int // how often in a row the log was found to have less
}

// saw notes that a log has an id.
func (s *seenLogs) saw(key string, id int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.logs) >= seenMost {
		maps.DeleteFunc(s.logs, func(_ string, l seenLog) bool { return now.Sub(l.at) > seenFor })
	}
	if s.logs == nil || len(s.logs) >= seenMost {
		s.logs = make(map[string]seenLog)
	}
	s.logs[key] = seenLog{id: max(id, s.logs[key].id), at: now}
}

// newest is the least that a log has to have; 0 where nothing is known, or nobody has what
// it lacks.
func (s *seenLogs) newest(key string, now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[key]
	if now.Sub(l.at) > seenFor || l.behind >= giveUpBehind {
		return 0
	}
	return l.id
}

// last is the newest id that the log is known to have had.
func (s *seenLogs) last(key string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs[key].id
}

// isBehind notes that a log has less.
func (s *seenLogs) isBehind(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.logs[key]; ok {
		l.behind++
		s.logs[key] = l
	}
}
