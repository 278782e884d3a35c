package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// TestPrometheusTakesIt has a real Prometheus read the metrics, evaluate every
// rule and answer every question of the dashboard; a host that is silent and has
// little room must become alarms there.
func TestPrometheusTakesIt(t *testing.T) {
	rules, err := filepath.Abs("../../packaging/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", rules).CombinedOutput(); err != nil {
		t.Fatalf("promtool refuses the rules: %v\n%s", err, out)
	}
	api := startPrometheus(t, scraped(t), rules)
	for _, expr := range boardQuestions(t) {
		var answer struct{ Status, Error string }
		if err := readJSON(api+"/api/v1/query?query="+url.QueryEscape(expr), &answer); err != nil || answer.Status != "success" {
			t.Errorf("the dashboard asks %s: %v %+v", expr, err, answer)
		}
	}
	awaitThat(t, "every rule to be evaluated, and the silent host to become an alarm", func() (bool, string) {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, State, Health, LastError string }
				}
			}
		}
		if err := readJSON(api+"/api/v1/rules", &answer); err != nil {
			return false, err.Error()
		}
		states := map[string]string{}
		for _, g := range answer.Data.Groups {
			for _, r := range g.Rules {
				if states[r.Name] = r.State; r.Health != "ok" {
					return false, fmt.Sprintf("%s is %s %s", r.Name, r.Health, r.LastError)
				}
			}
		}
		return states["DistrobotHostSilent"] == "pending" && states["DistrobotDiskLow"] == "pending" &&
			states["DistrobotDown"] == "inactive", fmt.Sprint(states)
	})
}

// scraped serves the metrics of a small fleet with a host that was last heard of
// long ago and has little room.
func scraped(t *testing.T) string {
	t.Helper()
	mem := fleettest.New()
	h := &fleet.Host{Name: "web1"}
	err := mem.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		_, err := tx.Get(h)
		h.Seen, h.Free = time.Now().Add(-time.Hour), 1e9
		tx.Put(h)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics()
	m.gauge("slack_connected", "as serve has it", func() float64 { return 1 })
	m.Add("slack_requests", "command", 1)
	m.Time("slack_ack", "command", 40*time.Millisecond)
	m.registry.MustRegister(&fleetMetrics{store: mem, outbox: mem, standing: (&fleet.Catalog{Store: mem}).Standing})
	srv := httptest.NewServer(operations(m.registry, nil, nil))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// startPrometheus runs one that reads target and the rules each second, until it
// has read both; it gives its address.
func startPrometheus(t *testing.T, target, rules string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n  - job_name: distrobot\n    static_configs: [{targets: [%q]}]\n", rules, target)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	said := &lockedBuffer{}
	cmd := exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	api := "http://" + addr
	awaitThat(t, "Prometheus to read the metrics", func() (bool, string) {
		var answer struct {
			Data struct{ Result []json.RawMessage }
		}
		err := readJSON(api+"/api/v1/query?query=distrobot_build_info", &answer)
		return err == nil && len(answer.Data.Result) == 1, said.String()
	})
	return api
}

// boardQuestions are the expressions of the dashboard.
func boardQuestions(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "packaging", "grafana", "distrobot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range board.Panels {
		for _, x := range p.Targets {
			out = append(out, x.Expr)
		}
	}
	if len(out) < 10 {
		t.Fatalf("the dashboard asks %d questions only", len(out))
	}
	return out
}

func readJSON(addr string, answer any) error {
	resp, err := http.Get(addr)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(answer)
}

// awaitThat waits for a condition, and tells what stood in its way.
func awaitThat(t *testing.T, what string, ok func() (bool, string)) {
	t.Helper()
	why := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		done := false
		if done, why = ok(); done {
			return
		}
	}
	t.Fatalf("waited in vain for %s: %s", what, why)
}
