package redisbridge

import (
	"sync"
	"time"

	"parley/actors"
)

const (
	// probeInterval is how often a node publishes to itself.
	probeInterval = 700 * time.Millisecond
	// probePatience is how long messages may not go round before the subscription is
	// made anew: three probes and the time of one reply.
	probePatience = 2500 * time.Millisecond
)

// health is whether messages go round: from this node through Redis and back. It is
// measured by the probe, for a connection can be dead and TCP not know it.
type health struct {
	mu     sync.Mutex
	heard  time.Time // when the last probe came back
	reason string    // why messages do not go round
	// refuses is what kind of error Redis answers writes with, "" while it takes them.
	refuses string
}

func (h *health) hear(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard, h.reason = now, ""
}

// fail notes why messages do not go round, as long as none has come back since.
func (h *health) fail(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reason = reason
}

// refuse notes that Redis refuses writes, and says whether that is new.
func (h *health) refuse(kind string) (isNew bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	isNew = h.refuses != kind
	h.refuses = kind
	return isNew
}

// refusal is what kind of error Redis answers writes with, "" while it takes them.
func (h *health) refusal() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refuses
}

// Ready says whether messages go round, and if not, why.
func (s *Store) Ready() actors.Readiness {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.reason != "":
		return actors.Readiness{Trouble: actors.TroubleRedis, Detail: h.reason}
	case time.Since(h.heard) > probePatience:
		return actors.Readiness{Trouble: actors.TroubleRedis, Detail: "messages do not come back from redis"}
	case h.refuses == kindOutOfMemory:
		return actors.Readiness{Trouble: actors.TroubleMemory, Detail: "redis is out of memory"}
	case h.refuses != "":
		return actors.Readiness{Trouble: actors.TroubleRedis, Detail: "redis refuses: " + h.refuses}
	default:
		return actors.Readiness{}
	}
}

// ok says whether messages went round of late.
func (h *health) ok() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason == "" && time.Since(h.heard) <= probePatience
}

// silent is how long no probe has come back.
func (h *health) silent(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.heard)
}
