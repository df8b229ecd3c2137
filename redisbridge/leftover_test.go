package redisbridge

import (
	"context"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"parley/actors"
)

// TestConnectionsLeftOverDoNotPutOffThatRedisIsBack: the library does not see of a connection
// with TLS, or with anything else around it, that it has ended. A node that has many of them
// idle has to know as soon as another that Redis has begun anew, for that writes back for a
// second, and then answers.
func TestConnectionsLeftOverDoNotPutOffThatRedisIsBack(t *testing.T) {
	t.Parallel()
	const leftOver = 200 // with a pause after each it would take a minute
	r := startRedis(t)
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return struct{ net.Conn }{conn}, err
	}
	s, err := OpenIn(Surroundings{Dial: dial}, Settings{Addr: r.Addr(), HistoryKeep: 10}, "n", zerolog.Nop(), prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	h := newHouse(t, s)
	var idle []*redis.Conn
	for range leftOver {
		conn := s.client.Conn()
		must(t, conn.Ping(soon(t)).Err())
		idle = append(idle, conn)
	}
	for _, conn := range idle {
		must(t, conn.Close())
	}
	must(t, r.Kill())
	must(t, r.Start())
	eventually(t, "the bridge tells that Redis has begun anew", func() bool { return len(of[*actors.RedisChanged](h.ear)) == 1 })
}
