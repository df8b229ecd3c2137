// Package transport is the chat's edge: HTTP, WebSockets, and the page. It knows
// the actors, and nothing of Redis.
package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/limit"
)

const (
	// headerPatience is how long a client may take to send a request's head; longer
	// ones are held against slow handshakes.
	headerPatience = 5 * time.Second
	// headerBytes bounds a request's head; the library adds 4 KiB.
	headerBytes = 12 << 10
	// idlePatience is how long a connection stays between two requests: a page's files come within
	// it, and who asks for health now and then can connect anew.
	idlePatience = 5 * time.Second
	// answerPatience is how long answering a request may take; none is long.
	answerPatience = 15 * time.Second
	// defaultAdminAddr is where operators look if nothing else is set.
	defaultAdminAddr = "127.0.0.1:8081"
	// adminOff as ADMIN_ADDR serves no admin address.
	adminOff = "off"
)

// Options are what a server is made of.
type Options struct {
	Settings
	Chat *actors.Chat
	// Ready says whether messages go round, and if not, why.
	Ready    func() actors.Readiness
	Log      zerolog.Logger
	Registry *prometheus.Registry
	// Volatile says that nothing is kept over a restart.
	Volatile bool
}

// Server is the running edge of one node.
type Server struct {
	settings  Settings
	chat      *actors.Chat
	ready     func() actors.Readiness
	log       zerolog.Logger
	registry  *prometheus.Registry
	refused   *prometheus.CounterVec
	volatile  bool
	auth      *authenticator // nil where anybody may come
	admission *admission
	guesses   *limit.Addresses // of the chaos token
	upgrader  *gws.Upgrader
	connect   func(actors.Socket, actors.Resume) (connection, error)
	sockets   sockets
	lot       *lot // nil where there is none
	draining  atomic.Bool
	cancel    context.CancelFunc

	public, admin *http.Server
	listener      net.Listener
	adminListener net.Listener
}

// New checks the settings and binds the addresses; Serve starts answering. An error
// names the setting that is to blame.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		settings: o.Settings, chat: o.Chat, ready: o.Ready, log: o.Log, registry: o.Registry,
		volatile: o.Volatile, guesses: newGuesses(), refused: newRefused(o.Registry), sockets: sockets{open: map[*socket]struct{}{}},
		connect: func(to actors.Socket, resume actors.Resume) (connection, error) { return o.Chat.Connect(to, resume) },
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	files := openFiles()
	capacity := o.capacity(files)
	o.warnOfCapacity(capacity, files, o.Log)
	s.admission = newAdmission(o.LimitSettings, capacity.upgraded)
	ctx, s.cancel = context.WithCancel(ctx)
	var err error
	if s.auth, err = newAuthenticator(o.Log.WithContext(ctx), o.AuthSettings); err != nil {
		return nil, err
	}
	if s.settings.ChaosToken, err = secretOrFile(o.ChaosToken, "CHAOS_TOKEN", o.ChaosTokenFile); err != nil {
		return nil, err
	}
	tlsConfig, err := newTLSConfig(o.TLSSettings, func(err error) { o.Log.Warn().Err(err).Msg("certificate not reloaded") })
	if err != nil {
		return nil, err
	}
	s.upgrader = newUpgrader()
	s.public = newHTTPServer(s.noticeForwarded(s.routes()), o.Log)
	s.public.TLSConfig = tlsConfig
	listener, err := net.Listen("tcp", o.ListenAddr)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	gate := newGate(listener, o.LimitSettings, capacity.accepted, s.refused, o.Log)
	s.listener, s.public.ConnState = gate, gate.track
	if err := s.bindAdmin(); err != nil {
		_ = s.listener.Close()
		return nil, err
	}
	if s.admin == nil && s.settings.ChaosToken != "" && !s.settings.ChaosPublic {
		s.log.Warn().Msg("CHAOS_TOKEN is set, and /chaos is nowhere: there is no admin address, and CHAOS_PUBLIC is not set")
	}
	if s.lot, err = newLot(o.Log); err != nil {
		return nil, errors.Join(err, s.listener.Close()) // the process ends
	}
	go lasting(o.Log, "sweep", func() { s.sockets.sweep(ctx) })
	return s, nil
}

func newHTTPServer(handler http.Handler, to zerolog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerPatience,
		ReadTimeout:       headerPatience,
		WriteTimeout:      answerPatience,
		IdleTimeout:       idlePatience,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          log.New(httpLog{to}, "", 0),
	}
}

// bindAdmin binds the operators' address. Several nodes on one machine share the
// default: there the first has it, and the others go without.
func (s *Server) bindAdmin() error {
	addr := s.settings.AdminAddr
	if addr == adminOff {
		return nil
	}
	byDefault := addr == ""
	if byDefault {
		addr = defaultAdminAddr
	}
	var err error
	if s.adminListener, err = net.Listen("tcp", addr); err != nil {
		if !byDefault {
			return fmt.Errorf("ADMIN_ADDR: %w", err)
		}
		s.log.Warn().Str("addr", addr).Msg("admin address is in use: no metrics from this node; set ADMIN_ADDR")
		return nil
	}
	s.admin = newHTTPServer(withHostCheck(hostname(addr), s.adminRoutes()), s.log)
	s.admin.WriteTimeout = 0 // profiles take as long as they are asked to
	return nil
}

// URL is where a browser on this machine finds the page.
func (s *Server) URL() string {
	url, _ := s.settings.urlOf(s.listener.Addr().String(), "localhost")
	return url
}

// AdminURL is the operators' address, "" without one.
func (s *Server) AdminURL() string {
	if s.adminListener == nil {
		return ""
	}
	return "http://" + s.adminListener.Addr().String()
}

// Serve answers until Shutdown; its error is nil then.
func (s *Server) Serve() error {
	failed := make(chan error, 2)
	go func() {
		if s.settings.secure() {
			failed <- s.public.ServeTLS(newServing(s.listener, s.log), "", "")
		} else {
			failed <- s.public.Serve(newServing(s.listener, s.log))
		}
	}()
	if s.admin != nil {
		go func() { failed <- s.admin.Serve(newServing(s.adminListener, s.log)) }()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Drain turns readiness red: whoever balances the load sends nobody here any more.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops answering. Connections of the chat are the chat's to end.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	if s.lot != nil {
		defer s.lot.close()
	}
	err := s.public.Shutdown(ctx)
	if s.admin != nil {
		err = errors.Join(err, s.admin.Shutdown(ctx))
	}
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// httpLog takes what net/http says of its connections. Strangers can have it said as
// often as they like, so that it is for those who look for it, but for panics.
type httpLog struct{ log zerolog.Logger }

func (l httpLog) Write(line []byte) (int, error) {
	event := l.log.Debug()
	if bytes.Contains(line, []byte("panic")) {
		event = l.log.Error()
	}
	event.Bytes("said", bytes.TrimSpace(line)).Msg("http")
	return len(line), nil
}
