package transport

import (
	"math"
	"syscall"

	"github.com/rs/zerolog"
)

const (
	// plainRoom is for those that only ask, beside MAX_CONNECTIONS: a few hundred loads of the page
	// and health checks at once.
	plainRoom = 256

	// plainPerIP is the same for an address, beside MAX_CONNECTIONS_PER_IP: browsers open six each
	// for a page, and a balancer asks for health meanwhile.
	plainPerIP = 32

	// descriptorReserve is kept from strangers: about thirty for Redis (the embedded one has both
	// ends), and the rest for the operators' address, logs, certificates and key sets.
	descriptorReserve = 128
)

// capacity is how many connections a node takes; 0 is no limit.
type capacity struct {
	accepted int // of TCP
	upgraded int // of those, WebSockets
}

// capacity fits the settings into so many file descriptors; 0 of them: nobody knows how many.
func (s LimitSettings) capacity(descriptors int) capacity {
	c := capacity{upgraded: s.MaxConnections}
	if s.MaxConnections > 0 {
		c.accepted = s.MaxConnections + plainRoom
	}
	// A process with hardly any still serves a few.
	if most := max(descriptors-descriptorReserve, descriptors/2); descriptors > 0 && (c.accepted == 0 || c.accepted > most) {
		c.accepted, c.upgraded = most, max(most-plainRoom, most/2)
	}
	return c
}

// openFiles is how many descriptors this process may have; 0: nobody knows, or as many as it likes.
// Go has raised the soft limit to the hard one by now (package os does, since 1.19).
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}

// warnOfCapacity says that there will be fewer connections than the settings allow.
func (s LimitSettings) warnOfCapacity(c capacity, descriptors int, log zerolog.Logger) {
	if s.MaxConnections > c.upgraded {
		log.Warn().Int("max_connections", s.MaxConnections).Int("open_files", descriptors).Int("connections", c.upgraded).
			Msg("MAX_CONNECTIONS does not fit the limit of open files (ulimit -n): fewer connections are taken")
	}
}
