package hosting_test

import (
	"context"
	"sync"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// ambushed is the store of a worker that is frozen just before it asks for a
// site's lock, while something happens.
type ambushed struct {
	fleet.Store
	meanwhile func()
	once      sync.Once
}

func (a *ambushed) Update(ctx context.Context, f fleet.Family, rule func(fleet.Tx) error) error {
	if f == fleet.Catalogue {
		a.once.Do(a.meanwhile)
	}
	return a.Store.Update(ctx, f, rule)
}

// A worker that takes up the task of a killed one and is frozen before it has the
// site's lock, while another takes the task and brings it to its end, neither keeps the site nor changes
// anything on the host when it wakes up.
func TestWorkerThatComesTooLateForItsSite(t *testing.T) {
	redis := startRedis(t)
	w := openWorld(t, t.TempDir(), redis)
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", `echo new >> "$SITE_ROOT/data/log"`))
	const uri = "late.example"
	w.create(uri, "old")
	ref := w.order(migration(w.site(uri), "new"))
	if !w.child(crash{Dir: w.dir, Redis: redis, Task: ref, Point: 6}) {
		t.Fatal("the first worker was not killed")
	}
	if cur, ok := w.task(ref).Current(); !ok || cur.Name != "prepare" {
		t.Fatalf("it was killed in %q", cur.Name)
	}

	frozen, err := wire(w.dir, store.Options{URL: redis})
	must(t, err)
	t.Cleanup(func() { _ = frozen.store.Close(); frozen.web.Close() })
	lost := &ambushed{Store: frozen.store, meanwhile: func() { w.want(w.finish(ref), fleet.TaskDone) }}
	frozen.worker.Sites, frozen.worker.Store = &fleet.Sites{Store: lost}, lost
	if err := frozen.runner.Run(t.Context(), ref, true); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("the late worker ended with %v", err)
	}
	s := w.site(uri)
	if s.Platform != "new" || s.Generation != 2 || s.State != fleet.SiteLive || s.Lock.Task != "" {
		t.Errorf("the site is %+v", s)
	}
	if got := w.read(uri, "live/versioned/data/log"); got != "begin\nnew" {
		t.Errorf("its data is %q", got)
	}
	if status, _ := w.get(uri, "/"); status != 200 {
		t.Errorf("visitors get %d", status)
	}
	w.want(w.migrate(uri, "old"), fleet.TaskDone)
}
