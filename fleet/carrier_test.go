package fleet_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// emit commits effects and nothing else.
func (w *world) emit(fam fleet.Family, e ...fleet.Effect) {
	w.t.Helper()
	w.ok(w.store.Update(w.ctx, fam, func(tx fleet.Tx) error { tx.Emit(e...); return nil }))
}

func (w *world) post(s fleet.Subject, channel string) (fleet.Post, bool) {
	w.t.Helper()
	p := fleet.Post{Subject: s, Channel: channel}
	found, err := w.store.Read(w.ctx, &p)
	w.ok(err)
	return p, found[0]
}

func notice(n fleet.Notice) fleet.Effect { return fleet.Effect{Notice: &n} }

func TestNoticesBecomePosts(t *testing.T) {
	w := newWorld(t)
	w.carrier.Resolve = func(_ context.Context, name string) (string, error) {
		if name == "gone" {
			return "", fleet.Errorf(fleet.NotFound, "There is no channel gone.")
		}
		return "C-" + name, nil
	}
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	w.emit(fleet.Catalogue,
		notice(fleet.Notice{Subject: "plan:1"}),
		notice(fleet.Notice{Subject: "plan:1", Channel: "team"}),
		notice(fleet.Notice{Subject: "plan:1", Edit: true}),
		notice(fleet.Notice{Subject: "plan:2", Edit: true}),
		notice(fleet.Notice{Subject: "plan:3", Channel: "team", Edit: true}),
		notice(fleet.Notice{Subject: "planlog:1/0", Channel: "team", Parent: "plan:1"}),
		notice(fleet.Notice{Subject: "news:later", Channel: "team", At: later}),
		notice(fleet.Notice{Subject: "news:lost", Channel: "gone"}),
	)
	w.carry()
	for channel, wanted := range map[string]int64{"C-C0MAIN": 2, "C-team": 2} {
		if p, found := w.post("plan:1", channel); !found || p.Wanted != wanted || p.State != fleet.PostDue || p.Due.IsZero() {
			t.Errorf("%s: %v %+v", channel, found, p)
		}
	}
	if _, found := w.post("plan:3", "C-team"); found {
		t.Error("an edit made a post")
	}
	if p, _ := w.post("planlog:1/0", "C-team"); p.Parent != "plan:1" {
		t.Errorf("%+v", p)
	}
	if p, _ := w.post("news:later", "C-team"); !p.Due.Equal(later) {
		t.Errorf("%+v", p)
	}
	if _, found := w.post("news:lost", "C-C0MAIN"); !found {
		t.Error("what was for a channel that is gone was not posted to the default one")
	}
}

func TestTasksAreCreatedOnceAndWakeTheirWorker(t *testing.T) {
	w := newWorld(t)
	var woken []fleet.TaskRef
	w.carrier.Woken = func(r fleet.TaskRef, urgent bool, _ time.Time) {
		if urgent {
			woken = append(woken, r)
		}
	}
	task := fleet.Task{ID: "t1", Host: "local", Kind: fleet.TaskVerify, Urgent: true}
	w.emit(fleet.Catalogue, fleet.Effect{Task: &task}, fleet.Effect{Task: &task})
	w.carry()
	got, err := w.tasks.Find(w.ctx, "t1")
	w.ok(err)
	if got.State != fleet.TaskQueued || got.Created.IsZero() || len(woken) != 2 {
		t.Errorf("%+v, woken %v", got, woken)
	}
}

func TestEffectThatFailsHoldsUpOnlyItsOwnSubject(t *testing.T) {
	w := newWorld(t)
	broken, failures := true, 0
	w.carrier.Failed = func(fleet.PendingEffect, error) { failures++ }
	w.carrier.Resolve = func(_ context.Context, name string) (string, error) {
		if name == "bad" && broken {
			return "", errors.New("socket closed")
		}
		return name, nil
	}
	w.emit(fleet.Catalogue,
		notice(fleet.Notice{Subject: "news:1", Channel: "bad"}),
		notice(fleet.Notice{Subject: "news:1", Channel: "good"}),
		notice(fleet.Notice{Subject: "news:2", Channel: "good"}),
	)
	w.carry()
	if _, found := w.post("news:2", "good"); !found {
		t.Error("another subject was held up")
	}
	if _, found := w.post("news:1", "good"); found {
		t.Error("the order within a subject was lost")
	}
	broken = false
	w.carry()
	for _, channel := range []string{"bad", "good"} {
		if _, found := w.post("news:1", channel); !found {
			t.Errorf("nothing was posted to %s after all", channel)
		}
	}
	if failures == 0 {
		t.Error("the failure was not reported")
	}
}

func TestEffectThatNeverWorksBecomesAnAlarm(t *testing.T) {
	w := newWorld(t)
	w.carrier.Failed = nil
	w.carrier.Resolve = func(_ context.Context, name string) (string, error) {
		if name == "bad" {
			return "", errors.New("a fault of ours")
		}
		return name, nil
	}
	w.emit(fleet.Schedules, notice(fleet.Notice{Subject: "digest:1", Channel: "bad"}))
	for range 60 {
		w.carry()
	}
	left, err := w.store.Pending(w.ctx, fleet.Schedules, 10)
	w.ok(err)
	due, err := w.store.List(w.ctx, fleet.PostsDue, fleet.Page{})
	w.ok(err)
	if len(left) != 0 || len(due) != 1 || fleet.Subject(due[0]).Kind() != fleet.AboutAlarm {
		t.Errorf("%d effects left, posts %v", len(left), due)
	}
}

func TestHintsAboutWhatIsGoneAreCarried(t *testing.T) {
	w := newWorld(t)
	w.emit(fleet.Catalogue, fleet.Effect{Advance: "nothing"}, fleet.Effect{Review: "nothing"}, fleet.Effect{Offer: "nothing"})
	w.carry()
	if left, err := w.store.Pending(w.ctx, fleet.Catalogue, 10); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
}
