package transport

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"parley/actors/engine"
	"parley/actors/limit"
)

// chaosGuesses a minute an address may make that are wrong, and as many at once: enough for a
// person who mistypes, on a page that asks two things at once.
const chaosGuesses = 6.0

func newGuesses() *limit.Addresses {
	return limit.NewAddresses(new(chaosGuesses), chaosGuesses, time.Minute, time.Minute)
}

// chaosRoutes let whoever has the token see the actors and kill them.
func (s *Server) chaosRoutes(mux *http.ServeMux) {
	mux.Handle("GET /chaos", withPageHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "page/chaos.html")
	})))
	mux.HandleFunc("GET /chaos/actors", s.withChaosToken(s.serveActors))
	mux.HandleFunc("GET /chaos/tree", s.withChaosToken(s.serveTree))
	mux.HandleFunc("GET /chaos/counters", s.withChaosToken(s.serveCounters))
	mux.HandleFunc("POST /chaos/kill", s.withChaosToken(s.serveKill))
}

// withChaosToken answers 401 to all who don't show the token, and 429 to an address that has guessed
// too often, whatever it shows then: else its next guesses would be as good as the first.
func (s *Server) withChaosToken(next http.HandlerFunc) http.HandlerFunc {
	want := []byte(s.settings.ChaosToken)
	return func(w http.ResponseWriter, r *http.Request) {
		token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		ip, now := s.clientIP(r), time.Now()
		if debt := s.guesses.Debt(ip, now); isBearer && debt > 0 {
			retryAfter(w, debt)
			http.Error(w, "Too many wrong tokens came from this address.", http.StatusTooManyRequests)
			return
		}
		if isBearer && subtle.ConstantTimeCompare([]byte(token), want) != 1 {
			s.guesses.Spend(ip, 1, now)
			isBearer = false
		}
		if !isBearer {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "This needs the CHAOS_TOKEN as a bearer token.", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func (s *Server) serveActors(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.chat.Actors()) }

func (s *Server) serveKill(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name, kind, how := query.Get("actor"), query.Get("kind"), query.Get("how")
	if (name == "") == (kind == "") {
		http.Error(w, "Say which actor by actor=NAME, or kind=KIND for one at random.", http.StatusBadRequest)
		return
	}
	killed, err := s.chat.Kill(name, engine.Kind(kind), engine.How(how))
	switch {
	case errors.Is(err, engine.ErrNoSuchActor):
		http.Error(w, "There is no such actor.", http.StatusNotFound)
	case err != nil:
		http.Error(w, "Say how by how=panic-before, panic-after, restart, stop or poison.", http.StatusBadRequest)
	default:
		s.log.Warn().Str("actor", killed.Name).Str("how", how).Msg("actor is killed on request")
		writeJSON(w, killed)
	}
}

// counters are the metrics that the page beside the tree shows, by their names there.
var counters = map[string]string{
	"parley_messages_in_total":    "messages_in",
	"parley_deliveries_total":     "delivered",
	"parley_holes_healed_total":   "healed_holes",
	"parley_holes_lost_total":     "lost",
	"parley_connections":          "connections",
	"parley_actor_restarts_total": "restarts",
}

func (s *Server) serveCounters(w http.ResponseWriter, _ *http.Request) {
	families, err := s.registry.Gather()
	if err != nil {
		s.log.Error().Err(err).Msg("metrics not gathered")
		http.Error(w, "The counters can't be read.", http.StatusInternalServerError)
		return
	}
	answer := make(map[string]float64, len(counters))
	for _, name := range counters {
		answer[name] = 0
	}
	for _, f := range families {
		if name, ok := counters[f.GetName()]; ok {
			answer[name] = sum(f.GetMetric())
		}
	}
	writeJSON(w, answer)
}

func sum(metrics []*dto.Metric) float64 {
	total := 0.0
	for _, m := range metrics {
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return total
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
