package hosting_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// A trial is a task of one kind that is killed at every point.
type trial struct {
	name string
	kind fleet.TaskKind
	// order prepares what the task works on, a site or a platform of its own, and
	// gives the task.
	order func(w *world, uri fleet.URI) fleet.Task
	// check looks at what is there when the task has ended. Nothing has been
	// checked before but that it ended well.
	check func(w *world, uri fleet.URI, task fleet.Task)
	// fresh: there is nothing for visitors before the task, or nothing after it.
	fresh bool
}

// onSite makes a site and gives a task about it.
func onSite(t fleet.Task) func(*world, fleet.URI) fleet.Task {
	return func(w *world, uri fleet.URI) fleet.Task {
		w.create(uri, "old")
		t.About = string(uri)
		return t
	}
}

func params(kv ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		out[kv[i]] = kv[i+1]
	}
	return out
}

// trials are the kinds that TestKilledAnywhere and TestBuildKilledAnywhere do
// not try.
func trials() []trial {
	const backup = "20260101T000000"
	archive := fleet.Task{Kind: fleet.TaskArchive, Params: params(fleet.ParamBackup, backup, fleet.ParamKept, "1")}
	return []trial{
		{name: "build of a directory", kind: fleet.TaskBuild, fresh: true, order: buildOfDirectory, check: builtOfDirectory},
		{name: "inspect", kind: fleet.TaskInspect, order: onSite(fleet.Task{Kind: fleet.TaskInspect}), check: inspected},
		{name: "rehearse", kind: fleet.TaskRehearse, check: rehearsed,
			order: onSite(fleet.Task{Kind: fleet.TaskRehearse, Params: params(fleet.ParamPlatform, "good")})},
		{name: "move that looks", kind: fleet.TaskMigrate, order: thatLooks, check: lookedAt},
		{name: "create", kind: fleet.TaskCreate, fresh: true, check: stands("old", 1, "begin"),
			order: func(w *world, uri fleet.URI) fleet.Task { return w.newSite(fleet.NewSite{URI: uri, Platform: "old"}) }},
		{name: "clone", kind: fleet.TaskClone, fresh: true, check: stands("good", 1, "begin\nmiddle\ngood"), order: cloneOf},
		{name: "adopt by its record", kind: fleet.TaskAdopt, order: forgotten, check: stands("old", 1, "begin")},
		{name: "adopt by its path", kind: fleet.TaskAdopt, fresh: true, order: takenOver, check: stands("", 1, "begin")},
		{name: "verify a site", kind: fleet.TaskVerify, check: stands("old", 1, "begin"),
			order: onSite(fleet.Task{Kind: fleet.TaskVerify, Params: params(fleet.ParamWhat, fleet.WhatSite)})},
		{name: "archive", kind: fleet.TaskArchive, order: onSite(archive), check: archived(backup)},
		{name: "restore", kind: fleet.TaskRestore, check: stands("old", 2, "begin"), order: func(w *world, uri fleet.URI) fleet.Task {
			w.want(w.run(onSite(archive)(w, uri)), fleet.TaskDone)
			must(w.t, os.WriteFile(w.sitePath(uri, "live/versioned/data/log"), []byte("later\n"), 0o644))
			return fleet.Task{Kind: fleet.TaskRestore, About: string(uri), Params: params(fleet.ParamBackup, backup)}
		}},
		{name: "login", kind: fleet.TaskLogin, check: loggedIn, order: withTenant},
		{name: "retire a platform", kind: fleet.TaskRetire, fresh: true, order: surplusPlatform, check: platformGone},
		{name: "retire a site", kind: fleet.TaskRetire, fresh: true, check: siteGone,
			order: onSite(fleet.Task{Kind: fleet.TaskRetire, Params: params(fleet.ParamWhat, fleet.WhatSite)})},
		{name: "retire an old copy", kind: fleet.TaskRetire, check: copyGone, order: func(w *world, uri fleet.URI) fleet.Task {
			w.create(uri, "old")
			w.want(w.migrate(uri, "middle"), fleet.TaskDone)
			return fleet.Task{Kind: fleet.TaskRetire, About: string(uri), Params: params(fleet.ParamWhat, fleet.WhatGeneration, fleet.ParamGeneration, "1")}
		}},
		{name: "outdated", kind: fleet.TaskOutdated, fresh: true, order: lookFor, check: looked},
	}
}

// A worker of any kind of task that is killed with -9 after a commit or an
// effect is followed by one that ends the task as if nothing had happened. A
// short run tries some points of each kind.
func TestEveryKindKilledAnywhere(t *testing.T) {
	w, redis := crashWorld(t)
	for i, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			points, stride := 0, int64(1)
			if os.Getenv("DISTROBOT_TEST_THOROUGH") == "" {
				stride = 5
			}
			for point := int64(1) + int64(i)%2; ; point += stride {
				v := *w
				v.t, v.tasks = t, 100000*(i+1)+int(point)*100
				if !v.killTrial(tr, redis, point) {
					break
				}
				points++
			}
			t.Attr("trials", strconv.Itoa(points))
			if points == 0 {
				t.Error("it was killed at no point")
			}
		})
	}
}

// killTrial kills a trial at one point; false when it ended before.
func (w *world) killTrial(tr trial, redis string, point int64) bool {
	uri := fleet.URI(fmt.Sprintf("k%d-%d.example", w.tasks, point))
	ref := w.order(tr.order(w, uri))
	killed := w.child(crash{Dir: w.dir, Redis: redis, Task: ref, Point: point})
	if !tr.fresh {
		w.neverNeither(uri, point)
	}
	done := w.finish(ref)
	if done.State != fleet.TaskDone {
		w.t.Fatalf("point %d: task is %s\n%s", point, done.State, w.log(done))
	}
	tr.check(w, uri, done)
	if w.t.Failed() {
		w.t.Fatalf("point %d:\n%s", point, w.log(done))
	}
	return killed
}

// Every kind of task is killed somewhere: a new one has to come with a trial.
func TestEveryKindHasATrial(t *testing.T) {
	tried := map[fleet.TaskKind]bool{
		fleet.TaskMigrate: true, fleet.TaskRollback: true, // by TestKilledAnywhere
		fleet.TaskMove: true, fleet.TaskReceive: true, // by TestMoveKilledAnywhere
	}
	for _, tr := range trials() {
		tried[tr.kind] = true
	}
	kinds := kindsOfTask(t)
	if len(kinds) < 14 {
		t.Fatalf("only %d kinds were found in the source: %v", len(kinds), kinds)
	}
	for _, k := range kinds {
		if !tried[k] {
			t.Errorf("no trial kills a task of kind %s", k)
		}
	}
}

// kindsOfTask reads the constants of type TaskKind from the source of fleet.
func kindsOfTask(t *testing.T) []fleet.TaskKind {
	t.Helper()
	files, err := filepath.Glob("../fleet/*.go")
	must(t, err)
	var out []fleet.TaskKind
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "TaskKind" {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					must(t, err)
					out = append(out, fleet.TaskKind(s))
				}
			}
			return true
		})
	}
	return out
}
