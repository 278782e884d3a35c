package hosting_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
)

// The whole story of a site on this host, over real git and HTTP.
func TestStory(t *testing.T) {
	w := newWorld(t)
	one := w.build("1.0.0")
	two := w.build("1.1.0")
	for _, s := range sample.Starts() {
		w.create(s.URI, one)
	}
	const uri, broken = fleet.URI("harbour.example"), fleet.URI("zoo.example")
	if status, body := w.get(uri, "/guestbook.cgi"); status != http.StatusOK || !strings.Contains(body, "Atrium 1.0.0") || !strings.Contains(body, "Lena &amp; Björn") || !strings.Contains(body, "harbour.example") {
		t.Fatalf("guest book of a new site: %d\n%s", status, body)
	}
	if status := w.sign(uri, "Zoë <b>", "1 + 1 = 2\tand 100 %"); status != http.StatusSeeOther {
		t.Fatalf("signing: %d", status)
	}
	if _, body := w.get(uri, "/guestbook.cgi"); !strings.Contains(body, "<b>Zoë &lt;b&gt;</b><p>1 + 1 = 2 and 100 %</p>") {
		t.Fatalf("the entry is not shown as it was written:\n%s", body)
	}

	// An upgrade without changes of the data.
	done := w.want(w.migrate(uri, two), fleet.TaskDone)
	if s := w.site(uri); s.Platform != two || s.Generation != 2 || s.Previous != 1 || s.From != one || s.Pinned != "" || s.State != fleet.SiteLive || s.Lock.Task != "" {
		t.Fatalf("after the upgrade: %+v", s)
	}
	if rec, _ := done.Step("release"); rec.Result["window_ms"] == "" {
		t.Error("the window was not measured")
	}
	if _, body := w.get(uri, "/"); !strings.Contains(body, "Atrium 1.1.0") {
		t.Error("the new version is not served")
	}

	// One that raises the schema.
	must(t, sample.Publish(t.Context(), w.repo, "1.2.0"))
	three := w.build("1.2.0")
	w.want(w.migrate(uri, three), fleet.TaskDone)
	if schema, book := w.book(uri); schema != "2" || !strings.Contains(book, "earlier\tZoë <b>\t1 + 1") {
		t.Fatalf("schema %s\n%s", schema, book)
	}
	if s := w.sign(uri, "Late", "on 1.2.0"); s != http.StatusSeeOther {
		t.Fatalf("signing 1.2.0: %d", s)
	}

	// A release that breaks one of the sites.
	w.want(w.migrate(broken, three), fleet.TaskDone)
	must(t, sample.Publish(t.Context(), w.repo, "1.3.0"))
	four := w.build("1.3.0")
	w.want(w.migrate(uri, four), fleet.TaskDone)
	if status, body := w.get(uri, "/guestbook.cgi"); status != http.StatusOK || !strings.Contains(body, "<i>L</i>") {
		t.Fatalf("1.3.0: %d\n%s", status, body)
	}
	schema, before := w.book(broken)
	failed := w.want(w.migrate(broken, four), fleet.TaskFailed)
	if !strings.Contains(failed.Reason, "/guestbook.cgi answers 500 instead of 200") {
		t.Errorf("reason: %q", failed.Reason)
	}
	s := w.site(broken)
	if s.Platform != three || s.Generation != 2 || !strings.HasPrefix(s.Pinned, "rolled back: ") || s.State != fleet.SiteLive || s.Previous != 1 {
		t.Fatalf("after the failed upgrade: %+v", s)
	}
	if now, book := w.book(broken); now != schema || book != before || schema != "2" {
		t.Errorf("data after the failed upgrade: schema %s\n%s\nwant schema %s\n%s", now, book, schema, before)
	}
	if status, body := w.get(broken, "/guestbook.cgi"); status != http.StatusOK || !strings.Contains(body, "Atrium 1.2.0") {
		t.Errorf("after the failed upgrade: %d", status)
	}
	if _, err := os.Stat(w.sitePath(broken, "gen", "3.failed", "site.json")); err != nil {
		t.Errorf("the failed copy was not kept: %v", err)
	}
	w.notHeld(broken)

	// A person rolls back.
	back := w.want(w.run(fleet.Task{Kind: fleet.TaskRollback, About: string(uri), Params: map[string]string{
		fleet.ParamGeneration: "4", fleet.ParamBack: "3", fleet.ParamFrom: string(four),
	}}), fleet.TaskDone)
	s = w.site(uri)
	if s.Platform != three || s.Generation != 5 || s.Previous != 4 || s.From != four || s.Pinned != "rolled back by alice" {
		t.Fatalf("after the rollback: %+v\n%s", s, w.log(back))
	}
	if schema, book := w.book(uri); schema != "2" || !strings.Contains(book, "Late\ton 1.2.0") {
		t.Errorf("after the rollback: schema %s\n%s", schema, book)
	}
	if _, body := w.get(uri, "/guestbook.cgi"); !strings.Contains(body, "Atrium 1.2.0") {
		t.Error("the old version is not served after the rollback")
	}
	w.notHeld(uri)

	// Only what is live or can be returned to is left.
	gens, _ := filepath.Glob(w.sitePath(uri, "gen", "*"))
	if len(gens) != 2 {
		t.Errorf("generations left: %v", gens)
	}
}

func (w *world) notHeld(uri fleet.URI) {
	w.t.Helper()
	if _, err := os.Lstat(w.sitePath(uri, "hold")); !os.IsNotExist(err) {
		w.t.Errorf("%s is still held (%v)", uri, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
