package commands_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// This file stands for the workers: it ends tasks as the recipes do.

// built records the build of a platform on its hosts.
func (w *world) built(name fleet.PlatformName) {
	w.t.Helper()
	p, err := w.table.Catalog.Platform(w.ctx, name)
	w.ok(err)
	for _, h := range p.Hosts {
		_, err := w.table.Builder.Record(w.ctx, fleet.BuildResult{
			Platform: name, Host: h, Path: "/srv/" + string(name), TreeDigest: "tree-" + p.Ref.Commit, LockDigest: "lock", Took: 3 * time.Second,
			Facts: fleet.PlatformFacts{Packages: []fleet.Package{{Name: "example/guestbook", Type: "application", Version: p.Ref.Version}, {Name: "example/pages", Type: "library", Version: "1.0.0"}}},
		})
		w.ok(err)
	}
	w.carry()
}

// live adopts sites onto a platform.
func (w *world) live(on fleet.PlatformName, uris ...fleet.URI) {
	w.t.Helper()
	for _, u := range uris {
		_, err := w.table.Sites.Adopt(w.ctx, fleet.Site{URI: u, Platform: on, Host: fleet.LocalHost, Generation: 1}, alice)
		w.ok(err)
	}
}

// work ends every queued task of a kind, and what follows from it.
func (w *world) work(kind fleet.TaskKind, end func(fleet.Task)) {
	w.t.Helper()
	for {
		w.carry()
		open, err := w.table.Tasks.List(w.ctx, "", true, 1000)
		w.ok(err)
		ran := false
		for _, t := range open {
			if t.Kind == kind && t.State == fleet.TaskQueued {
				end(t)
				ran = true
			}
		}
		if !ran {
			return
		}
	}
}

// finish writes the last state of a task.
func (w *world) finish(t fleet.Task, to fleet.TaskState, reason string, steps ...fleet.StepRecord) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
		now := fleet.Task{ID: t.ID, Host: t.Host}
		if _, err := tx.Get(&now); err != nil {
			return err
		}
		now.State, now.Reason, now.Begun, now.Ended, now.Steps = to, reason, tx.Now(), tx.Now().Add(4*time.Second), steps
		tx.Put(&now)
		tx.Emit(fleet.Effect{Advance: t.Plan})
		return nil
	}))
	w.carry()
}

func (w *world) inspect(t fleet.Task) {
	for _, u := range t.Sites {
		s, err := w.table.Catalog.Site(w.ctx, u)
		w.ok(err)
		w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			f := fleet.SiteFacts{URI: u}
			if _, err := tx.Get(&f); err != nil {
				return err
			}
			f = fleet.SiteFacts{URI: u, Generation: s.Generation, Enabled: []string{"example/guestbook"}, At: tx.Now()}
			tx.Put(&f)
			return nil
		}))
	}
	w.finish(t, fleet.TaskDone, "")
}

// move moves a site as a migrate task does; sites in broken fail and go back.
func (w *world) move(broken ...fleet.URI) func(fleet.Task) {
	return func(t fleet.Task) {
		var gen, rules int64
		fmt.Sscan(t.Params[fleet.ParamGeneration], &gen)
		fmt.Sscan(t.Params[fleet.ParamRules], &rules)
		s, err := w.table.Sites.Claim(w.ctx, fleet.SiteClaim{URI: fleet.URI(t.About), Task: t.ID, Lease: time.Minute, Generation: gen,
			Platform: fleet.PlatformName(t.Params[fleet.ParamFrom]), Plan: t.Plan, Target: fleet.PlatformName(t.Params[fleet.ParamTarget]), Rules: rules})
		w.ok(err)
		for _, u := range broken {
			if u == s.URI {
				w.ok(w.table.Sites.Release(w.ctx, u, s.Lock.Fence, fleet.SiteLive))
				_, err := w.table.Sites.Pin(w.ctx, u, "Its upgrade failed: no marker.", fleet.System("worker"))
				w.ok(err)
				w.finish(t, fleet.TaskFailed, "The check found no marker.", fleet.StepRecord{Name: "hold", State: fleet.StepDone})
				return
			}
		}
		_, err = w.table.Sites.Move(w.ctx, fleet.SiteMove{URI: s.URI, Task: t.ID, Fence: s.Lock.Fence, Platform: fleet.PlatformName(t.Params[fleet.ParamPlatform]),
			Generation: s.Generation + 1, Previous: s.Generation, From: s.Platform, KeptUntil: time.Now().Add(time.Hour)})
		w.ok(err)
		w.finish(t, fleet.TaskDone, "")
	}
}

// atrium is a fleet of three sites on atrium 1.0.0, its target.
func (w *world) atrium() {
	w.t.Helper()
	w.ask(bob, `add atrium --url `+atriumURL+` --tags '1\.\d+\.\d+' --target auto`)
	w.built("atrium-1.0.0")
	w.live("atrium-1.0.0", "a.example.org", "b.example.org", "c.example.org")
}

// publish lets the watcher hear of a version, and gives its announcement.
func (w *world) publish(v string) fleet.Subject {
	w.t.Helper()
	w.repos.tags[atriumURL] = append(w.repos.tags[atriumURL], v)
	d, err := w.table.Catalog.Distribution(w.ctx, "atrium")
	w.ok(err)
	_, err = w.table.News.Heard(w.ctx, fleet.Head{Distribution: "atrium", Rules: d.Rules, Ref: version(v), Tags: map[string]string{v: version(v).Commit}, Commits: commits(7), Total: 7})
	w.ok(err)
	w.carry()
	d, err = w.table.Catalog.Distribution(w.ctx, "atrium")
	w.ok(err)
	return fleet.SubjectOf(fleet.AboutNews, fleet.NewsID("atrium", d.News))
}

// plans lists the plans in a state.
func (w *world) plans(state fleet.PlanState) []fleet.Plan {
	w.t.Helper()
	var out []fleet.Plan
	for _, fam := range fleet.PlanFamilies() {
		ids, err := w.store.List(w.ctx, fleet.PlansBy(fam), fleet.Page{})
		w.ok(err)
		for _, id := range ids {
			p := fleet.Plan{ID: fleet.PlanID(id)}
			w.ok(fleet.One(w.ctx, w.store, &p, "plan"))
			if p.State == state {
				out = append(out, p)
			}
		}
	}
	return out
}
