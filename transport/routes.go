package transport

import (
	"fmt"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/actors"
)

// routes are what everybody can reach.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", s.serveWS)
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReady(func(r actors.Readiness) string { return string(r.Trouble) }))
	mux.Handle("GET /", s.page())
	if s.settings.ChaosToken != "" && s.settings.ChaosPublic {
		s.chaosRoutes(mux)
	}
	return mux
}

// adminRoutes are what only operators should reach.
func (s *Server) adminRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReady(func(r actors.Readiness) string { return r.Detail }))
	if s.settings.ChaosToken != "" {
		s.chaosRoutes(mux)
		mux.Handle("GET /{file}", s.page()) // what the page of /chaos loads; no chat is here
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// serveHealth says that the process lives.
func serveHealth(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }

// serveReady says whether clients are well served here: messages go round, and the
// node is not going away. If they are not, why says it: a word to everybody, and what
// is known to operators.
func (s *Server) serveReady(why func(actors.Readiness) string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		ready := s.ready()
		if s.draining.Load() {
			ready = actors.Readiness{Trouble: actors.TroubleDraining, Detail: "draining"}
		}
		if ready.Trouble != actors.NoTrouble {
			http.Error(w, "not ready: "+why(ready), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready")
		if s.volatile {
			_, _ = fmt.Fprintln(w, "warning: nothing is kept over a restart (REDIS_ADDR is not set)")
		}
	}
}
