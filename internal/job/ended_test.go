package job_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// TestOldRecordOfAnEndedTaskIsNotRun writes the record of a task, as it was when
// it was queued, back after the task has ended: the machine remembers, also when
// another process works there by then, and nothing is run. Without that memory it
// would run again, since the record is a sound one.
func TestOldRecordOfAnEndedTaskIsNotRun(t *testing.T) {
	tests := []struct {
		name string
		kind fleet.TaskKind
		fail error
		end  fleet.TaskState
		runs string // the second time
	}{
		{"done", fleet.TaskMigrate, nil, fleet.TaskDone, ""},
		{"failed", fleet.TaskMigrate, job.Stop("it cannot be"), fleet.TaskFailed, ""},
		{"removed", fleet.TaskRetire, nil, fleet.TaskDone, ""},
		{"only looks", fleet.TaskInspect, nil, fleet.TaskDone, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ended")
			w := newWorld(t, func(x *fleet.Task) { x.Kind = tt.kind })
			copied := w.task()
			run := func() fleet.Task {
				t.Helper()
				w.did = nil
				r := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", func() error { return tt.fail })}})
				r.Ended = ended(t, path, time.Now())
				if err := r.Run(t.Context(), w.ref, false); err != nil {
					t.Fatal(err)
				}
				return w.task()
			}
			if got := run(); got.State != tt.end {
				t.Fatalf("it ends %s: %s", got.State, got.Reason)
			}
			w.change(func(fleet.Task, time.Time) (fleet.Task, error) { return copied, nil })
			got := run()
			if got.State != tt.end || w.deeds() != tt.runs {
				t.Errorf("written back, it ends %s and did %q", got.State, w.deeds())
			}
			if tt.runs == "" && !strings.Contains(got.Reason, "Nothing was run") {
				t.Errorf("it says %q", got.Reason)
			}
		})
	}
}

// TestTasksThatOthersEndedAreRemembered wakes a worker for a task that a person
// has cancelled before it was begun: its record as it was before is not run.
func TestTasksThatOthersEndedAreRemembered(t *testing.T) {
	w := newWorld(t, nil)
	copied := w.task()
	r := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", nil)}})
	r.Ended = ended(t, filepath.Join(t.TempDir(), "ended"), time.Now())
	w.change(func(x fleet.Task, _ time.Time) (fleet.Task, error) {
		return fleet.CancelTask(x, fleet.Actor{ID: "U1"})
	})
	for _, back := range []bool{false, true} {
		if back {
			w.change(func(fleet.Task, time.Time) (fleet.Task, error) { return copied, nil })
		}
		if err := r.Run(t.Context(), w.ref, false); err != nil {
			t.Fatal(err)
		}
		if got := w.task(); got.State != fleet.TaskCancelled || w.deeds() != "" {
			t.Errorf("it is %s and did %q", got.State, w.deeds())
		}
	}
}

// TestEndedForgets holds what becomes of the memory itself: a line that a crash
// cut short and lines that are too old go, and a task from before all that is
// remembered asks a person.
func TestEndedForgets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ended")
	w := newWorld(t, nil)
	copied := w.task()
	r := w.runner(w.store, job.Recipe{Steps: []job.Step{w.step("a", nil)}})
	r.Ended = ended(t, path, time.Now())
	if err := r.Run(t.Context(), w.ref, false); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil || strings.Count(string(whole), "\n") != 1 {
		t.Fatalf("%q, %v", whole, err)
	}
	if err := os.WriteFile(path, append(whole, whole[:20]...), 0o600); err != nil {
		t.Fatal(err)
	}
	ended(t, path, time.Now())
	if now, _ := os.ReadFile(path); string(now) != string(whole) {
		t.Errorf("after a crash in the middle of a line it holds %q", now)
	}
	r.Ended = ended(t, path, time.Now().Add(500*24*time.Hour))
	if now, _ := os.ReadFile(path); len(now) != 0 {
		t.Errorf("after 500 days it holds %q", now)
	}
	w.did = nil
	w.change(func(fleet.Task, time.Time) (fleet.Task, error) { return copied, nil })
	if err := r.Run(t.Context(), w.ref, false); err != nil {
		t.Fatal(err)
	}
	if got := w.task(); got.State != fleet.TaskHeld || w.deeds() != "" || !strings.Contains(got.Reason, "so long ago") {
		t.Errorf("it is %s (%s) and did %q", got.State, got.Reason, w.deeds())
	}
}

func ended(t *testing.T, path string, now time.Time) *job.Ended {
	t.Helper()
	e, err := job.OpenEnded(path, now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
