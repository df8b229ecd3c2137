package transport

import (
	"math"
	"syscall"

	"github.com/rs/zerolog"
)

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
