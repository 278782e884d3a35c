package fleet_test

import (
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestStory follows the main job: a build, its target, the offered plan, one
// press, three waves.
func TestStory(t *testing.T) {
	t.Run("memory", func(t *testing.T) { story(newWorld(t)) })
	t.Run("redis", func(t *testing.T) { story(redisWorld(t)) })
}

func story(w *world) {
	t := w.t
	w.fleetOf("a.example.org", "b.example.org", "c.example.org")
	next := w.release("1.1.0")
	p := w.offered()
	if p.State != fleet.PlanProposed || p.Title != "Upgrade 3 sites of atrium from 1.0.0 to 1.1.0" || p.Waves != 3 {
		t.Fatalf("offered %s %q in %d waves", p.State, p.Title, p.Waves)
	}
	if len(p.Rows) != 1 || p.Rows[0].Change != fleet.Upgraded {
		t.Fatalf("rows %+v", p.Rows)
	}
	w.confirmed(p, bob)
	if n := w.work(fleet.TaskMigrate, migrates); n != 3 {
		t.Fatalf("%d migrate tasks ran", n)
	}
	p = w.plan(p.ID)
	if p.State != fleet.PlanDone || p.Wave != 3 {
		t.Fatalf("ended %s in wave %d: %s %+v", p.State, p.Wave, p.Reason, p.Sites)
	}
	for _, s := range p.Sites {
		if s.Progress != fleet.SiteDone || s.Took != 4000 || s.Window != 1500 {
			t.Errorf("%+v", s)
		}
		if at := w.site(s.URI); at.Platform != next.Name || at.Generation != 2 || at.Lock.Task != "" {
			t.Errorf("%+v", at)
		}
	}
	posts, err := w.store.List(w.ctx, fleet.PostsDue, fleet.Page{})
	w.ok(err)
	roots := 0
	for _, s := range posts {
		if s == "plan:"+string(p.ID)+"|C0MAIN" {
			roots++
		}
	}
	if roots != 1 || len(p.Log) < 4 {
		t.Errorf("%d root messages, log %+v, posts %v", roots, p.Log, posts)
	}
}
