package hosting_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/hosting"
)

// A closed is a backend whose sites wait, each with what Free says of it.
type closed struct {
	held  []hosting.Held
	free  map[fleet.URI]error
	stuck []fleet.Stuck
}

func (c *closed) Waiting(context.Context) ([]hosting.Held, error) { return c.held, nil }

func (c *closed) Free(_ context.Context, h hosting.Held) error { return c.free[h.URI] }

// Stuck is what people are told.
func (c *closed) Stuck(_ context.Context, _ fleet.HostName, stuck []fleet.Stuck) error {
	c.stuck = stuck
	return nil
}

// TestStrandTells holds which closed sites people are told of: those that cannot be
// freed, which keep no other from it, and those that a failed task has left closed;
// not those for which a task is still to run, or which another task has.
func TestStrandTells(t *testing.T) {
	t.Parallel()
	store := fleettest.New()
	at := time.Now()
	c := &closed{free: map[fleet.URI]error{
		"torn.example": fleet.Errorf(fleet.Held, "It is on two platforms."),
		"busy.example": fleet.Errorf(fleet.Later, "A task is open."),
		"odd.example":  errors.New("disk"),
	}}
	put := func(r, have fleet.Record) {
		must(t, store.Update(t.Context(), r.Key().Family, func(tx fleet.Tx) error {
			if _, err := tx.Get(have); err != nil {
				return err
			}
			tx.Put(r)
			return nil
		}))
	}
	hold := func(uri fleet.URI, state fleet.TaskState, site *fleet.Site) {
		id := fleet.TaskID("01" + strings.TrimSuffix(string(uri), ".example"))
		c.held = append(c.held, hosting.Held{URI: uri, Task: id, At: at})
		if state != "" {
			put(&fleet.Task{ID: id, Kind: fleet.TaskMigrate, Host: "local", About: string(uri), State: state, Created: at}, &fleet.Task{ID: id, Host: "local"})
		}
		if site != nil {
			site.URI, site.Platform, site.State, site.Generation = uri, "one", fleet.SiteLive, 1
			put(site, &fleet.Site{URI: uri})
		}
	}
	for _, uri := range []fleet.URI{"torn.example", "busy.example", "odd.example", "well.example"} {
		hold(uri, "", nil)
	}
	hold("left.example", fleet.TaskFailed, &fleet.Site{Host: "local"})
	hold("taken.example", fleet.TaskFailed, &fleet.Site{Host: "local", Lock: fleet.SiteLock{Task: "01another"}})
	hold("moved.example", fleet.TaskFailed, &fleet.Site{Host: "web2"})
	hold("asked.example", fleet.TaskHeld, &fleet.Site{Host: "local"})
	hold("worked.example", "", nil)
	s := hosting.Strand{Host: "local", Store: store, Sites: c, Alarm: c, Log: slog.New(slog.DiscardHandler),
		Works: func(id fleet.TaskID) bool { return id == "01worked" }}
	freed, err := s.Sweep(t.Context())
	if len(freed) != 1 || freed[0] != "well.example" || err == nil || !strings.Contains(err.Error(), "disk") {
		t.Errorf("freed %v, %v", freed, err)
	}
	got := map[fleet.URI]fleet.Stuck{}
	for _, x := range c.stuck {
		got[x.URI] = x
	}
	want := map[fleet.URI]fleet.Stuck{
		"torn.example": {URI: "torn.example", Since: at, Why: "It is on two platforms.", Person: true},
		"busy.example": {URI: "busy.example", Since: at, Why: "A task is open."},
		"odd.example":  {URI: "odd.example", Since: at, Why: "An internal fault; the log of the hosting machine says more."},
		"left.example": {URI: "left.example", Since: at, Why: "task 01left has failed and has left it so", Person: true},
	}
	if len(got) != len(want) {
		t.Errorf("told of %+v", c.stuck)
	}
	for uri, x := range want {
		if got[uri] != x {
			t.Errorf("%s: %+v, want %+v", uri, got[uri], x)
		}
	}
}
