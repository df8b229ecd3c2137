package transport

import (
	"context"
	"sync"
	"time"

	"parley/actors/protocol"
)

// pingFrame is a WebSocket ping without a payload (RFC 6455 §5.5.2).
var pingFrame = []byte{0x89, 0}

// sweepInterval is how often silent connections are looked for.
const sweepInterval = time.Second

// sockets are the open connections of a server.
type sockets struct {
	mu   sync.Mutex
	open map[*socket]struct{}
}

func (s *sockets) add(socket *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[socket] = struct{}{}
}

func (s *sockets) remove(socket *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, socket)
}

// sweep parks and pings clients that have been silent and ends connections that are half open,
// or whose time is over, until ctx ends. One goroutine looks at all: no timer a
// connection.
func (s *sockets) sweep(ctx context.Context) {
	every := time.NewTicker(sweepInterval)
	defer every.Stop()
	for {
		select {
		case now := <-every.C:
			s.look(now)
		case <-ctx.Done():
			return
		}
	}
}

func (s *sockets) look(now time.Time) {
	due := s.due(now)
	each(due.idle, func(s *socket) { s.wire.rest() })
	each(due.silent, func(s *socket) { s.wire.send(pingFrame) })
	each(due.halfOpen, func(s *socket) { s.wire.drop() })
	each(due.expired, func(s *socket) { s.Close(protocol.CloseNotAllowed, "token expired") })
	each(due.loitering, func(s *socket) { s.Close(protocol.CloseNotAllowed, "not joined in time") })
}

// each does one thing to all; where that panics, it costs the socket alone.
func each(all []*socket, do func(*socket)) {
	for _, socket := range all {
		func() {
			defer socket.wire.recovered()
			do(socket)
		}()
	}
}

// due are the sockets for which something is to be done.
type due struct{ idle, silent, halfOpen, expired, loitering []*socket }

func (s *sockets) due(now time.Time) (d due) {
	second := now.Unix()
	s.mu.Lock()
	defer s.mu.Unlock()
	for socket := range s.open {
		heard := socket.heard.Load()
		if socket.rested != heard && second-heard >= int64(parkAfter.Seconds()) {
			socket.rested = heard // asked once in a silence
			d.idle = append(d.idle, socket)
		}
		switch {
		case second-heard >= int64(silencePatience.Seconds()):
			d.halfOpen = append(d.halfOpen, socket)
		case !socket.expires.IsZero() && !now.Before(socket.expires):
			d.expired = append(d.expired, socket)
		case !socket.joinBy.IsZero() && !now.Before(socket.joinBy):
			socket.joinBy = time.Time{} // asked once
			if !socket.wire.connection().Joined() {
				d.loitering = append(d.loitering, socket)
			}
		case second-max(heard, socket.pinged) >= int64(pingInterval.Seconds()):
			socket.pinged = second
			d.silent = append(d.silent, socket)
		}
	}
	return d
}
