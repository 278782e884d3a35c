package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func order(version string) fleet.BuildOrder {
	return fleet.BuildOrder{Distribution: "atrium", Ref: tag(version), By: alice, Channel: "C0MAIN"}
}

func TestBuildUnderWayIsReturned(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	one, err := w.builder.Build(w.ctx, order("1.0.0"))
	w.ok(err)
	two, err := w.builder.Build(w.ctx, order("1.0.0"))
	w.ok(err)
	if w.carry(); one.Name != two.Name || one.Task != two.Task {
		t.Errorf("%s and %s", one.Name, two.Name)
	}
	tasks, err := w.tasks.List(w.ctx, "", true, 10)
	w.ok(err)
	if len(tasks) != 1 || tasks[0].About != string(one.Name) || tasks[0].Shows != "platform:atrium-1.0.0" {
		t.Errorf("%+v", tasks)
	}
	if _, err := w.tasks.Find(w.ctx, one.Task); err != nil {
		t.Error(err)
	}
}

func TestRebuildsHaveNamesOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	for _, want := range []fleet.PlatformName{"atrium-1.0.0", "atrium-1.0.0-b2", "atrium-1.0.0-b3"} {
		if p := w.build("1.0.0"); p.Name != want {
			t.Errorf("got %s, want %s", p.Name, want)
		}
	}
}

func TestFailedBuildIsBuiltAgainUnderItsName(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	p, err := w.builder.Build(w.ctx, order("1.0.0"))
	w.ok(err)
	w.ok(w.builder.Begin(w.ctx, p.Name, fleet.PlatformBuilding))
	w.ok(w.builder.Fail(w.ctx, p.Name, fleet.LocalHost, "The disk is full."))
	failed, err := w.catalog.Platform(w.ctx, p.Name)
	if w.ok(err); failed.State != fleet.PlatformFailed || failed.Reason != "The disk is full." {
		t.Fatalf("%+v", failed)
	}
	w.refused(w.builder.Begin(w.ctx, p.Name, fleet.PlatformVerifying), fleet.Stale)
	again := w.build("1.0.0")
	if again.Name != p.Name || again.State != fleet.PlatformReady || again.Reason != "" || again.Task == p.Task {
		t.Errorf("%+v", again)
	}
}

func TestBuildRefusals(t *testing.T) {
	w := newWorld(t)
	_, err := w.builder.Build(w.ctx, order("1.0.0"))
	w.refused(err, fleet.NotFound)
	w.dist(func(d *fleet.Distribution) { d.URL, d.Track = "", fleet.Track{} })
	_, err = w.builder.Build(w.ctx, order("1.0.0"))
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "no repository to build from") {
		t.Error(text)
	}
	_, err = w.builder.Build(w.ctx, fleet.BuildOrder{Distribution: "atrium"})
	w.refused(err, fleet.Invalid)
}

func TestPlatformIsReadyWhenAllHostsHaveTheSameTree(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	o := order("1.0.0")
	o.Hosts = []fleet.HostName{"web1", "web2"}
	p, err := w.builder.Build(w.ctx, o)
	w.ok(err)
	if p = w.record(p, "web1"); p.State == fleet.PlatformReady {
		t.Fatal("ready with one host of two")
	}
	p = w.record(p, "web1")
	if p = w.record(p, "web2"); p.State != fleet.PlatformReady || len(p.Paths) != 2 || p.Took["web2"] != 3000 {
		t.Fatalf("%+v", p)
	}
	if again := w.record(p, "web2"); !again.Ready.Equal(p.Ready) || w.audits("platform.built") != 1 {
		t.Error("recording the same again changed something")
	}

	o.Ref = tag("1.1.0")
	p, err = w.builder.Build(w.ctx, o)
	w.ok(err)
	p = w.record(p, "web1")
	p, err = w.builder.Record(w.ctx, fleet.BuildResult{Platform: p.Name, Host: "web2", Path: "/x", TreeDigest: "another"})
	if text := w.refused(err, fleet.Failed); p.State != fleet.PlatformReady || p.Paths["web2"] != "" || !strings.Contains(text, "web2 built another tree") {
		t.Errorf("%s: %+v", text, p)
	}
}

// TestBuildFailsOnOneHost: a platform is ready where it was built, and failed
// only if it was built nowhere.
func TestBuildFailsOnOneHost(t *testing.T) {
	const sorry = "There is no space left."
	for name, c := range map[string]struct {
		good, bad []fleet.HostName // in this order
		goodFirst bool
		state     fleet.PlatformState
		reason    string
	}{
		"before the other":       {good: []fleet.HostName{"web1"}, bad: []fleet.HostName{"web2"}, state: fleet.PlatformReady},
		"after the other":        {good: []fleet.HostName{"web1"}, bad: []fleet.HostName{"web2"}, goodFirst: true, state: fleet.PlatformReady},
		"both":                   {bad: []fleet.HostName{"web1", "web2"}, state: fleet.PlatformFailed, reason: "On web2: " + sorry},
		"the other is not ended": {bad: []fleet.HostName{"web1"}, state: fleet.PlatformQueued, reason: "On web1: " + sorry},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dist(nil)
			o := order("1.0.0")
			o.Hosts = []fleet.HostName{"web1", "web2"}
			p, err := w.builder.Build(w.ctx, o)
			w.ok(err)
			build := func() {
				for _, h := range c.good {
					w.record(p, h)
				}
			}
			if c.goodFirst {
				build()
			}
			for _, h := range c.bad {
				w.ok(w.builder.Fail(w.ctx, p.Name, h, sorry))
			}
			if !c.goodFirst {
				build()
			}
			w.ok(fleet.One(w.ctx, w.store, &p, "platform"))
			if p.State != c.state || p.Reason != c.reason || len(p.Paths) != len(c.good) || p.Missing[c.bad[0]] != sorry {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestExtend brings a ready platform to one host more: it stays ready where it
// is, must come out the same, and a failure there is only that host's.
func TestExtend(t *testing.T) {
	w := newWorld(t)
	w.dist(nil)
	p, err := w.builder.Build(w.ctx, order("1.0.0"))
	w.ok(err)
	e := fleet.Extension{Platform: p.Name, Host: "web2", By: alice}
	_, err = w.builder.Extend(w.ctx, e)
	w.refused(err, fleet.Refused) // it is not ready
	p = w.record(p, fleet.LocalHost)
	id, err := w.builder.Extend(w.ctx, e)
	w.ok(err)
	if again, err := w.builder.Extend(w.ctx, e); err != nil || again != "" || id == "" {
		t.Fatalf("ordered twice: %q, %q, %v", id, again, err)
	}
	w.carry()
	task := fleet.Task{ID: id, Host: "web2"}
	if w.ok(fleet.One(w.ctx, w.store, &task, "task")); task.Kind != fleet.TaskBuild || task.Needs != 2 {
		t.Errorf("%+v", task)
	}
	w.ok(w.builder.Begin(w.ctx, p.Name, fleet.PlatformBuilding))
	w.ok(w.builder.Fail(w.ctx, p.Name, "web2", "No space."))
	if w.ok(fleet.One(w.ctx, w.store, &p, "platform")); p.State != fleet.PlatformReady || p.Missing["web2"] != "No space." {
		t.Errorf("%+v", p)
	}
	_, err = w.builder.Extend(w.ctx, e)
	w.ok(err)
	if p = w.record(p, "web2"); p.State != fleet.PlatformReady || p.Paths["web2"] == "" || p.Missing["web2"] != "" || p.Reason != "" {
		t.Errorf("%+v", p)
	}
	_, err = w.builder.Extend(w.ctx, e)
	w.refused(err, fleet.Refused) // it has it
}

func TestAnnouncementFollowsItsBuild(t *testing.T) {
	for _, good := range []bool{true, false} {
		w := newWorld(t)
		w.dist(nil)
		w.ok(w.store.Update(w.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			a := fleet.Announcement{ID: "atrium/1"}
			_, err := tx.Get(&a)
			a = fleet.Announcement{ID: "atrium/1", Distribution: "atrium", To: tag("1.0.0"), State: fleet.NewsSnoozed, Until: tx.Now().Add(time.Hour), At: tx.Now()}
			tx.Put(&a)
			tx.Emit(fleet.Effect{Notice: &fleet.Notice{Subject: "news:atrium/1", Channel: "C0MAIN"}})
			return err
		}))
		news := func() fleet.Announcement {
			a := fleet.Announcement{ID: "atrium/1"}
			w.ok(fleet.One(w.ctx, w.store, &a, "announcement"))
			return a
		}
		o := order("1.0.0")
		o.News = "atrium/1"
		p, err := w.builder.Build(w.ctx, o)
		w.ok(err)
		if a := news(); a.State != fleet.NewsBuilding || a.Platform != p.Name || a.By != alice || !a.Until.IsZero() {
			t.Errorf("%+v", a)
		}
		want := fleet.NewsBuilt
		if good {
			w.record(p, fleet.LocalHost)
		} else {
			want = fleet.NewsFailed
			w.ok(w.builder.Fail(w.ctx, p.Name, fleet.LocalHost, "No makefile."))
		}
		if a := news(); a.State != want {
			t.Errorf("%s, want %s", a.State, want)
		}
		w.carry()
		post := fleet.Post{Subject: "news:atrium/1", Channel: "C0MAIN"}
		w.ok(fleet.One(w.ctx, w.store, &post, "post"))
		if posts, err := w.store.Count(w.ctx, fleet.PostsDue); err != nil || posts[0] != 1 || post.Wanted < 3 {
			t.Errorf("%d posts are due, wanted %d, %v", posts[0], post.Wanted, err)
		}
	}
}

func TestRetire(t *testing.T) {
	w := newWorld(t)
	w.fleetOf("a.example.org")
	_, err := w.builder.Retire(w.ctx, "atrium-1.0.0", alice)
	w.refused(err, fleet.Refused) // the target
	w.release("1.1.0")
	_, err = w.builder.Retire(w.ctx, "atrium-1.0.0", alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "still has 1 site, for example a.example.org.") {
		t.Error(text)
	}
	w.confirmed(w.offered(), bob)
	w.work(fleet.TaskMigrate, migrates)
	_, err = w.builder.Retire(w.ctx, "atrium-1.0.0", alice)
	if text := w.refused(err, fleet.Refused); !strings.Contains(text, "a.example.org can still be rolled back") {
		t.Error(text)
	}
	unused := w.build("1.2.0")
	task, err := w.builder.Retire(w.ctx, unused.Name, alice)
	w.ok(err)
	if task.Kind != fleet.TaskRetire || task.Params[fleet.ParamWhat] != fleet.WhatPlatform || task.Params[fleet.ParamPath] == "" {
		t.Errorf("%+v", task)
	}
	w.ok(w.builder.Retired(w.ctx, unused.Name, fleet.LocalHost))
	w.ok(w.builder.Retired(w.ctx, unused.Name, fleet.LocalHost))
	p, err := w.catalog.Platform(w.ctx, unused.Name)
	if w.ok(err); p.State != fleet.PlatformRetired || len(p.Paths) != 0 {
		t.Errorf("%+v", p)
	}
	_, err = w.targets.Lock(w.ctx, unused.Name, false, alice)
	w.refused(err, fleet.Refused)
	queued, err := w.builder.Build(w.ctx, order("1.3.0"))
	w.ok(err)
	_, err = w.builder.Retire(w.ctx, queued.Name, alice)
	w.refused(err, fleet.Refused)
}
