package hosting_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
)

// rehearsal reads how the last rehearsal of a site went.
func (w *world) rehearsal(uri fleet.URI) fleet.Rehearsal {
	w.t.Helper()
	r := fleet.Rehearsal{URI: uri}
	found, err := w.store.Read(w.t.Context(), &r)
	if err != nil || !found[0] {
		w.t.Fatalf("no rehearsal of %s: %v", uri, err)
	}
	return r
}

// A rehearsal tells how a move would go and touches nothing, whatever comes of
// it.
func TestRehearsal(t *testing.T) {
	w := newWorld(t)
	one := w.build("1.0.0")
	for _, tag := range []string{"1.2.0", "1.3.0"} {
		must(t, sample.Publish(t.Context(), w.repo, tag))
	}
	good, bad := w.build("1.2.0"), w.build("1.3.0")
	const fine, broken = fleet.URI("harbour.example"), fleet.URI("zoo.example")
	for _, uri := range []fleet.URI{fine, broken} {
		w.create(uri, one)
	}
	try := func(uri fleet.URI, to fleet.PlatformName) fleet.Task {
		return fleet.Task{Kind: fleet.TaskRehearse, About: string(uri), Params: map[string]string{fleet.ParamPlatform: string(to)}}
	}
	schema, book := w.book(fine)
	done := w.want(w.run(try(fine, good)), fleet.TaskDone)
	if r := w.rehearsal(fine); !r.OK || r.To != good || r.From != one || r.Window == 0 || r.Generation != 1 {
		t.Errorf("rehearsal %+v", r)
	}
	if m := fleet.TellTask(done); !strings.Contains(m.Text, "The move to atrium-1.2.0 would go well; visitors would wait about ") {
		t.Errorf("told: %s", m.Text)
	}
	if now, entries := w.book(fine); now != schema || entries != book {
		t.Errorf("the site's data was touched: schema %s\n%s", now, entries)
	}
	w.want(w.run(try(broken, bad)), fleet.TaskFailed)
	if r := w.rehearsal(broken); r.OK || !strings.Contains(r.Reason, "In the rehearsal, the site untouched: ") || !strings.Contains(r.Reason, "500") {
		t.Errorf("rehearsal %+v", r)
	}
	for _, uri := range []fleet.URI{fine, broken} {
		if s := w.site(uri); s.Pinned != "" || s.Generation != 1 || s.State != fleet.SiteLive || s.Lock.Task != "" {
			t.Errorf("after the rehearsal %+v", s)
		}
		if left, _ := filepath.Glob(w.sitePath(uri, "gen", "reh*")); len(left) > 0 {
			t.Errorf("left behind %v", left)
		}
	}
	// Ordered by policy, it goes before the move.
	s := w.site(broken)
	move := migration(s, bad)
	move.Params[fleet.ParamRehearse] = "1"
	failed := w.want(w.run(move), fleet.TaskFailed)
	if hold, _ := failed.Step("hold"); hold.Attempts > 0 || !strings.Contains(failed.Reason, "In the rehearsal") {
		t.Errorf("visitors waited for a move that fails: %s", failed.Reason)
	}
	if s := w.site(broken); s.Pinned != "" || s.Platform != one {
		t.Errorf("after a failed rehearsal %+v", s)
	}
	move = migration(w.site(fine), good)
	move.Params[fleet.ParamRehearse] = "1"
	w.want(w.run(move), fleet.TaskDone)
	if schema, _ := w.book(fine); schema != "2" {
		t.Errorf("schema %s after a rehearsed move", schema)
	}
}

// A backup brings everything back, and the way back from there is open too.
func TestBackup(t *testing.T) {
	w := newWorld(t)
	one := w.build("1.0.0")
	const uri = fleet.URI("harbour.example")
	w.create(uri, one)
	w.sign(uri, "Ann", "before")
	_, book := w.book(uri)
	var names []string
	for i := range 3 {
		name := fmt.Sprintf("20260101T00000%d", i)
		names = append(names, name)
		w.want(w.run(fleet.Task{Kind: fleet.TaskArchive, About: string(uri), Params: map[string]string{fleet.ParamBackup: name, fleet.ParamKept: "2"}}), fleet.TaskDone)
	}
	all, err := w.sites.Backups(t.Context(), uri)
	if err != nil || len(all) != 2 || all[1].Name != names[1] || all[0].Bytes == 0 || all[0].Platform != one {
		t.Fatalf("backups %+v (%v)", all, err)
	}
	w.sign(uri, "Eve", "after")
	restore := func(name string) fleet.Task {
		return fleet.Task{Kind: fleet.TaskRestore, About: string(uri), Params: map[string]string{fleet.ParamBackup: name}}
	}
	w.want(w.run(restore(names[2])), fleet.TaskDone)
	if _, now := w.book(uri); now != book {
		t.Errorf("restored:\n%s\nwant:\n%s", now, book)
	}
	if status, body := w.get(uri, "/guestbook.cgi"); status != http.StatusOK || strings.Contains(body, "Eve") {
		t.Errorf("visitors get %d\n%s", status, body)
	}
	s := w.site(uri)
	if s.Generation != 2 || s.Previous != 1 || s.Platform != one || s.Pinned != "" {
		t.Errorf("after the restore %+v", s)
	}
	back := fleet.Task{Kind: fleet.TaskRollback, About: string(uri), Params: map[string]string{fleet.ParamPlatform: string(one), fleet.ParamFrom: string(one), fleet.ParamGeneration: "2"}}
	done := w.want(w.run(back), fleet.TaskDone)
	if _, now := w.book(uri); !strings.Contains(now, "Eve") {
		t.Errorf("the way back lost what was there before the restore:\n%s", now)
	}
	if r, _ := done.Step("record"); r.Result[fleet.ResultLeft] != "Nothing was written to the copy that was left." {
		t.Errorf("left behind: %q", r.Result[fleet.ResultLeft])
	}
	for name, why := range map[string]string{names[0]: "has no backup " + names[0], "../../etc": "is not the name of a backup"} {
		if failed := w.want(w.run(restore(name)), fleet.TaskFailed); !strings.Contains(failed.Reason, why) {
			t.Errorf("backup %s: %s", name, failed.Reason)
		}
	}
	// A damaged backup is found out while the old data is untouched.
	must(t, os.WriteFile(filepath.Join(w.dir, "backups", string(uri), names[2], "versioned.tar.zst"), []byte("no"), 0o600))
	w.want(w.run(restore(names[2])), fleet.TaskFailed)
	if _, now := w.book(uri); !strings.Contains(now, "Eve") {
		t.Error("a damaged backup harmed the site")
	}
}

// A clone has the data of the other site and is a site of its own.
func TestClone(t *testing.T) {
	w := newWorld(t)
	one := w.build("1.0.0")
	const uri, twin = fleet.URI("harbour.example"), fleet.URI("twin.example")
	w.create(uri, one)
	w.sign(uri, "Ann", "of the first")
	must(t, sample.Publish(t.Context(), w.repo, "1.2.0"))
	newer := w.build("1.2.0")
	_, task, err := w.sites.Create(t.Context(), fleet.NewSite{URI: twin, Platform: newer, Source: uri}, alice)
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.run(task), fleet.TaskDone)
	if schema, book := w.book(twin); schema != "2" || !strings.Contains(book, "of the first") {
		t.Errorf("schema %s\n%s", schema, book)
	}
	w.sign(twin, "Bob", "of the twin")
	if _, book := w.book(uri); strings.Contains(book, "of the twin") {
		t.Error("the first site has what was written to its clone")
	}
	if _, _, err := w.sites.Create(t.Context(), fleet.NewSite{URI: "x.example", Platform: one, Source: "no.example"}, alice); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("a clone of nothing: %v", err)
	}
	// Nobody can be logged in to a site without accounts.
	failed := w.want(w.run(fleet.Task{Kind: fleet.TaskLogin, About: string(uri)}), fleet.TaskFailed)
	if !strings.Contains(failed.Reason, "Nobody can be logged in") {
		t.Errorf("login: %s", failed.Reason)
	}
}

// What is due is ordered, and only that: an old copy when its time is over, a
// backup when the policy wants one.
func TestUpkeep(t *testing.T) {
	w := newWorld(t)
	one, two := w.build("1.0.0"), w.build("1.1.0")
	const uri = fleet.URI("harbour.example")
	w.create(uri, one)
	w.want(w.migrate(uri, two), fleet.TaskDone)
	upkeep := hosting.Upkeep{Worker: w.worker, Orders: w.sites, Log: slog.New(slog.DiscardHandler)}
	carrier := &fleet.Carrier{Store: w.store, Outbox: w.store, Trail: w.store}
	tasks := &fleet.Tasks{Store: w.store}
	at := func(now time.Time) []fleet.Task {
		t.Helper()
		must(t, upkeep.Due(t.Context(), now))
		if _, err := carrier.Carry(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := tasks.List(t.Context(), host, true, 0)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	now := time.Now()
	if got := at(now); len(got) != 0 {
		t.Fatalf("ordered before its time: %+v", got)
	}
	got := at(now.Add(fleet.DefaultKeep*time.Hour + time.Minute))
	if len(got) != 1 || got[0].Kind != fleet.TaskRetire {
		t.Fatalf("ordered %+v", got)
	}
	w.want(w.finish(got[0].Ref()), fleet.TaskDone)
	if s := w.site(uri); s.Previous != 0 || s.State != fleet.SiteLive {
		t.Errorf("after the old copy went: %+v", s)
	}
	if _, err := os.Lstat(w.sitePath(uri, "gen", "1")); !os.IsNotExist(err) {
		t.Errorf("the old copy is still there: %v", err)
	}
	if _, err := os.Stat(w.sitePath(uri, "archive", "1", "versioned", "data", "guestbook.tsv")); err != nil {
		t.Errorf("the old copy's data was not put aside: %v", err)
	}
}

// A platform is tried with a scratch site where it asks for that; one on which
// no site works never becomes ready, and nothing of the trial is left.
func TestSmoke(t *testing.T) {
	w := newWorld(t)
	spec := mirrortest.Git(t, w.repo, "", "show", "1.0.0:distrobot.yml")
	for tag, check := range map[string]string{"7.0.0": "status: 200", "7.0.1": "status: 404"} {
		text := regexp.MustCompile(`(?m)^check:.*(\n .*)*`).ReplaceAllString(spec, "") + "\nsmoke: true\ncheck: {path: /, " + check + "}\n"
		commitFile(t, w.repo, tag, "distrobot.yml", text)
		name := fleet.PlatformName("atrium-" + tag)
		w.put(w.queued(name, tag), &fleet.Platform{Name: name})
		done := w.run(fleet.Task{Kind: fleet.TaskBuild, About: string(name)})
		_, err := w.backend.Tree(t.Context(), name)
		if tag == "7.0.0" {
			if w.want(done, fleet.TaskDone); err != nil {
				t.Error(err)
			}
		} else if w.want(done, fleet.TaskFailed); err == nil || !strings.Contains(done.Reason, "A scratch site on this platform does not work: The page / answers 200 instead of 404.") {
			t.Errorf("tree %v, reason %s", err, done.Reason)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "*", "*smoke*")); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
}

// commitFile tags a commit that is 1.0.0 with another file at its top.
func commitFile(t *testing.T, repo, tag, name, text string) {
	t.Helper()
	git := func(stdin string, args ...string) string {
		t.Helper()
		return strings.TrimSpace(mirrortest.Git(t, repo, stdin, args...))
	}
	blob := git(text, "hash-object", "-w", "--stdin")
	var tree []string
	for line := range strings.Lines(git("", "ls-tree", "1.0.0")) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasSuffix(line, "\t"+name) {
			line = "100644 blob " + blob + "\t" + name
		}
		tree = append(tree, line)
	}
	id := git(strings.Join(tree, "\n")+"\n", "mktree")
	git("", "tag", tag, git("", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit-tree", id, "-m", "Change "+name))
}
