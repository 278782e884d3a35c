package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/prove"
	"github.com/distrobot/distrobot/store/storetest"
)

// A gate is the bot as Slack reaches it: two replicas over one Redis, each with
// the listener of HTTP mode and the first with a connection of Socket Mode, too,
// and a plan that waits for somebody's Confirm.
type gate struct {
	*crowd
	ws     *workspace.Server
	slack  string           // address of the workspace
	doors  []string         // addresses of the replicas
	trap   *httptest.Server // where forged response URLs lead
	fell   atomic.Int64     // requests that came to the trap
	plan   fleet.Plan
	serial int // makes every request another one
	rand   *rand.Rand
}

// strangers are people whom Slack lets act, and who are nobody here, beside the
// three that every workspace has.
func strangers() []workspace.Person {
	all := []string{"admins", "release-managers"} // no group helps them
	return append(workspace.DefaultPeople(),
		workspace.Person{Name: "guest", Guest: true, Groups: all}, workspace.Person{Name: "single", Single: true, Groups: all},
		workspace.Person{Name: "robot", Robot: true, Groups: all}, workspace.Person{Name: "gone", Gone: true, Groups: all},
		workspace.Person{Name: "foreign", Team: "T0OTHER", Groups: all})
}

func newGate(t *testing.T) *gate {
	g := &gate{crowd: &crowd{T: t, answered: map[string]int{}, moved: map[string]int{}}, rand: rand.New(rand.NewPCG(7, 7))}
	g.ws = workspace.New(workspace.Options{People: strangers(), Limits: workspace.Limits{Off: true}})
	slack := httptest.NewServer(g.ws.Handler())
	g.ws.SetBaseURL(slack.URL)
	g.slack = slack.URL
	g.trap = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { g.fell.Add(1) }))
	t.Cleanup(func() { g.ws.Close(); slack.Close(); g.trap.Close() })
	redis := storetest.Start(t)
	for i := range 2 {
		g.replica(redis.URL(), i == 0)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- g.conduct(ctx, g.replicas[0]) }()
	go func() { done <- g.work(ctx) }()
	g.propose(1)
	g.await("the plan can be confirmed", fleet.PlanProposed)
	stop()
	must(t, <-done)
	must(t, <-done)
	g.plan = fleet.Plan{ID: g.plans[0]}
	must(t, fleet.One(t.Context(), g.replicas[0].store, &g.plan, "plan"))
	return g
}

// replica starts a bot.
func (g *gate) replica(redis string, socket bool) {
	cfg := Config{RedisURL: redis, Key: "0123456789abcdef0123456789abcdef", Data: g.TempDir(), Host: string(crowdHost), Channel: "#sites", LogLevel: "error",
		Share: "clone", PollInterval: time.Minute, Admins: []string{"@admins"}, Maintainers: []string{"@release-managers"}, PublicURL: "https://bot.example.org",
		SlackAPIURL: g.slack + "/api/", SlackBotToken: g.ws.BotToken(), SlackSigningSecret: g.ws.SigningSecret(), Sockets: 1}
	if socket {
		cfg.SlackAppToken = g.ws.AppToken()
	}
	a, err := openApp(g.Context(), cfg, appOptions{})
	must(g.T, err)
	g.Cleanup(a.close)
	a.log = slog.New(slog.DiscardHandler) // it tells of each forgery
	b, err := a.newBot(newMetrics())
	must(g.T, err)
	routes, err := a.routes(g.Context(), b)
	must(g.T, err)
	server := httptest.NewServer(operations(newMetrics().registry, nil, routes))
	g.Cleanup(server.Close)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	g.Cleanup(func() { stop(); must(g.T, <-done) })
	for end := time.Now().Add(long); !b.Health().Ready; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			g.Fatalf("not connected: %v", b.Health().Notes)
		}
	}
	g.replicas, g.doors = append(g.replicas, a), append(g.doors, server.URL)
}

// TestForgedRequests: whatever comes that Slack did not send, or sent before, or
// sent for somebody else, or that holds what the bot never gave out, changes
// nothing in Redis. The same kinds of requests are accepted when they are genuine.
func TestForgedRequests(t *testing.T) {
	each := 5
	if thorough() {
		each = 150
	}
	g := newGate(t)
	g.genuine()
	trials := 0
	for _, f := range forgeries() {
		if f.first != nil {
			f.first(g)
		}
		g.settle()
		before := g.kept(f.silent)
		for range each {
			if got := f.send(g); got != f.want {
				t.Errorf("%s: answered %d, want %d", f.name, got, f.want)
				break
			}
			trials++
		}
		g.settle()
		if after := g.kept(f.silent); after != before {
			t.Errorf("%s: something has changed\n%s", f.name, onlyInOne(before, after))
		}
	}
	if n := g.fell.Load(); n > 0 {
		t.Errorf("%d requests went where a forged response URL leads", n)
	}
	g.acceptedOnly()
	g.genuine()
	t.Attr(prove.TrialsKey, fmt.Sprint(trials))
}

// genuine wants requests of every kind to be accepted, over both ways in.
func (g *gate) genuine() {
	g.Helper()
	for i := range g.doors {
		for _, word := range []string{"lock ", "unlock "} {
			if code := g.over(i, g.command("U0ALICE", "T0LOCAL", word+crowdLocked)); code != http.StatusOK {
				g.Fatalf("a genuine command is answered %d", code)
			}
			g.wantLocked(word == "lock ")
		}
	}
	for _, word := range []string{"lock ", "unlock "} {
		g.envelope("event", g.mention("U0ALICE", "T0LOCAL", word+crowdLocked))
		g.wantLocked(word == "lock ")
	}
}

// crowdLocked is a platform that no plan leads to.
const crowdLocked = "atrium-1.0.0"

func (g *gate) wantLocked(want bool) {
	g.Helper()
	for end := time.Now().Add(long); ; time.Sleep(2 * time.Millisecond) {
		p := fleet.Platform{Name: crowdLocked}
		must(g.T, fleet.One(g.Context(), g.replicas[0].store, &p, "platform"))
		if p.Locked == want {
			return
		}
		if time.Now().After(end) {
			g.Fatalf("the platform's lock is %v: a genuine request was not accepted", p.Locked)
		}
	}
}

// settle carries all effects and waits until they are shown. A request is
// acknowledged when it has been worked through, unless that takes a second.
func (g *gate) settle() {
	g.Helper()
	a := g.replicas[0]
	carrier := &fleet.Carrier{Store: a.store, Outbox: a.store, Trail: a.store, Planner: a.planner, Conductor: a.conductor, Channel: "C0SITES"}
	for end := time.Now().Add(long); ; time.Sleep(5 * time.Millisecond) {
		n, err := carrier.Carry(g.Context())
		must(g.T, err)
		due, err := a.store.Count(g.Context(), fleet.PostsDue)
		must(g.T, err)
		if n == 0 && due[0] == 0 {
			return
		}
		if time.Now().After(end) {
			g.Fatalf("%d messages are not sent", due[0])
		}
	}
}

// kept is everything that Redis holds, but what only remembers that a request was
// there and was refused; with silent that, too.
func (g *gate) kept(silent bool) string {
	g.Helper()
	var raw bytes.Buffer
	_, err := g.replicas[0].store.Backup(g.Context(), &raw)
	must(g.T, err)
	plain, err := gzip.NewReader(&raw)
	must(g.T, err)
	var out []string
	lines := bufio.NewScanner(plain)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l struct {
			Noun, Key, ID string
			Row           map[string][]byte
			Entry         []string
		}
		must(g.T, json.Unmarshal(lines.Bytes(), &l))
		switch {
		case l.Noun == "": // the head, with its time, and the end, with its sum
		case slices.Contains([]string{"req", "audit", "chain", "seen"}, l.Noun) && !silent:
		default:
			slices.Sort(l.Entry)                                                                                          // names and values, in any order
			out = append(out, fmt.Sprintf("%s %s %s %s %s %s", l.Noun, l.Key, l.ID, l.Row["rev"], l.Row["doc"], l.Entry)) // until when it is kept is told anew each time
		}
	}
	must(g.T, lines.Err())
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// onlyInOne lists some of what only one of two states holds.
func onlyInOne(before, after string) string {
	var out []string
	for _, side := range [][2]string{{before, after}, {after, before}} {
		for line := range strings.Lines(side[0]) {
			if !strings.Contains(side[1], strings.TrimSpace(line)) {
				out = append(out, line[:min(len(line), 400)])
			}
		}
		out = append(out, "--")
	}
	return strings.Join(out[:min(len(out), 10)], "\n")
}

// acceptedOnly wants the record to hold the genuine requests and refusals.
func (g *gate) acceptedOnly() {
	g.Helper()
	for cursor := ""; ; {
		events, next, err := g.replicas[0].store.Events(g.Context(), cursor, 500)
		must(g.T, err)
		for _, e := range events {
			genuine := e.Who.ID == "U0ALICE" && strings.HasPrefix(e.Detail["asked"], "lock ") || strings.HasPrefix(e.Detail["asked"], "unlock ")
			if !genuine && e.Outcome == fleet.Done {
				g.Errorf("recorded as done: %+v", e)
			}
			if e.What == "plan.confirmed" || e.What == "plan.voted" || e.What == "plan.cancelled" {
				g.Errorf("a forged request decided: %+v", e)
			}
		}
		if cursor = next; next == "" || len(events) == 0 {
			return
		}
	}
}

// post sends a request and gives the status of its answer.
func (g *gate) post(req *http.Request) int {
	g.Helper()
	resp, err := http.DefaultClient.Do(req)
	must(g.T, err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// envelope delivers a payload over Socket Mode; it gives 200 when it was
// acknowledged.
func (g *gate) envelope(kind string, l letter) int {
	g.Helper()
	var payload any = json.RawMessage(l.body)
	if l.form {
		values, err := url.ParseQuery(l.body)
		must(g.T, err)
		if payload = json.RawMessage(values.Get("payload")); values.Get("payload") == "" {
			flat := map[string]string{}
			for k := range values {
				flat[k] = values.Get(k)
			}
			payload = flat
		}
	}
	raw, err := json.Marshal(map[string]any{"kind": kind, "via": "socket", "body": payload})
	must(g.T, err)
	req, err := http.NewRequestWithContext(g.Context(), http.MethodPost, g.slack+"/workspace/deliver", bytes.NewReader(raw))
	must(g.T, err)
	req.Header.Set("Authorization", "Bearer "+g.ws.Token())
	resp, err := http.DefaultClient.Do(req)
	must(g.T, err)
	defer resp.Body.Close()
	var a struct{ Error string }
	must(g.T, json.NewDecoder(resp.Body).Decode(&a))
	if resp.StatusCode == http.StatusOK && a.Error != "" {
		return http.StatusGatewayTimeout
	}
	return resp.StatusCode
}
