package main

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is this process's registry; it implements bot.Meter. Names are
// stable: distrobot_NAME_total for counters, distrobot_NAME_seconds for times.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	times    *prometheus.HistogramVec
	carried  prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "distrobot", Name: "slack_events_total",
			Help: "What the bot did with Slack, by kind and label."}, []string{"kind", "label"}),
		times: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "distrobot", Name: "slack_answer_seconds",
			Help:    "From the arrival of a request until it was acknowledged or its effect was visible.",
			Buckets: []float64{.005, .01, .025, .05, .1, .2, .3, .5, 1, 2, 3}}, []string{"kind", "label"}),
		carried: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "distrobot", Name: "effects_carried_total",
			Help: "Effects carried from the outboxes."}),
	}
	m.registry.MustRegister(m.calls, m.times, m.carried, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Add implements bot.Meter.
func (m *metrics) Add(name, label string, n float64) {
	m.calls.WithLabelValues(trimKind(name), label).Add(n)
}

// Time implements bot.Meter.
func (m *metrics) Time(name, label string, d time.Duration) {
	m.times.WithLabelValues(trimKind(name), label).Observe(d.Seconds())
}

func trimKind(name string) string { return strings.TrimPrefix(name, "slack_") }

// gauge registers a value that is read when metrics are scraped.
func (m *metrics) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "distrobot", Name: name, Help: help}, read))
}
