package hosting_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// newSite orders a site; its task is recorded by whoever runs it.
func (w *world) newSite(n fleet.NewSite) fleet.Task {
	w.t.Helper()
	_, task, err := w.sites.Create(context.Background(), n, alice)
	must(w.t, err)
	return task
}

// stands checks that a site is whole, live and nobody's.
func stands(on fleet.PlatformName, gen int64, log string) func(*world, fleet.URI, fleet.Task) {
	return func(w *world, uri fleet.URI, _ fleet.Task) {
		w.t.Helper()
		s := w.site(uri)
		if on == "" {
			on = s.Platform
		}
		if s.Platform != on || s.Generation != gen || s.State != fleet.SiteLive || s.Lock.Task != "" || s.Pinned != "" {
			w.t.Errorf("row: %+v", s)
		}
		r, err := w.backend.Live(context.Background(), uri)
		if err != nil || r.Platform != on || r.Generation != gen {
			w.t.Errorf("record: %+v %v", r, err)
		}
		if got := w.read(uri, "live/versioned/data/log"); got != log {
			w.t.Errorf("data %q, want %q", got, log)
		}
		if status, body := w.get(uri, "/"); status != 200 || !strings.Contains(body, "all is well") {
			w.t.Errorf("visitors get %d %s", status, body)
		}
		w.notHeld(uri)
		for _, pattern := range []string{".*", "gen/.*", "gen/*.tmp", "gen/rehearsal", "gen/*/versioned.tmp", "gen/*/.*"} {
			if left, _ := filepath.Glob(w.sitePath(uri, pattern)); left != nil {
				w.t.Errorf("left behind: %v", left)
			}
		}
	}
}

func inspected(w *world, uri fleet.URI, task fleet.Task) {
	stands("old", 1, "begin")(w, uri, task)
	f := fleet.SiteFacts{URI: uri}
	must(w.t, fleet.One(context.Background(), w.store, &f, "facts"))
	if f.Generation != 1 {
		w.t.Errorf("facts: %+v", f)
	}
}

func rehearsed(w *world, uri fleet.URI, task fleet.Task) {
	stands("old", 1, "begin")(w, uri, task)
	r := fleet.Rehearsal{URI: uri}
	must(w.t, fleet.One(context.Background(), w.store, &r, "rehearsal"))
	if !r.OK || r.To != "good" || r.Generation != 1 || r.Task != task.ID {
		w.t.Errorf("rehearsal: %+v", r)
	}
}

func archived(name string) func(*world, fleet.URI, fleet.Task) {
	return func(w *world, uri fleet.URI, task fleet.Task) {
		stands("old", 1, "begin")(w, uri, task)
		all, err := w.sites.Backups(context.Background(), uri)
		if err != nil || len(all) != 1 || all[0].Name != name || all[0].Bytes == 0 {
			w.t.Errorf("backups: %+v %v", all, err)
		}
		if left, _ := filepath.Glob(filepath.Join(w.dir, "backups", string(uri), "*")); len(left) != 1 {
			w.t.Errorf("there are %v", left)
		}
	}
}

func loggedIn(w *world, uri fleet.URI, task fleet.Task) {
	stands(platformOf(uri), 1, "begin")(w, uri, task)
	if r, _ := task.Step(fleet.StepLogin); r.Result[fleet.ResultLink] != "http://"+string(uri)+"/once" {
		w.t.Errorf("result: %v", r.Result)
	}
}

// cloneOf has a source whose data the clone brings up to its own platform.
func cloneOf(w *world, uri fleet.URI) fleet.Task {
	source := "of-" + uri
	w.create(source, "old")
	w.want(w.migrate(source, "middle"), fleet.TaskDone)
	return w.newSite(fleet.NewSite{URI: uri, Platform: "good", Source: source})
}

// forgotten is a site that the storage has lost.
func forgotten(w *world, uri fleet.URI) fleet.Task {
	w.create(uri, "old")
	err := w.store.Update(context.Background(), fleet.Catalogue, func(tx fleet.Tx) error {
		s := fleet.Site{URI: uri}
		_, err := tx.Get(&s)
		tx.Delete(&s)
		return err
	})
	must(w.t, err)
	return fleet.Task{Kind: fleet.TaskAdopt, About: string(uri)}
}

func siteGone(w *world, uri fleet.URI, _ fleet.Task) {
	found, err := w.store.Read(context.Background(), &fleet.Site{URI: uri})
	if err != nil || found[0] {
		w.t.Errorf("the row is there: %v", err)
	}
	if _, err := os.Lstat(w.sitePath(uri)); !os.IsNotExist(err) {
		w.t.Errorf("the site is there: %v", err)
	}
	if kept, _ := filepath.Glob(filepath.Join(w.dir, "removed", string(uri)+"@*")); len(kept) > 1 {
		w.t.Errorf("it was put aside as %v", kept)
	}
}

func copyGone(w *world, uri fleet.URI, task fleet.Task) {
	stands("middle", 2, "begin\nmiddle")(w, uri, task)
	if s := w.site(uri); s.Previous != 0 || s.From != "" {
		w.t.Errorf("row: %+v", s)
	}
	if _, err := os.Lstat(w.sitePath(uri, "gen", "1")); !os.IsNotExist(err) {
		w.t.Errorf("the old copy is there: %v", err)
	}
}

// platformOf names the platform that a trial is about.
func platformOf(uri fleet.URI) fleet.PlatformName {
	return fleet.PlatformName(strings.TrimSuffix(string(uri), ".example"))
}

func surplusPlatform(w *world, uri fleet.URI) fleet.Task {
	w.publish(platformOf(uri), small("surplus", ":"))
	return fleet.Task{Kind: fleet.TaskRetire, About: string(platformOf(uri)), Params: params(fleet.ParamWhat, fleet.WhatPlatform)}
}

func platformGone(w *world, uri fleet.URI, _ fleet.Task) {
	p := fleet.Platform{Name: platformOf(uri)}
	must(w.t, fleet.One(context.Background(), w.store, &p, "platform"))
	if p.Paths[host] != "" {
		w.t.Errorf("row: %+v", p)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "platforms", "*"+string(p.Name)+"*")); left != nil {
		w.t.Errorf("left behind: %v", left)
	}
}

func buildOfDirectory(w *world, uri fleet.URI) fleet.Task {
	dir := filepath.Join(w.t.TempDir(), "code")
	small("dir", ":").write(w.t, dir)
	name := platformOf(uri)
	w.put(&fleet.Platform{Name: name, Kind: "generic", Source: fleet.Source{Type: fleet.SourceDirectory, Path: dir},
		State: fleet.PlatformQueued, Hosts: []fleet.HostName{host}, Created: time.Now(), By: alice}, &fleet.Platform{Name: name})
	return fleet.Task{Kind: fleet.TaskBuild, About: string(name)}
}

func builtOfDirectory(w *world, uri fleet.URI, _ fleet.Task) {
	p := fleet.Platform{Name: platformOf(uri)}
	must(w.t, fleet.One(context.Background(), w.store, &p, "platform"))
	if p.State != fleet.PlatformReady || p.TreeDigest == "" {
		w.t.Errorf("row: %+v", p)
	}
	if all, _ := filepath.Glob(filepath.Join(w.dir, "platforms", "*"+string(p.Name)+"*")); len(all) != 1 {
		w.t.Errorf("there are %v", all)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "platforms", ".*")); left != nil {
		w.t.Errorf("left behind: %v", left)
	}
}
