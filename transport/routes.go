package transport

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/actors"
)

//go:embed page
var pageFiles embed.FS

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

// page serves the embedded files. Browsers ask each time whether they have changed:
// a new server must not be met by an old page.
func (s *Server) page() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // unreachable: the folder is embedded
	}
	tags := entityTags(files)
	serve := http.FileServerFS(files)
	return withPageHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chaos.html" || r.URL.Path == "/index.html" {
			http.NotFound(w, r) // they have addresses of their own
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		if tag := tags[r.URL.Path]; tag != "" {
			w.Header().Set("ETag", tag)
		}
		serve.ServeHTTP(w, r)
	}))
}

// entityTags names the content of each file, by its path in a URL: embedded files
// have no time of change, and would be sent again each time.
func entityTags(files fs.FS) map[string]string {
	tags := map[string]string{}
	_ = fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, err error) error {
		if content, readErr := fs.ReadFile(files, path); err == nil && readErr == nil {
			sum := sha256.Sum256(content)
			tags["/"+path] = `"` + hex.EncodeToString(sum[:12]) + `"`
		}
		return nil
	})
	tags["/"] = tags["/index.html"]
	return tags
}

// serveHealth says that the process lives.
func serveHealth(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }

// serveReady says whether clients are well served here: messages go round, and the
// node is not going away. If they are not, why says it: a word to everybody, and what
// is known to operators.
func (s *Server) serveReady(why func(actors.Readiness) string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		ready := s.ready()
		if s.draining.Err() != nil {
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

type metrics struct {
	refused *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "parley", Name: "connections_refused_total", Help: "Connections that were not let in, by what kept them out.",
	}, []string{"reason"})}
	r.MustRegister(m.refused)
	return m
}
