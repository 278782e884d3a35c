package hosting_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A tenant is a kind for tests of what the generic kind cannot: its sites can be
// logged in to, and be found where somebody else installed them. Its trees have
// the file "tenant", with the address of such a site.
type tenant struct{ hosting.Kind }

func (tenant) Name() fleet.KindName { return "tenant" }

func (tenant) Detect(t hosting.Tree) bool {
	_, err := os.Stat(filepath.Join(t.Dir, "tenant"))
	return err == nil
}

func (k tenant) App(t hosting.Tree) hosting.App {
	a := k.Kind.App(t)
	a.Login = func(p hosting.Place) (hosting.Program, error) {
		return hosting.Program{Argv: []string{"echo", p.URL() + "/once"}}, nil
	}
	a.Found = func(fleet.URI) (hosting.Existing, error) {
		uri, err := os.ReadFile(filepath.Join(t.Dir, "tenant"))
		return hosting.Existing{
			URL: "http://" + strings.TrimSpace(string(uri)), Files: []string{"tenant"},
			Database: hosting.Access{Engine: "sqlite", Name: filepath.Join(t.Dir, "database")},
		}, err
	}
	return a
}

// takenOver is a site in a directory that nobody here has made.
func takenOver(w *world, uri fleet.URI) fleet.Task {
	dir := filepath.Join(w.t.TempDir(), "theirs")
	files := small("theirs", ":")
	files["tenant"], files["database"] = string(uri)+"\n", ""
	files.write(w.t, dir)
	return fleet.Task{Kind: fleet.TaskAdopt, About: string(uri), Params: params(fleet.ParamPath, dir, fleet.ParamYes, "1")}
}

// withTenant makes a site of that kind.
func withTenant(w *world, uri fleet.URI) fleet.Task {
	name := platformOf(uri)
	files := small("old", ":")
	files["tenant"] = string(uri) + "\n"
	w.publish(name, files)
	p := fleet.Platform{Name: name}
	must(w.t, fleet.One(context.Background(), w.store, &p, "platform"))
	p.Kind = "tenant"
	w.put(&p, &fleet.Platform{Name: name})
	w.create(uri, name)
	return fleet.Task{Kind: fleet.TaskLogin, About: string(uri)}
}

// A locker is a source that always finds one newer package.
type locker struct{}

func (locker) Type() string { return "composer" }

func (locker) Fetch(context.Context, fleet.Platform, string, func(string)) error { return nil }

func (locker) FetchLocked(context.Context, fleet.Platform, []byte, string, func(string)) error {
	return nil
}

func (locker) Refresh(_ context.Context, r hosting.Refreshing) (hosting.Refreshed, error) {
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return hosting.Refreshed{}, err
	}
	err := os.WriteFile(filepath.Join(r.Dir, "composer.lock"), []byte("{}"), 0o644)
	return hosting.Refreshed{Lock: []byte("{}"), Moves: []fleet.Move{{Row: fleet.Row{Package: "vendor/a", From: "1.0.0", To: "1.0.1"}}}}, err
}

// lookFor orders a look at a distribution that has a platform with a lock.
func lookFor(w *world, uri fleet.URI) fleet.Task {
	name := platformOf(uri)
	dist := fleet.DistName(name)
	from := fleet.Source{Type: "composer"}
	w.publish(name, small("locked", ":"))
	p := fleet.Platform{Name: name}
	must(w.t, fleet.One(context.Background(), w.store, &p, "platform"))
	p.Distribution, p.Source, p.URL, p.Created = dist, from, "https://git.example.org/locked", time.Now()
	w.put(&fleet.Distribution{Name: dist, Kind: "generic", URL: p.URL, Source: from}, &fleet.Distribution{Name: dist})
	w.put(&p, &fleet.Platform{Name: name})
	task, err := (&fleet.Refreshes{Store: w.store, Default: host}).Look(context.Background(), dist, alice)
	must(w.t, err)
	return task
}

// looked checks that what was found was offered once.
func looked(w *world, uri fleet.URI, _ fleet.Task) {
	l := fleet.Lookout{Distribution: fleet.DistName(platformOf(uri))}
	must(w.t, fleet.One(context.Background(), w.store, &l, "lookout"))
	if l.Task != "" || l.N != 1 || l.Fails != 0 {
		w.t.Errorf("row: %+v", l)
	}
	if all, _ := filepath.Glob(filepath.Join(w.dir, "platforms", "*"+string(platformOf(uri))+"*")); len(all) != 1 {
		w.t.Errorf("there are %v", all)
	}
}
