package fleet_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// end is how a test's worker ends a task.
type end func(w *world, t fleet.Task)

// work lets a worker take every queued task of a kind and end it; it carries
// what follows, until nothing is queued.
func (w *world) work(kind fleet.TaskKind, how end) int {
	w.t.Helper()
	n := 0
	for {
		w.carry()
		open, err := w.tasks.List(w.ctx, "", true, 1000)
		w.ok(err)
		ran := 0
		for _, t := range open {
			if t.Kind == kind && t.State == fleet.TaskQueued {
				how(w, t)
				ran++
			}
		}
		if n += ran; ran == 0 {
			return n
		}
	}
}

// finish writes a task's last state as a worker does.
func (w *world) finish(t fleet.Task, to fleet.TaskState, reason string) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
		now := fleet.Task{ID: t.ID, Host: t.Host}
		if _, err := tx.Get(&now); err != nil {
			return err
		}
		now.State, now.Reason, now.Begun, now.Ended = to, reason, tx.Now(), tx.Now().Add(4*time.Second)
		now.Steps = []fleet.StepRecord{{Name: "release", State: fleet.StepDone, Result: map[string]string{"window_ms": "1500"}}}
		tx.Put(&now)
		tx.Emit(fleet.Effect{Advance: t.Plan})
		return nil
	}))
}

// refuse ends a task in its first step, with nothing done.
func (w *world) refuse(t fleet.Task, reason string) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
		now := fleet.Task{ID: t.ID, Host: t.Host}
		if _, err := tx.Get(&now); err != nil {
			return err
		}
		now.State, now.Reason = fleet.TaskFailed, reason
		now.Steps = []fleet.StepRecord{{Name: "preflight", State: fleet.StepFailed, Error: reason}}
		tx.Put(&now)
		tx.Emit(fleet.Effect{Advance: t.Plan})
		return nil
	}))
}

// inspects reads facts as an inspect task does.
func inspects(w *world, t fleet.Task) {
	for _, u := range t.Sites {
		s := w.site(u)
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

// claim takes a site for a task as the migrate recipe does.
func (w *world) claim(t fleet.Task) (fleet.Site, error) {
	var gen, rules int64
	fmt.Sscan(t.Params[fleet.ParamGeneration], &gen)
	fmt.Sscan(t.Params[fleet.ParamRules], &rules)
	return w.sites.Claim(w.ctx, fleet.SiteClaim{
		URI: fleet.URI(t.About), Task: t.ID, Lease: time.Minute, Generation: gen, Platform: fleet.PlatformName(t.Params[fleet.ParamFrom]),
		Plan: t.Plan, Target: fleet.PlatformName(t.Params[fleet.ParamTarget]), Rules: rules,
	})
}

// migrates moves a site as a migrate or rollback task does.
func migrates(w *world, t fleet.Task) {
	s, err := w.claim(t)
	if err != nil {
		w.refuse(t, err.Error())
		return
	}
	m := fleet.SiteMove{URI: s.URI, Task: t.ID, Fence: s.Lock.Fence, Platform: fleet.PlatformName(t.Params[fleet.ParamPlatform]),
		Generation: s.Generation + 1, Previous: s.Generation, From: s.Platform}
	if t.Kind == fleet.TaskRollback {
		m.Pinned = "Rolled back."
	}
	_, err = w.sites.Move(w.ctx, m)
	w.ok(err)
	w.finish(t, fleet.TaskDone, "")
}

// fails lets the named sites fail and go back, and moves the others.
func fails(uris ...fleet.URI) end {
	return func(w *world, t fleet.Task) {
		for _, u := range uris {
			if string(u) != t.About {
				continue
			}
			s, err := w.claim(t)
			w.ok(err)
			w.ok(w.sites.Release(w.ctx, u, s.Lock.Fence, fleet.SiteLive))
			w.finish(t, fleet.TaskFailed, "The check found no marker.")
			return
		}
		migrates(w, t)
	}
}
