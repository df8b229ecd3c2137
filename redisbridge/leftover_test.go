package redisbridge

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/protocol"
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
	s, err := OpenIn(Surroundings{Dial: dial}, Settings{Addr: r.Addr(), HistoryKeep: 10, RoomKeep: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
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

// mortal is a connection whose Redis may end without its being seen.
type mortal struct {
	net.Conn
	ended     func() bool
	afterward *atomic.Int32 // how much was asked of it then
}

func (m mortal) Write(p []byte) (int, error) {
	if m.ended() {
		m.afterward.Add(1)
	}
	return m.Conn.Write(p)
}

// TestProbesTakeOutTheConnectionsOfPipelinesToo: otherwise what is written back to a Redis that has begun anew fails, and
// pauses, once for each, while other nodes answer already.
func TestProbesTakeOutTheConnectionsOfPipelinesToo(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	var starts, late atomic.Int32
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		start := starts.Load()
		return mortal{conn, func() bool { return starts.Load() > start }, &late}, err
	}
	s, err := OpenIn(Surroundings{Dial: dial}, Settings{Addr: r.Addr(), HistoryKeep: 10, RoomKeep: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	h := newHouse(t, s)
	_, err = s.client.Pipelined(soon(t), func(pipe redis.Pipeliner) error { return pipe.Ping(soon(t)).Err() })
	must(t, err)
	must(t, r.Kill())
	eventually(t, "no connection is left over", func() bool { return s.client.PoolStats().TotalConns == 0 })
	starts.Add(1)
	must(t, r.Start())
	eventually(t, "the bridge tells that Redis has begun anew", func() bool { return len(of[*actors.RedisChanged](h.ear)) == 1 })
	h.root.Send(h.bridge, &actors.Restore{Entries: []protocol.Entry{{ID: 1, Frame: protocol.AppendFrame(nil, `{"text":"back"}`)}}})
	eventually(t, "it is written back", func() bool { return slices.Contains(texts(t, r), "back") })
	if n := late.Load(); n > 0 {
		t.Errorf("%d times something was asked over a connection whose Redis had ended", n)
	}
}
