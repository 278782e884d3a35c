package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/web"
)

var (
	alice = fleet.Actor{ID: "U0ALICE", Name: "alice", Team: "T0TEAM"}
	bob   = fleet.Actor{ID: "U0BOB", Name: "bob", Team: "T0TEAM"}
	guest = fleet.Actor{ID: "U0GUEST", Name: "guest", Team: "T0TEAM"}
)

// people give everybody the role they have here.
type people map[string]fleet.Role

func (p people) Role(_ context.Context, who fleet.Actor) (fleet.Role, error) { return p[who.ID], nil }

func (p people) Holders(context.Context, fleet.Role) []fleet.Span { return nil }

// memory keeps the logs of tasks.
type memory struct {
	mu sync.Mutex
	of map[fleet.TaskID][]fleet.LogLine
}

func (m *memory) Append(_ context.Context, id fleet.TaskID, _ fleet.HostName, lines ...fleet.LogLine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of[id] = append(m.of[id], lines...)
	return nil
}

func (m *memory) Lines(_ context.Context, id fleet.TaskID, _ fleet.HostName, after string, n int) ([]fleet.LogLine, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := 0
	fmt.Sscan(after, &from)
	lines := m.of[id][min(from, len(m.of[id])):]
	lines = lines[:min(n, len(lines))]
	return lines, fmt.Sprint(from + len(lines)), nil
}

// A world is the pages over a fleet in memory, behind a real server.
type world struct {
	*testing.T
	store  *fleettest.Memory
	pages  *fleet.Pages
	table  *commands.Table
	logs   *memory
	site   *web.Site
	server *httptest.Server
	faults []error
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld serves the pages; change alters how they are made.
func newWorld(t *testing.T, change ...func(*web.Config)) *world {
	t.Helper()
	w := &world{T: t, store: fleettest.New(), logs: &memory{of: map[fleet.TaskID][]fleet.LogLine{}}}
	w.server = httptest.NewUnstartedServer(nil)
	address := "http://" + w.server.Listener.Addr().String()
	w.pages = &fleet.Pages{Store: w.store, URL: address, Key: []byte(strings.Repeat("k", 32)), Now: w.store.Now}
	planner := &fleet.Planner{Store: w.store}
	w.table = &commands.Table{Store: w.store, Catalog: &fleet.Catalog{Store: w.store}, Planner: planner, Decider: &fleet.Decider{Store: w.store, Planner: planner},
		Tasks: &fleet.Tasks{Store: w.store}, Hosts: &fleet.Hosts{Store: w.store}, Trends: &fleet.Trends{Store: w.store}, Narrator: &fleet.Narrator{Store: w.store, Logs: w.logs}, Logs: w.logs,
		Auditor: &fleet.Auditor{Store: w.store}, Pages: w.pages, Now: w.store.Now,
		Roles: people{alice.ID: fleet.Maintainer, bob.ID: fleet.Administrator, guest.ID: fleet.Nobody}}
	c := web.Config{Pages: w.pages, Planner: planner, Catalog: w.table.Catalog, Tasks: w.table.Tasks, Hosts: w.table.Hosts, Logs: w.logs, Desk: w.table, Now: w.store.Now,
		Permalink: func(channel, ts string) string {
			return "https://acme.slack.com/archives/" + channel + "/p" + strings.Replace(ts, ".", "", 1)
		},
		Fault: func(_ *http.Request, err error) { w.faults = append(w.faults, err) }}
	for _, f := range change {
		f(&c)
	}
	site, err := web.New(c)
	must(t, err)
	w.site, w.server.Config.Handler = site, site
	w.server.Start()
	t.Cleanup(func() {
		w.server.Close()
		if len(w.faults) > 0 {
			t.Errorf("faults of ours: %v", w.faults)
		}
	})
	return w
}

// put keeps records as they are.
func (w *world) put(recs ...fleet.Record) {
	w.Helper()
	for _, r := range recs {
		had := reflect.New(reflect.TypeOf(r).Elem())
		had.Elem().Set(reflect.ValueOf(r).Elem())
		must(w, w.store.Update(context.Background(), r.Key().Family, func(tx fleet.Tx) error {
			_, err := tx.Get(had.Interface().(fleet.Record))
			tx.Put(r)
			return err
		}))
	}
}

// A visitor is a browser with its own cookies; it follows links as people do.
type visitor struct {
	w      *world
	client *http.Client
}

func (w *world) browser() *visitor {
	jar, err := cookiejar.New(nil)
	must(w, err)
	return &visitor{w: w, client: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

// ask sends one request as a browser that follows a link would.
func (v *visitor) ask(method, path string, form url.Values, headers ...string) (int, string) {
	v.w.Helper()
	if !strings.HasPrefix(path, "http") {
		path = v.w.server.URL + path
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(v.w.Context(), method, path, body)
	must(v.w, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	a, err := v.client.Do(r)
	must(v.w, err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	must(v.w, err)
	return a.StatusCode, string(text)
}

func (w *world) link(who fleet.Actor, path string) string {
	link, err := w.pages.Link(who, path)
	must(w, err)
	return link
}

// signedIn is the browser of a person who has opened a link.
func (w *world) signedIn(who fleet.Actor) *visitor {
	w.Helper()
	v := w.browser()
	if code, text := v.ask("GET", w.link(who, "fleet"), nil); code != http.StatusOK {
		w.Fatalf("%s is not let in: %d %s", who.Name, code, text)
	}
	return v
}

// hostile is what foreign text may say.
const hostile = `<script>document.title="pwned"</script><img src=x onerror='document.title="pwned"'>"'` + "`"

// furnish makes two platforms that differ in n packages, three sites and a plan.
func (w *world) furnish(n int) fleet.Plan {
	now := w.store.Now()
	from, to := fleet.PlatformFacts{Platform: "atrium-1.0.0"}, fleet.PlatformFacts{Platform: "atrium-2.0.0"}
	add := func(kind, name, before, after string) {
		from.Packages = append(from.Packages, fleet.Package{Name: name, Type: kind, Version: before, Licence: "GPL-2.0-or-later"})
		to.Packages = append(to.Packages, fleet.Package{Name: name, Type: kind, Version: after, Licence: "GPL-2.0-or-later"})
	}
	add("core", "drupal", "10.2.6", "11.1.4")
	for i := range n {
		kind := []string{"module", "module", "theme", "plugin", "library"}[i%5]
		add(kind, fmt.Sprintf("%s_%04d", []string{"webform", "paragraphs", "olivero", "akismet", "symfony/polyfill"}[i%5], i), fmt.Sprintf("%d.%d.%d", 1+i%3, i%7, i%11), fmt.Sprintf("%d.%d.%d", 1+i%3+i%17/16, i%7+1+i%4, i%5))
	}
	add("module", "untouched", "1.0", "1.0")
	from.Packages[1].Patches, from.Packages[2].Licence = []string{"Fix the tree of terms (#3012345)"}, "MIT"
	facts := fleet.SiteFacts{Enabled: []string{"drupal", "webform_0000", "paragraphs_0001"}, Pending: map[string]int{"drupal": 14, "webform_0000": 3}}
	plan := fleet.Plan{ID: "01plan", Kind: fleet.Upgrade, Title: "Upgrade 3 sites of atrium from 1.0.0 to 2.0.0", Distribution: "atrium", From: "atrium-1.0.0", To: "atrium-2.0.0",
		State: fleet.PlanProposed, Revision: 2, Quorum: 1, Requester: bob, Created: now, Proposed: now, Expires: now.Add(24 * time.Hour), Rules: 1,
		Notes: []fleet.Finding{{Text: "The target needs PHP 8.3 or later; 8.1 was enough."}}}
	w.put(&fleet.Distribution{Name: "atrium", Kind: "drupal", URL: "https://git.example.org/acme/atrium.git", Track: fleet.Track{Tags: `\d+\.\d+\.\d+`}, Target: "atrium-2.0.0", Rules: 1, Policy: fleet.Policy{OnPage: true}},
		&fleet.Platform{Name: "atrium-1.0.0", Distribution: "atrium", Kind: "drupal", State: fleet.PlatformReady, Ref: fleet.Ref{Name: "refs/tags/1.0.0", Version: "1.0.0", Commit: strings.Repeat("1", 40)}, Paths: map[fleet.HostName]string{"web1": "/p/1"}, Created: now, Ready: now, Locked: true},
		&fleet.Platform{Name: "atrium-2.0.0", Distribution: "atrium", Kind: "drupal", State: fleet.PlatformReady, Ref: fleet.Ref{Name: "refs/tags/2.0.0", Version: "2.0.0", Commit: strings.Repeat("2", 40)}, Paths: map[fleet.HostName]string{"web1": "/p/2"}, Created: now.Add(time.Hour), Ready: now.Add(time.Hour)},
		&from, &to, &fleet.Host{Name: "web1", Backend: "local", Version: "1.0", Seen: now, Free: 41e9, CPUs: 4, Load: 0.7})
	for i, uri := range []fleet.URI{"shop.example.org", "news.example.org", "intranet.example.org"} {
		f := facts
		f.URI, f.Generation = uri, 3
		if i == 2 {
			f.Pending = map[string]int{"drupal": 14, "webform_0000": 5}
		}
		w.put(&fleet.Site{URI: uri, Platform: "atrium-1.0.0", Host: "web1", Kind: "drupal", Generation: 3, State: fleet.SiteLive, Tags: []string{"shop"}}, &f)
		plan.Sites = append(plan.Sites, fleet.PlanSite{URI: uri, Host: "web1", From: "atrium-1.0.0", Generation: 3, Wave: 1 + i, Canary: i == 0, Progress: fleet.SiteWaiting, Pending: 17})
	}
	snap, err := w.table.Planner.Snapshot(context.Background(), plan)
	must(w, err)
	plan.Fingerprint = fleet.FingerprintOf(snap)
	task := fleet.Task{ID: "01task", Kind: fleet.TaskMigrate, Host: "web1", About: "shop.example.org", Plan: plan.ID, State: fleet.TaskRunning, By: alice, Created: now, Lease: now.Add(time.Hour), Shows: "plan:01plan",
		Steps: []fleet.StepRecord{{Name: "preflight", State: fleet.StepDone, Attempts: 1, Started: now, Ended: now.Add(time.Second)}, {Name: "clone", Title: "clone the database", State: fleet.StepStarted, Attempts: 1, Started: now}}}
	w.logs.of[task.ID] = []fleet.LogLine{{At: now, Text: "The site is looked at."}, {At: now, Text: "Its database has 214 tables."}}
	w.put(&plan, &task, &fleet.Post{Subject: "plan:01plan", Channel: "C0SITES", TS: "1700000000.000100", State: fleet.PostIdle, At: now})
	return plan
}
