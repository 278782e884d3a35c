package web_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestComparisonPage shows everything that is known, in the list that is asked
// for, and for one site.
func TestComparisonPage(t *testing.T) {
	w := newWorld(t)
	w.furnish(20)
	v := w.signedIn(alice)
	plan := fleet.PagePath + "plan/01plan"
	cases := map[string]struct{ has, lacks string }{
		plan:                                 {"Upgrade 3 sites of atrium|webform_0000|3 of 3|patch lost: Fix the tree|licence: MIT → GPL-2.0-or-later|14|differs|webform_0000 5 instead of 3|needs PHP 8.3|</b> site differs|Modules <small>|/distro plan 01plan", "untouched"},
		plan + "?show=all":                   {"untouched", "x1"},
		plan + "?show=patches":               {"patch lost", "webform_0005"},
		plan + "?show=licence":               {"licence:", "webform_0005"},
		plan + "?show=updates":               {"webform_0000", "webform_0005"},
		plan + "?show=used":                  {"webform_0000", "webform_0005"},
		plan + "?q=OLIV":                     {"olivero_0002", "webform_0005"},
		plan + "?q=nothing-like-that":        {"No package is like that.", "webform_0005"},
		plan + "?site=intranet.example.org":  {"For <strong>intranet.example.org</strong>|<td>5<td>", "x1"},
		plan + "?site=elsewhere.example.org": {"has no such site", "webform"},
		fleet.PagePath + "plan/nothing":      {"There is no plan", "webform"},
		fleet.PagePath + "compare/atrium-1.0.0/atrium-2.0.0": {"webform_0000", "Sites of the plan"},
		fleet.PagePath + "compare/atrium-1.0.0/none":         {"There is no platform none", "webform"},
	}
	for path, c := range cases {
		_, text := v.ask("GET", path, nil)
		for has := range strings.SplitSeq(c.has, "|") {
			if !strings.Contains(text, has) {
				t.Errorf("%s lacks %q", path, has)
			}
		}
		if strings.Contains(text, c.lacks) {
			t.Errorf("%s has %q", path, c.lacks)
		}
	}
}

// TestFleetPages: each table with its filters, the command that says the same, and
// the way into Slack; the log of a task.
func TestFleetPages(t *testing.T) {
	w := newWorld(t)
	w.furnish(3)
	v := w.signedIn(alice)
	for path, want := range map[string]string{
		"fleet":                          "atrium|tags |/distro list",
		"fleet/platforms":                "atrium-2.0.0</th|ready, target|ready, locked|Compare with the target|/distro platforms",
		"fleet/platforms?dist=atrium":    "/distro platforms atrium",
		"fleet/sites?tag=shop":           "shop.example.org|Out of date: compare|/distro sites --tag shop",
		"fleet/sites?host=elsewhere":     "There is nothing like that.",
		"fleet/plans":                    "Upgrade 3 sites of atrium|https://acme.slack.com/archives/C0SITES/p1700000000000100|/distro plans",
		"fleet/tasks?open=yes&host=web1": "migrate|clone the database|/distro tasks --host web1 --open",
		"fleet/tasks?state=failed":       "There is nothing like that.",
		"fleet/hosts":                    "web1|0.7 of 4|41.0 GB|/distro hosts",
		"task/01task":                    "Its database has 214 tables.|clone the database|In Slack|/distro task 01task --log",
		"fleet/nothing":                  "There is no such page.",
		"task/nothing":                   "There is no task",
	} {
		_, text := v.ask("GET", fleet.PagePath+path, nil)
		for has := range strings.SplitSeq(want, "|") {
			if !strings.Contains(text, has) {
				t.Errorf("%s lacks %q", path, has)
			}
		}
	}
}

// TestLogIsFollowed: further lines of a log come as they are written, whatever
// they say stays text, and the end of the task ends the stream.
func TestLogIsFollowed(t *testing.T) {
	w := newWorld(t)
	w.furnish(1)
	v := w.signedIn(alice)
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+fleet.PagePath+"live/task/01task?after=1", nil)
	must(t, err)
	a, err := v.client.Do(r)
	must(t, err)
	defer a.Body.Close()
	if a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	lines := bufio.NewScanner(a.Body)
	await := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the stream ended without %q", part)
	}
	await("214 tables")
	x, err := w.table.Tasks.Find(t.Context(), "01task")
	must(t, err)
	x.State, x.Ended = fleet.TaskDone, w.store.Now()
	w.put(&x)
	await("event: end")
	if lines.Scan() && lines.Text() != `data: "done"` {
		t.Errorf("the end says %q", lines.Text())
	}
}

// TestLargeComparison: a thousand packages that differ weigh less than 300 kB, and
// what foreign text says is text.
func TestLargeComparison(t *testing.T) {
	w := newWorld(t)
	w.furnish(1000)
	v := w.signedIn(alice)
	begun := time.Now()
	code, text := v.ask("GET", fleet.PagePath+"plan/01plan", nil)
	t.Logf("%d bytes in %v", len(text), time.Since(begun))
	if n := strings.Count(text, "<tr><th scope=row>"); code != 200 || n < 1000 || len(text) > 300_000 {
		t.Errorf("%d: %d rows, %d bytes", code, n, len(text))
	}
}

// TestForeignTextIsText: names, versions, patches, licences, commits, addresses and
// lines of logs may say anything.
func TestForeignTextIsText(t *testing.T) {
	w := newWorld(t)
	w.hostile()
	v := w.signedIn(alice)
	for _, p := range []string{"plan/01plan", "plan/01plan?show=all&q=" + "%3Cscript%3E", "fleet", "fleet/platforms", "fleet/sites?tag=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "fleet/tasks", "fleet/hosts", "task/01task"} {
		_, text := v.ask("GET", fleet.PagePath+p, nil)
		low := strings.ToLower(text)
		if strings.Contains(low, "<script>") || strings.Contains(low, "<img") || strings.Contains(low, "href=\"javascript:") {
			t.Errorf("%s has foreign markup:\n%s", p, text)
		}
	}
}

// hostile furnishes the world with what would run if it could.
func (w *world) hostile() {
	w.Helper()
	w.furnish(3)
	_, f, err := w.table.Planner.Facts(w.Context(), "atrium-2.0.0")
	must(w, err)
	for i := range f.Packages {
		f.Packages[i].Licence, f.Packages[i].Version = hostile, "9"+hostile
	}
	f.Packages = append(f.Packages, fleet.Package{Name: hostile, Type: "module", Version: hostile}, fleet.Package{Name: "x", Type: hostile, Patches: []string{hostile}})
	p := fleet.Plan{ID: "01plan"}
	_, err = w.store.Read(w.Context(), &p)
	must(w, err)
	p.Title, p.Notes = hostile, []fleet.Finding{{Block: true, Text: hostile}}
	x, err := w.table.Tasks.Find(w.Context(), "01task")
	must(w, err)
	x.Steps[0].Title, x.Steps[0].Error, x.Reason = hostile, hostile, hostile
	w.logs.of["01task"] = append(w.logs.of["01task"], fleet.LogLine{At: w.store.Now(), Text: hostile})
	w.put(&f, &p, &x, &fleet.Between{From: "atrium-1.0.0", To: "atrium-2.0.0", FromCommit: strings.Repeat("1", 40), ToCommit: strings.Repeat("2", 40), Total: 1,
		Web: "javascript:document.title='pwned'", CommitAt: "javascript:document.title='pwned'//", Commits: []fleet.Commit{{Hash: strings.Repeat("2", 40), Author: hostile, Subject: hostile}},
		Modified: 1, Diffs: []fleet.FileDiff{{Path: hostile, Status: "M", Text: "+" + hostile + "\n-</pre>" + hostile + "\n"}}},
		&fleet.Host{Name: "web1", Version: hostile, Seen: w.store.Now()})
}
