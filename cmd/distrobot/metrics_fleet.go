package main

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/distrobot/distrobot/fleet"
)

// fleetMetrics reads the state of the fleet when metrics are scraped: one look
// every few seconds, however many ask, and none when nobody does.
type fleetMetrics struct {
	store    fleet.Store
	outbox   fleet.Outbox
	standing func(ctx context.Context) ([]fleet.Standing, error)

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

const (
	fleetMetricsLife = 5 * time.Second
	fleetMetricsWait = 3 * time.Second // Prometheus gives up after 10 by default
)

// fleetDesc names a metric of the fleet. The names are stable: docs/metrics.md
// lists them, and a test holds the two together.
func fleetDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("distrobot_"+name, help, labels, nil)
}

// fleetDescs are the metrics of a fleet, by what they are read from.
type fleetDescs struct {
	build, readable, answer, current, behind       *prometheus.Desc
	plansOpen, plansWaiting, outboxes              *prometheus.Desc
	tasks, held, seen, free, running, load, taking *prometheus.Desc
}

func describeFleet() fleetDescs {
	return fleetDescs{
		build:        fleetDesc("build_info", "1; the version of this process is a label.", "version"),
		readable:     fleetDesc("state_readable", "1 when the state of the fleet could be read; 0 means that the others below are missing."),
		answer:       fleetDesc("state_answer_seconds", "How long Redis took for the last small question."),
		current:      fleetDesc("sites_current", "Sites on their distribution's upgrade target.", "distribution"),
		behind:       fleetDesc("sites_out_of_date", "Sites on another platform of their distribution than its target.", "distribution"),
		plansOpen:    fleetDesc("plans_open", "Plans that are not ended."),
		plansWaiting: fleetDesc("plans_undecided", "Plans that wait for people."),
		outboxes:     fleetDesc("outboxes_waiting", "Families whose outbox is not empty: above 0 for long means that effects are not carried."),
		tasks:        fleetDesc("tasks_open", "Tasks of a host that wait or run.", "host"),
		held:         fleetDesc("tasks_held", "Tasks of a host that wait for a person's answer.", "host"),
		seen:         fleetDesc("host_seen_timestamp_seconds", "When the host's worker was last heard of, in Unix time.", "host"),
		free:         fleetDesc("host_free_bytes", "Bytes free where the host keeps its sites.", "host"),
		running:      fleetDesc("host_tasks_running", "Tasks that the host's worker works on.", "host"),
		load:         fleetDesc("host_load", "Runnable processes of the host, mean of a minute.", "host"),
		taking:       fleetDesc("host_taking_tasks", "1 when the host takes tasks; 0 when it drains, has stopped or is too old.", "host"),
	}
}

// all lists the descriptions for the registry.
func (d fleetDescs) all() []*prometheus.Desc {
	return []*prometheus.Desc{d.build, d.readable, d.answer, d.current, d.behind, d.plansOpen, d.plansWaiting, d.outboxes,
		d.tasks, d.held, d.seen, d.free, d.running, d.load, d.taking}
}

// Describe implements prometheus.Collector.
func (f *fleetMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range describeFleet().all() {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (f *fleetMetrics) Collect(out chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.at) > fleetMetricsLife {
		ctx, cancel := context.WithTimeout(context.Background(), fleetMetricsWait)
		defer cancel()
		f.last, f.at = f.read(ctx), time.Now()
	}
	for _, m := range f.last {
		out <- m
	}
}

// gauges gathers readings.
type gauges []prometheus.Metric

func (g *gauges) set(d *prometheus.Desc, v float64, labels ...string) {
	*g = append(*g, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
}

// read looks at the fleet; what could be read before a failure is given, too.
func (f *fleetMetrics) read(ctx context.Context) []prometheus.Metric {
	d, g := describeFleet(), &gauges{}
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = versionOf(info)
	}
	g.set(d.build, 1, v)
	began := time.Now()
	_, err := f.store.Count(ctx, fleet.AllDistributions)
	if err == nil {
		g.set(d.answer, time.Since(began).Seconds())
		for _, look := range []func(context.Context, fleetDescs, *gauges) error{f.sites, f.plans, f.hosts} {
			if err = look(ctx, d, g); err != nil {
				break
			}
		}
	}
	g.set(d.readable, map[bool]float64{true: 1}[err == nil])
	return *g
}

func (f *fleetMetrics) sites(ctx context.Context, d fleetDescs, g *gauges) error {
	all, err := f.standing(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		g.set(d.current, float64(s.OnTarget), string(s.Distribution.Name))
		g.set(d.behind, float64(s.OutOfDate), string(s.Distribution.Name))
	}
	return nil
}

func (f *fleetMetrics) plans(ctx context.Context, d fleetDescs, g *gauges) error {
	open, undecided := 0, 0
	for _, fam := range fleet.PlanFamilies() {
		n, err := f.store.Count(ctx, fleet.OpenPlans(fam), fleet.PlansExpiring(fam))
		if err != nil {
			return err
		}
		open, undecided = open+n[0], undecided+n[1]
	}
	g.set(d.plansOpen, float64(open))
	g.set(d.plansWaiting, float64(undecided))
	return nil
}

// maxMetricHosts bounds the series of one fleet.
const maxMetricHosts = 500

func (f *fleetMetrics) hosts(ctx context.Context, d fleetDescs, g *gauges) error {
	names, err := f.store.List(ctx, fleet.AllHosts, fleet.Page{Limit: maxMetricHosts})
	if err != nil {
		return err
	}
	recs, fams := make([]fleet.Record, len(names)), append(fleet.PlanFamilies(), fleet.Catalogue, fleet.Schedules, fleet.Meta)
	for i, n := range names {
		recs[i] = &fleet.Host{Name: fleet.HostName(n)}
		fams = append(fams, fleet.HostFamily(fleet.HostName(n)))
	}
	waiting, err := f.outbox.Waiting(ctx, fams...)
	if err != nil {
		return err
	}
	g.set(d.outboxes, float64(len(waiting)))
	if len(recs) == 0 {
		return nil
	}
	found, err := f.store.Read(ctx, recs...)
	if err != nil {
		return err
	}
	for i, r := range recs {
		if !found[i] {
			continue
		}
		if err := f.host(ctx, *r.(*fleet.Host), d, g); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleetMetrics) host(ctx context.Context, h fleet.Host, d fleetDescs, g *gauges) error {
	n, err := f.store.Count(ctx, fleet.TasksDue(h.Name), fleet.TasksHeld(h.Name))
	if err != nil {
		return err
	}
	name := string(h.Name)
	g.set(d.tasks, float64(n[0]), name)
	g.set(d.held, float64(n[1]), name)
	g.set(d.seen, float64(h.Seen.UnixMilli())/1000, name)
	if h.Free >= 0 {
		g.set(d.free, float64(h.Free), name)
	}
	g.set(d.running, float64(h.Running), name)
	g.set(d.load, h.Load, name)
	g.set(d.taking, map[bool]float64{true: 1}[h.State == fleet.HostWorking], name)
	return nil
}
