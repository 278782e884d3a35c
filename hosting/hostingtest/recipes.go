package hostingtest

import (
	"context"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A Machine is a host with an empty backend.
type Machine struct {
	Backend hosting.Backend
	// Code gives the files of a platform. Its sites' page holds "version NAME "
	// and the lines of their data, to which its update adds its name. What breaks
	// says goes wrong: "" for nothing, "update" or "page".
	Code func(name, breaks string) map[string]string
}

// Recipes tests what the tasks of sites do on a backend: build, create, upgrade,
// failures, the way back, overlap, plans that are out of date, and a worker that
// dies after each of its acts.
func Recipes(t *testing.T, newMachine func(t *testing.T) Machine) {
	for name, test := range map[string]func(*testing.T, *fleetWorld){
		"a site's life":                   testLife,
		"a failed update changes nothing": func(t *testing.T, w *fleetWorld) { testFailure(t, w, "update") },
		"a broken page changes nothing":   func(t *testing.T, w *fleetWorld) { testFailure(t, w, "page") },
		"what has moved is refused":       testStale,
		"two moves of a site":             testOverlap,
		"a worker dies after each act":    testDeaths,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFleetWorld(t, newMachine(t))
			for _, p := range []string{"one", "two"} {
				w.build(p, "")
			}
			test(t, w)
		})
	}
}

func testLife(t *testing.T, w *fleetWorld) {
	w.create(site, "one")
	w.serves(site, "one", 1)
	w.want(w.migrate(site, "two"), fleet.TaskDone)
	w.serves(site, "two", 2)
	if s := w.site(site); s.Previous != 1 || s.From != "one" || s.Pinned != "" {
		t.Errorf("after the upgrade: %+v", s)
	}
	if all, err := w.backend.All(t.Context()); err != nil || len(all) != 1 || all[0].URI != site || all[0].Generation != 2 {
		t.Errorf("the host has %+v, %v", all, err)
	}
	w.want(w.run(fleet.Task{Kind: fleet.TaskRollback, About: string(site), Params: map[string]string{
		fleet.ParamGeneration: "2", fleet.ParamBack: "1", fleet.ParamFrom: "two",
	}}), fleet.TaskDone)
	w.serves(site, "one", 3)
	if a := w.page(site); strings.Contains(string(a.Body), "two wrote") {
		t.Errorf("the old data was touched: %s", a.Body)
	}
	w.want(w.run(fleet.Task{Kind: fleet.TaskInspect, About: string(site)}), fleet.TaskDone)
	w.want(w.run(fleet.Task{Kind: fleet.TaskVerify, About: string(site), Params: map[string]string{fleet.ParamWhat: fleet.WhatSite}}), fleet.TaskDone)
}

func testFailure(t *testing.T, w *fleetWorld, breaks string) {
	w.build("three", breaks)
	w.create(site, "one")
	got := w.want(w.migrate(site, "three"), fleet.TaskFailed)
	if got.Reason == "" {
		t.Error("nobody is told why")
	}
	w.serves(site, "one", 1)
	if s := w.site(site); !strings.HasPrefix(s.Pinned, "rolled back: ") || s.Lock.Task != "" {
		t.Errorf("after the failure: %+v", s)
	}
	if a := w.page(site); strings.Contains(string(a.Body), "three wrote") {
		t.Errorf("the old data was touched: %s", a.Body)
	}
}

func testStale(t *testing.T, w *fleetWorld) {
	w.create(site, "one")
	task := w.migration(site, "two")
	task.Params[fleet.ParamGeneration] = "7"
	w.want(w.run(task), fleet.TaskFailed)
	w.want(w.migrate(site, "one"), fleet.TaskFailed)
	w.want(w.migrate(site, "nowhere"), fleet.TaskFailed)
	w.serves(site, "one", 1)
	if s := w.site(site); s.Pinned != "" {
		t.Errorf("pinned: %s", s.Pinned)
	}
}

// testOverlap starts two moves of a site at once: one is done, the other finds
// the site moved.
func testOverlap(t *testing.T, w *fleetWorld) {
	w.create(site, "one")
	first, second := w.order(w.migration(site, "two")), w.order(w.migration(site, "two"))
	ended := make(chan error, 2)
	for _, ref := range []fleet.TaskRef{first, second} {
		go func() { ended <- w.runner("worker-"+string(ref.ID)).Run(context.Background(), ref, false) }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	states := map[fleet.TaskState]int{w.task(first).State: 1}
	states[w.task(second).State]++
	if states[fleet.TaskDone] != 1 || states[fleet.TaskFailed] != 1 {
		t.Errorf("two moves ended %v\n%s\n%s", states, w.log(first), w.log(second))
	}
	w.serves(site, "two", 2)
}

// testDeaths upgrades a site once for each act that an upgrade consists of, and
// has the worker die after it: the next one ends the task, and the site is on
// its new platform, once.
func testDeaths(t *testing.T, w *fleetWorld) {
	for n := 1; ; n++ {
		uri := fleet.URI(strings.Repeat("d", n) + ".example")
		w.create(uri, "one")
		ref := w.order(w.migration(uri, "two"))
		died := w.dieAt(ref, n)
		if err := w.runner("next").Run(context.Background(), ref, true); err != nil {
			t.Fatal(err)
		}
		if got := w.task(ref); got.State != fleet.TaskDone {
			t.Fatalf("died after act %d: the task is %s\n%s", n, got.State, w.log(ref))
		}
		w.serves(uri, "two", 2)
		if a := w.page(uri); strings.Count(string(a.Body), "two wrote") != 1 {
			t.Errorf("died after act %d: %s", n, a.Body)
		}
		if !died {
			if n < 8 {
				t.Errorf("an upgrade has only %d acts", n-1)
			}
			return
		}
	}
}
