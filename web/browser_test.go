package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/browser"
	"github.com/distrobot/distrobot/internal/npm"
)

// axe is axe-core, of one version and one content (testdata/npm).
func axe(t *testing.T) string {
	t.Helper()
	dir := npm.Packages(t, os.DirFS("testdata/npm"))
	source, err := os.ReadFile(filepath.Join(dir, "axe-core", "axe.min.js"))
	must(t, err)
	return string(source)
}

// TestPagesInABrowser opens each page as a person does, at both widths, light and
// dark: nothing reaches over the edge, axe-core finds nothing, no text is faint,
// and the page does not complain.
func TestPagesInABrowser(t *testing.T) {
	w := newWorld(t)
	w.furnish(24)
	w.put(&fleet.Between{From: "atrium-1.0.0", To: "atrium-2.0.0", FromCommit: strings.Repeat("1", 40), ToCommit: strings.Repeat("2", 40), Total: 2, CommitAt: "https://github.com/acme/atrium/commit/",
		Commits:  []fleet.Commit{{Hash: strings.Repeat("2", 40), Author: "Ines Okafor", Subject: "Release 2.0.0", At: w.store.Now()}, {Hash: strings.Repeat("3", 40), Author: "Priya Raman", Subject: "Warm the colours up", At: w.store.Now()}},
		Modified: 3, Added: 1, Diffs: []fleet.FileDiff{{Path: "config/sync/system.site.yml", Status: "M", Text: "@@ -1,2 +1,2 @@\n name: Atrium\n-page: /home\n+page: /front\n"}}})
	b, source := browser.Open(t, "page"), axe(t)
	b.Do("open the link", chromedp.Navigate(w.link(alice, "plan/01plan")))
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.Look(width, 1400, scheme)
			for name, path := range map[string]string{"comparison": "plan/01plan", "distributions": "fleet", "platforms": "fleet/platforms", "sites": "fleet/sites", "plans": "fleet/plans", "tasks": "fleet/tasks", "hosts": "fleet/hosts", "task": "task/01task"} {
				what := fmt.Sprintf("%s-%d-%s", name, width, scheme)
				b.Do(what, chromedp.Navigate(w.server.URL+fleet.PagePath+path))
				b.Shoot(what)
				if over := browser.Script[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s reaches %d pixels over the edge", what, over)
				}
				browser.Readable(t, b, what)
				browser.Script[bool](b, source+`;axe.run(document, {resultTypes: ["violations"]}).then((r) => { window.found = JSON.stringify(r.violations.map((v) => v.impact + " " + v.id + ": " + v.nodes.map((n) => n.html).join(" ").slice(0, 300))); }); true`)
				b.Await("axe-core's answer", `window.found !== undefined`)
				found := browser.Script[string](b, `window.found`)
				var bad []string
				must(t, json.Unmarshal([]byte(found), &bad))
				for _, f := range bad {
					t.Errorf("%s: %s", what, f)
				}
			}
		}
	}
	b.Quiet()
}

// TestNothingForeignRuns opens pages whose every foreign text would run if it
// could, and follows a log that says the same.
func TestNothingForeignRuns(t *testing.T) {
	w := newWorld(t)
	w.hostile()
	b := browser.Open(t, "page-hostile")
	b.Do("open the link", chromedp.Navigate(w.link(alice, "plan/01plan")))
	for _, path := range []string{"plan/01plan?show=all", "fleet/hosts", "fleet/sites?tag=%22%3E%3Cscript%3Edocument.title='pwned'%3C/script%3E", "task/01task"} {
		b.Do(path, chromedp.Navigate(w.server.URL+fleet.PagePath+path))
		if title := browser.Script[string](b, `document.title + document.querySelectorAll("main script, main img, main [onerror]").length`); strings.Contains(title, "pwned") && !strings.Contains(title, "<script>") || !strings.HasSuffix(title, "0") {
			t.Errorf("%s: %s", path, title)
		}
	}
	must(t, w.logs.Append(t.Context(), "01task", "web1", fleet.LogLine{At: w.store.Now(), Text: "last " + hostile}))
	b.Await("the line", `document.getElementById("log").lastElementChild.textContent.includes("last <script>")`)
	if n := browser.Script[int](b, `document.querySelectorAll("#log img, #log script").length`); n > 0 {
		t.Error("a line of a log is markup")
	}
	b.Quiet()
}
