package aegir_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/internal/job"
)

// A town is a host with a worker and its records.
type town struct {
	*host
	t      *testing.T
	store  *fleettest.Memory
	worker *hosting.Worker
	tasks  int
	log    []string
}

func newTown(t *testing.T) *town {
	h := newHost(t)
	store := fleettest.New()
	return &town{host: h, t: t, store: store, worker: &hosting.Worker{
		Host: "local", Store: store, Sites: &fleet.Sites{Store: store}, Builder: &fleet.Builder{Store: store, Default: "local"},
		Inventories: &fleet.Inventories{Store: store}, Backend: h.backend, Kinds: kind.All(), Retry: time.Millisecond, Soak: time.Millisecond,
	}}
}

// Append and Lines implement fleet.Logs.
func (w *town) Append(_ context.Context, _ fleet.TaskID, _ fleet.HostName, lines ...fleet.LogLine) error {
	for _, l := range lines {
		w.log = append(w.log, l.Text)
	}
	return nil
}

// Lines has no reader.
func (w *town) Lines(context.Context, fleet.TaskID, fleet.HostName, string, int) ([]fleet.LogLine, string, error) {
	return nil, "", nil
}

func (w *town) put(r, have fleet.Record) {
	w.t.Helper()
	must(w.t, w.store.Update(w.t.Context(), r.Key().Family, func(tx fleet.Tx) error {
		if _, err := tx.Get(have); err != nil {
			return err
		}
		tx.Put(r)
		return nil
	}))
}

// do runs a task to its end, which must be the given one.
func (w *town) do(task fleet.Task, end fleet.TaskState) fleet.Task {
	w.t.Helper()
	w.tasks++
	w.log = nil
	task.ID, task.Host, task.State, task.Created = fleet.TaskID(fmt.Sprintf("01town%04d", w.tasks)), "local", fleet.TaskQueued, time.Now()
	w.put(&task, &fleet.Task{Host: task.Host, ID: task.ID})
	r := &job.Runner{Store: w.store, Logs: w, Recipe: w.worker.Recipe, Owner: "w", Grace: time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	must(w.t, r.Run(context.Background(), task.Ref(), true))
	_, err := w.store.Read(w.t.Context(), &task)
	must(w.t, err)
	if task.State != end {
		w.t.Fatalf("%s is %s, want %s: %s\n%s", task.Kind, task.State, end, task.Reason, strings.Join(w.log, "\n"))
	}
	return task
}

// look takes stock and gives what it told.
func (w *town) look() string {
	w.t.Helper()
	var said []string
	w.store.Pass(time.Minute)
	must(w.t, w.worker.TakeStock(w.t.Context(), func(line string) { said = append(said, line) }))
	return strings.Join(said, "\n")
}

func (w *town) platform(name string) fleet.Platform {
	w.t.Helper()
	p := fleet.Platform{Name: fleet.PlatformName(name)}
	must(w.t, fleet.One(w.t.Context(), w.store, &p, name))
	return p
}

func (w *town) site(uri fleet.URI) fleet.Site {
	w.t.Helper()
	s := fleet.Site{URI: uri}
	must(w.t, fleet.One(w.t.Context(), w.store, &s, string(uri)))
	return s
}

// status is what Aegir's tables say of a platform.
func (w *town) status(name string) int {
	w.t.Helper()
	v, err := w.backend.Inventory(w.t.Context())
	must(w.t, err)
	for _, p := range v.Platforms {
		if p.Name == fleet.PlatformName(name) && p.Locked {
			return -1
		} else if p.Name == fleet.PlatformName(name) {
			return 1
		}
	}
	return -2
}

// own makes a platform and a site of it that Aegir has without us.
func (w *town) own(dir, context string, uris ...fleet.URI) {
	w.t.Helper()
	root := filepath.Join(w.root, "platforms", dir)
	for name, text := range pages(dir, "") {
		at := filepath.Join(root, name)
		must(w.t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(w.t, os.WriteFile(at, []byte(text), 0o644))
	}
	must(w.t, os.MkdirAll(filepath.Join(root, "sites", "all", "modules"), 0o755))
	must(w.t, os.WriteFile(filepath.Join(root, "sites", "all", "modules", "m.info"), []byte("x"), 0o644))
	w.drush(w.t, "provision-save", "@"+context, "--context_type=platform", "--root="+root, "--server=@server_master", "--web_server=@server_master", "-y")
	w.drush(w.t, "@hostmaster", "hosting-import", "@"+context)
	w.drush(w.t, "@hostmaster", "hosting-task", "@"+context, "verify", "--force")
	for _, uri := range uris {
		at := "@" + string(uri)
		w.drush(w.t, "provision-save", at, "--context_type=site", "--uri="+string(uri), "--platform=@"+context, "--server=@server_master",
			"--db_server=@server_master", "--profile=standard", "--client_name=admin", "--client_email=a@example.org", "--language=en", "-y")
		w.drush(w.t, at, "provision-install")
		w.drush(w.t, "@hostmaster", "hosting-import", at)
		w.drush(w.t, "@hostmaster", "hosting-task", at, "import", "--force")
		w.drush(w.t, "@hostmaster", "hosting-task", at, "verify", "--force")
	}
}

// nid gives the node of a context.
func (w *town) nid(context string) string {
	w.t.Helper()
	got := ""
	must(w.t, w.backend.Tasks.Query(w.t.Context(), "SELECT nid,'.' FROM hosting_context WHERE name='"+context+"'", 1, func(row []string) error {
		got = row[0]
		return nil
	}))
	return got
}

func (w *town) byHand(uri fleet.URI, platform string) {
	w.t.Helper()
	w.drush(w.t, "@hostmaster", "hosting-task", "@"+string(uri), "migrate", "target_platform="+w.nid(platform), "new_uri="+string(uri), "new_db_server=4", "--force")
}

func (w *town) move(uri fleet.URI, to string) fleet.Task {
	s := w.site(uri)
	return fleet.Task{Kind: fleet.TaskMigrate, About: string(uri), Params: map[string]string{
		fleet.ParamPlatform: to, fleet.ParamFrom: string(s.Platform), fleet.ParamGeneration: fmt.Sprint(s.Generation),
	}}
}

// TestFrontEnd tells the story of an Aegir that people go on using by its own front
// end: what it has is recorded and adopted, locks are one thing on both sides, and
// what somebody does to a site there is noticed, told, and never acted upon.
func TestFrontEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.own("d-7.101", "platform_d7101", "own1.example.com", "own2.example.com")
	w.own("other", "platform_other")
	who := fleet.Actor{ID: "U1", Team: "T1", Name: "alice"}
	w.put(&fleet.Distribution{Name: "d7", Kind: "generic", Adopts: "d-*", Rules: 1}, &fleet.Distribution{Name: "d7"})

	w.look()
	p := w.platform("d-7.101")
	if p.Distribution != "d7" || p.State != fleet.PlatformReady || p.Paths["local"] != filepath.Join(w.root, "platforms/d-7.101") || p.TreeDigest == "" {
		t.Errorf("found %+v", p)
	}
	if o := w.platform("other"); o.Distribution != "" || o.TreeDigest != "" {
		t.Errorf("a platform that nobody named, and without sites: %+v", o)
	}
	dir, err := w.backend.Tree(t.Context(), "d-7.101")
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "sites/all/modules/m.info")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "sites/own1.example.com")); err == nil {
		t.Error("the files of a site were taken for code")
	}
	stock := fleet.Stock{Host: "local"}
	_, err = w.store.Read(t.Context(), &stock)
	if must(t, err); stock.Strangers != 2 || stock.Platforms != 2 || stock.Sites != 2 {
		t.Errorf("the stock is %+v", stock)
	}
	w.do(fleet.Task{Kind: fleet.TaskAdopt}, fleet.TaskDone)
	if s := w.site("own1.example.com"); s.Generation != 1 || s.Platform != "d-7.101" || s.Pinned != "" {
		t.Errorf("adopted %+v", s)
	}

	// A target locks the other platforms of its distribution, in Aegir as well.
	w.own("d-7.105", "platform_d7105")
	w.look()
	_, err = (&fleet.Targets{Store: w.store}).Set(t.Context(), "d7", "d-7.105", who)
	must(t, err)
	w.look()
	if w.status("d-7.101") != -1 || w.status("d-7.105") != 1 {
		t.Errorf("in Aegir the old platform is %d, the target %d", w.status("d-7.101"), w.status("d-7.105"))
	}
	w.do(w.move("own1.example.com", "d-7.105"), fleet.TaskDone)
	w.do(fleet.Task{Kind: fleet.TaskRollback, About: "own1.example.com", Params: map[string]string{
		fleet.ParamGeneration: "2", fleet.ParamBack: "1", fleet.ParamFrom: "d-7.105"}}, fleet.TaskDone) // onto a locked platform
	w.locks(who)
	w.drifts()
}

// locks holds that a lock set in Aegir is honoured, and one taken away here is
// taken away there.
func (w *town) locks(who fleet.Actor) {
	w.drush(w.t, "@hostmaster", "hosting-task", "@platform_d7105", "lock", "--force")
	if said := w.look(); !strings.Contains(said, "platform d-7.105 was locked") || !w.platform("d-7.105").Locked {
		w.t.Errorf("a lock set in Aegir: %q", said)
	}
	failed := w.do(w.move("own2.example.com", "d-7.105"), fleet.TaskFailed)
	if !strings.Contains(failed.Reason, "is locked in Aegir") {
		w.t.Errorf("a move to it ended with %q", failed.Reason)
	}
	must(w.t, (&fleet.Sites{Store: w.store}).Release(w.t.Context(), "own2.example.com", w.site("own2.example.com").Lock.Fence, fleet.SiteLive))
	_, err := (&fleet.Targets{Store: w.store}).Lock(w.t.Context(), "d-7.105", false, who)
	must(w.t, err)
	if said := w.look(); w.status("d-7.105") != 1 || strings.Contains(said, "was") {
		w.t.Errorf("after an unlock here it is %d there, and people are told %q", w.status("d-7.105"), said)
	}
	w.drush(w.t, "@hostmaster", "hosting-task", "@platform_d7101", "unlock", "--force")
	if w.look(); w.platform("d-7.101").Locked {
		w.t.Error("an unlock in Aegir is not honoured")
	}
}

// drifts holds what people do to sites by other means.
func (w *town) drifts() {
	t, one := w.t, fleet.URI("own2.example.com")
	_, err := (&fleet.Sites{Store: w.store}).Pin(t.Context(), one, "", fleet.System("test"))
	must(t, err)
	drift := func(what, want string) {
		t.Helper()
		said := w.look()
		if s := w.site(one); !s.Drifted() || !strings.Contains(s.Pinned, want) || !strings.Contains(said, want) {
			t.Errorf("%s: pinned %q, told %q", what, s.Pinned, said)
		}
		if again := w.look(); again != "" {
			t.Errorf("%s is told twice: %s", what, again)
		}
	}
	w.byHand(one, "platform_d7105")
	drift("a move", "moved to platform d-7.105")
	w.do(fleet.Task{Kind: fleet.TaskAdopt, About: string(one)}, fleet.TaskDone)
	if s := w.site(one); s.Drifted() || s.Platform != "d-7.105" || s.Generation != 2 {
		t.Errorf("adopted anew: %+v", s)
	}
	w.drush(t, "@hostmaster", "hosting-task", "@"+string(one), "disable", "--force")
	drift("a disabled site", "disabled in Aegir")
	w.drush(t, "@hostmaster", "hosting-task", "@"+string(one), "enable", "--force")
	if said := w.look(); w.site(one).Pinned != "" || !strings.Contains(said, "as it is recorded again") {
		t.Errorf("enabled again: %q, pinned %q", said, w.site(one).Pinned)
	}
	w.drush(t, "@hostmaster", "sql-query", "UPDATE node SET title='new.example.com' WHERE title='"+string(one)+"'")
	drift("a renamed site", "renamed to new.example.com")
	w.drush(t, "@hostmaster", "sql-query", "UPDATE node SET title='"+string(one)+"' WHERE title='new.example.com'")
	w.look()
	w.drush(t, "@hostmaster", "hosting-task", "@"+string(one), "disable", "--force")
	w.drush(t, "@hostmaster", "hosting-task", "@"+string(one), "delete", "--force")
	drift("a deleted site", "deleted in Aegir")
	w.drush(t, "@hostmaster", "hosting-task", "@platform_other", "delete", "--force")
	if said := w.look(); !strings.Contains(said, "platform other was deleted") || w.platform("other").State != fleet.PlatformRetired {
		t.Errorf("a deleted platform: %q, %s", said, w.platform("other").State)
	}
	told, err := w.store.Pending(t.Context(), fleet.Catalogue, 1000)
	must(t, err)
	alarms := 0
	for _, e := range told {
		if n := e.Effect.Notice; n != nil && n.Subject.Kind() == fleet.AboutAlarm {
			alarms++
		}
	}
	if alarms < 6 {
		t.Errorf("people were told %d times", alarms)
	}
}
