package actors

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/actors/engine"
)

// metrics are what the chat counts. Names and meanings are part of what operators
// build on: see docs/operations.md.
type metrics struct {
	Connections prometheus.Gauge
	Joins       prometheus.Counter
	MessagesIn  prometheus.Counter
	Deliveries  prometheus.Counter
	HolesHealed prometheus.Counter
	HolesLost   prometheus.Counter
	SlowClients prometheus.Counter
	NamesLost   prometheus.Counter
	Refusals    *prometheus.CounterVec
	Restarts    *prometheus.CounterVec
	Delivery    prometheus.Histogram
}

// newMetrics makes and registers them.
func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help})
	}
	vector := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help}, []string{label})
	}
	m := &metrics{
		Connections: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "parley", Name: "connections", Help: "WebSocket connections open now."}),
		Joins:       counter("joins_total", "Connections that have joined under a name."),
		MessagesIn:  counter("messages_in_total", "Messages taken from clients, public and direct."),
		Deliveries:  counter("deliveries_total", "Messages written to connections."),
		HolesHealed: counter("holes_healed_total", "Holes in a log's events that were closed by reading the log."),
		HolesLost:   counter("holes_lost_total", "Holes that could not be closed: the log no longer had what was missing."),
		SlowClients: counter("slow_clients_total", "Connections closed because the client did not read (4008)."),
		NamesLost:   counter("names_lost_total", "Connections closed because their name was somebody else's by then (4009)."),
		Refusals:    vector("refusals_total", "Frames answered with an error, by code.", "code"),
		Restarts:    vector("actor_restarts_total", "Actors that died and were started again, by kind.", "kind"),
		Delivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "parley", Name: "delivery_seconds",
			Help:    "Time from when a public message came in to when every connection of this node was told: a sample, at most one a wave.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	r.MustRegister(m.Delivery, m.Connections, m.Joins, m.MessagesIn, m.Deliveries, m.HolesHealed, m.HolesLost, m.SlowClients, m.NamesLost, m.Refusals, m.Restarts)
	return m
}

// depths tells at each scrape how many actors there are and what waits for them, by
// kind.
type depths struct {
	system           *engine.System
	actors, messages *prometheus.Desc
}

func newDepths(system *engine.System) *depths {
	return &depths{
		system:   system,
		actors:   prometheus.NewDesc("parley_actors", "Actors alive now, by kind.", []string{"kind"}, nil),
		messages: prometheus.NewDesc("parley_mailbox_messages", "Messages that wait in the actors' mailboxes now, by kind.", []string{"kind"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (d *depths) Describe(to chan<- *prometheus.Desc) { to <- d.actors; to <- d.messages }

// Collect implements prometheus.Collector.
func (d *depths) Collect(to chan<- prometheus.Metric) {
	actors, messages := map[engine.Kind]int{}, map[engine.Kind]int{}
	for _, a := range d.system.Live() {
		actors[a.Kind]++
		messages[a.Kind] += a.Mailbox
	}
	for kind, n := range actors {
		to <- prometheus.MustNewConstMetric(d.actors, prometheus.GaugeValue, float64(n), string(kind))
		to <- prometheus.MustNewConstMetric(d.messages, prometheus.GaugeValue, float64(messages[kind]), string(kind))
	}
}

func (m *metrics) delivered(n int) { m.Deliveries.Add(float64(n)) }

func (m *metrics) restarted(kind engine.Kind) { m.Restarts.WithLabelValues(string(kind)).Inc() }
