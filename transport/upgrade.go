package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lxzan/gws"

	"parley/actors"
	"parley/actors/protocol"
)

// serveWS takes a client in, or says in one sentence why not.
func (s *Server) serveWS(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This is a WebSocket endpoint.", http.StatusUpgradeRequired)
		return
	}
	if s.draining.Load() { // let in, it would be sent away again
		verdict{draining, retryWhenDraining}.refuse(w)
		return
	}
	if !originAllowed(r, s.settings.AllowedOrigins, s.auth == nil) {
		s.refused.WithLabelValues(string(strangeOrigin)).Inc()
		http.Error(w, "Pages from this origin may not connect.", http.StatusForbidden)
		return
	}
	var who identity
	if s.auth != nil {
		var err error
		if who, err = s.auth.identify(r); err != nil {
			s.refused.WithLabelValues(string(badToken)).Inc()
			http.Error(w, "A valid token is needed.", http.StatusUnauthorized)
			return
		}
	}
	resume, err := parseResume(r.URL.Query(), time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	resume.Name, resume.Rooms = who.Name, who.Rooms
	resume.Address = s.clientIP(r)
	release, verdict := s.admission.admit(resume.Address)
	if !verdict.ok() {
		s.refused.WithLabelValues(string(verdict.reason)).Inc()
		verdict.refuse(w)
		return
	}
	if err := s.upgrade(w, r, resume, who.Expires, release); err != nil {
		s.log.Debug().Err(err).Msg("handshake failed")
	}
}

// parseResume reads the cursors that a client comes back with.
func parseResume(query url.Values, now time.Time) (actors.Resume, error) {
	resume := actors.Resume{Since: actors.Newest, DMSince: actors.Newest}
	for _, cursor := range []struct {
		name string
		to   *int64
	}{{"since", &resume.Since}, {"dmsince", &resume.DMSince}} {
		if !query.Has(cursor.name) {
			continue
		}
		id, err := strconv.ParseInt(query.Get(cursor.name), 10, 64)
		wrong := ""
		switch {
		case err != nil:
			wrong = "not a number"
		case id < 0:
			wrong = "negative"
		case id > now.Add(actors.ClockSkew).UnixMicro():
			wrong = "in the future"
		}
		if wrong != "" {
			return resume, fmt.Errorf("The query parameter %s is %s.", cursor.name, wrong) //nolint:staticcheck // a sentence for people
		}
		*cursor.to = id
	}
	return resume, nil
}

// upgrade turns the request into a connection of the chat. release is called, once, when
// that has ended, or was none.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, resume actors.Resume, expires time.Time, release func()) error {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		release()
		return fmt.Errorf("take over connection: %w", err)
	}
	// The server's reader may hold frames that came with the handshake; it is not
	// kept, for it is eight times the size that a connection needs.
	left, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	return s.open(newWire(conn, bytes.Clone(left)), r, resume, expires, release)
}

// open answers the request for a WebSocket that came on wire, and serves that.
func (s *Server) open(wire *wire, r *http.Request, resume actors.Resume, expires time.Time, release func()) error {
	sock := &socket{wire: wire, server: s, release: release, expires: expires}
	wire.owner = sock
	begun := false
	defer func() {
		if !begun { // also after a panic, of which net/http tells
			sock.end(false)
			go wire.linger()
		}
	}()
	now := time.Now()
	sock.heard.Store(now.Unix())
	if !s.settings.AllowListeners {
		sock.joinBy = now.Add(s.settings.JoinTimeout)
	}
	wire.in = bufio.NewReaderSize(wire, readBuffer)
	ws, err := s.upgrader.UpgradeFromConn(wire, wire.in, r)
	if err != nil {
		return fmt.Errorf("upgrade connection: %w", err)
	}
	conn, err := s.connect(sock, resume)
	if err != nil {
		_ = ws.WriteClose(protocol.CloseRestart, []byte("server restarts"))
		return fmt.Errorf("connect: %w", err)
	}
	wire.lot = s.lot
	wire.loop = func() { sock.readLoop(ws) }
	wire.serve(conn)
	s.sockets.add(sock)
	begun = true
	go wire.loop()
	return nil
}

// newUpgrader is gws as it is used here.
func newUpgrader() *gws.Upgrader {
	return gws.NewUpgrader(events{}, &gws.ServerOption{
		ReadMaxPayloadSize: frameLimit,
		ReadBufferSize:     readBuffer,
		ParallelGolimit:    1, // nothing is handled in parallel, but it sizes a channel each
		CheckUtf8Enabled:   true,
		NewSession:         func() gws.SessionStorage { return nil }, // a socket is found through its wire
	})
}
