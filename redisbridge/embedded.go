package redisbridge

import (
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// embeddedSlack is how many messages more than it keeps a log of the embedded Redis
// may hold: trimming sorts the whole log there.
const embeddedSlack = 1000

// OpenEmbedded starts a Redis inside this process, on a free port of the loopback,
// and opens it. It keeps everything in memory: nothing outlasts the process.
func OpenEmbedded(s Settings, node string, log zerolog.Logger, registerer prometheus.Registerer) (*Store, func(), error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return nil, nil, fmt.Errorf("start embedded redis: %w", err)
	}
	server.ClockTTL(true) // or nothing would ever expire
	s.Addr = server.Addr()
	st, err := Open(s, node, log, registerer)
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	st.embedded, st.slack = true, embeddedSlack
	return st, server.Close, nil
}
