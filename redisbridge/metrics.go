package redisbridge

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	roundTrips *prometheus.HistogramVec
	batches    *prometheus.HistogramVec
	relinks    prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		roundTrips: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "parley", Name: "redis_round_trip_seconds",
			Help:    "Time of a pipeline to Redis and back, by what it did.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 12),
		}, []string{"lane"}),
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "parley", Name: "redis_batch_size",
			Help:    "Messages or questions that one pipeline held, by what it did.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}, []string{"lane"}),
		relinks: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "parley", Name: "redis_relinks_total",
			Help: "Pub/Sub links that were lost and made anew.",
		}),
	}
	r.MustRegister(m.roundTrips, m.batches, m.relinks)
	return m
}
