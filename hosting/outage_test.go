package hosting_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// flaky is a store that is away for the first calls of each kind after a while.
type flaky struct {
	fleet.Store
	calls atomic.Int64
}

func (f *flaky) away() error {
	if f.calls.Add(1)%3 != 0 {
		return fleet.Errorf(fleet.Later, "The storage is away.")
	}
	return nil
}

func (f *flaky) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	if err := f.away(); err != nil {
		return err
	}
	return f.Store.Update(ctx, fam, rule)
}

func (f *flaky) Read(ctx context.Context, r ...fleet.Record) ([]bool, error) {
	if err := f.away(); err != nil {
		return nil, err
	}
	return f.Store.Read(ctx, r...)
}

// A store that goes away again and again delays a migration and its way back,
// and changes nothing of what comes of them.
func TestStoreGoesAway(t *testing.T) {
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.publish("old", small("old", ":"))
	w.publish("new", small("new", ":"))
	w.publish("bad", small("bad", "exit 1"))
	w.create("a.example", "old")
	away := &flaky{Store: w.store}
	w.worker.Store, w.worker.Sites = away, &fleet.Sites{Store: away}
	w.want(w.migrate("a.example", "new"), fleet.TaskDone)
	w.want(w.migrate("a.example", "bad"), fleet.TaskFailed)
	if s := w.site("a.example"); s.Platform != "new" || s.Generation != 2 || s.Pinned == "" || s.Lock.Task != "" {
		t.Errorf("row: %+v", s)
	}
	w.notHeld("a.example")
	if away.calls.Load() < 10 {
		t.Errorf("the store was asked %d times", away.calls.Load())
	}
}
