package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// registered are the metrics that serve has, by name.
func registered(t *testing.T) []string {
	t.Helper()
	m := newMetrics()
	m.gauge("slack_connected", "as serve has it", func() float64 { return 0 })
	m.gauge("tasks_running", "as serve has it", func() float64 { return 0 })
	m.registry.MustRegister(&fleetMetrics{})
	var out []string
	descs := make(chan *prometheus.Desc, 1000)
	m.registry.Describe(descs)
	close(descs)
	for d := range descs {
		if name := regexp.MustCompile(`fqName: "(distrobot_[^"]+)"`).FindStringSubmatch(d.String()); name != nil {
			out = append(out, name[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var metricName = regexp.MustCompile(`distrobot_[a-z0-9_]+`)

// TestMetricsAreDocumented holds the table, the alerts and the dashboard to the
// metrics that exist.
func TestMetricsAreDocumented(t *testing.T) {
	have := registered(t)
	known := func(name string) bool {
		for _, end := range []string{"", "_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, end); ok && slices.Contains(have, base) {
				return true
			}
		}
		return false
	}
	root := filepath.Join("..", "..")
	for _, file := range []string{"docs/metrics.md", "packaging/prometheus/alerts.yml", "packaging/grafana/distrobot.json"} {
		raw, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(raw), -1) {
			if !known(name) {
				t.Errorf("%s speaks of %s, which does not exist", file, name)
			}
		}
	}
	table, err := os.ReadFile(filepath.Join(root, "docs/metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range have {
		if !strings.Contains(string(table), "| `"+name+"` |") {
			t.Errorf("docs/metrics.md has no row for %s", name)
		}
	}
}

// TestAlertsSayWhatToDo: every rule has a summary and a remedy, and asks for a
// metric of ours.
func TestAlertsSayWhatToDo(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "packaging", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Groups) == 0 || len(file.Groups[0].Rules) < 5 {
		t.Fatal("no rules were read")
	}
	for _, r := range file.Groups[0].Rules {
		if r.Annotations["summary"] == "" || len(r.Annotations["description"]) < 40 || r.Labels["severity"] == "" {
			t.Errorf("%s does not say what to do: %v", r.Alert, r.Annotations)
		}
		if !metricName.MatchString(r.Expr) {
			t.Errorf("%s asks for no metric of ours: %s", r.Alert, r.Expr)
		}
	}
}

func TestDashboardIsWhole(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "packaging", "grafana", "distrobot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string
		Panels []struct {
			ID                 int
			Title, Description string
			Targets            []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 || ids[p.ID] {
			t.Errorf("panel %d (%s) is not whole", p.ID, p.Title)
		}
		ids[p.ID] = true
	}
}

// awayStore is a store that does not answer.
type awayStore struct{ fleet.Store }

func (awayStore) Count(context.Context, ...fleet.Index) ([]int, error) {
	return nil, errors.New("away")
}

// TestFleetMetrics reads a small fleet, and says so when it cannot.
func TestFleetMetrics(t *testing.T) {
	mem := fleettest.New()
	host := &fleet.Host{Name: "web1"}
	err := mem.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(host); err != nil {
			return err
		}
		host.Seen, host.Free, host.Running, host.Load = time.Unix(1_800_000_000, 0), 5e9, 2, 0.5
		tx.Put(host)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	standing := func(context.Context) ([]fleet.Standing, error) {
		return []fleet.Standing{{Distribution: fleet.Distribution{Name: "atrium"}, OnTarget: 4, OutOfDate: 3}}, nil
	}
	got := readings(t, &fleetMetrics{store: mem, outbox: mem, standing: standing})
	for name, want := range map[string]float64{"distrobot_state_readable": 1, "distrobot_sites_out_of_date": 3, "distrobot_sites_current": 4,
		"distrobot_host_free_bytes": 5e9, "distrobot_host_seen_timestamp_seconds": 1_800_000_000, "distrobot_host_taking_tasks": 1, "distrobot_plans_open": 0} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v, not %v", name, v, want)
		}
	}
	got = readings(t, &fleetMetrics{store: awayStore{mem}, outbox: mem, standing: standing})
	if v, ok := got["distrobot_state_readable"]; !ok || v != 0 {
		t.Errorf("a store that is away reads as %v", got)
	}
	if _, ok := got["distrobot_sites_current"]; ok {
		t.Error("what could not be read has a value")
	}
}

// readings are the values of a collector by name, labels left out.
func readings(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			out[f.GetName()] = m.GetGauge().GetValue()
		}
	}
	return out
}
