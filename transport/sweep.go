package transport

import (
	"context"
	"sync"
	"time"

	"parley/actors"
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
	for _, socket := range due.idle {
		socket.wire.rest()
	}
	for _, socket := range due.silent {
		socket.wire.send(pingFrame)
	}
	for _, socket := range due.halfOpen {
		socket.wire.drop()
	}
	for _, socket := range due.expired {
		socket.Close(actors.CloseNotAllowed, "token expired")
	}
	for _, socket := range due.loitering {
		socket.Close(actors.CloseNotAllowed, "not joined in time")
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
			if !socket.conn.Joined() {
				d.loitering = append(d.loitering, socket)
			}
		case second-max(heard, socket.pinged) >= int64(pingInterval.Seconds()):
			socket.pinged = second
			d.silent = append(d.silent, socket)
		}
	}
	return d
}
