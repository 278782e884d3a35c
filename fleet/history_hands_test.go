package fleet_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A hand is a worker at a task. Several may believe that a task is theirs.
type hand struct {
	ref   fleet.TaskRef
	fence int64 // of the task
	site  int64 // fence of its site, once it has the lock
	from  shownSite
	busy  bool // it is at work just now
}

const (
	taskLease = 15 * time.Second
	siteLease = time.Minute
)

// journal changes a task by a rule, as workers do.
func (h *history) journal(ref fleet.TaskRef, rule func(t fleet.Task, now time.Time) (fleet.Task, error)) error {
	return h.mem.Update(h.ctx, fleet.HostFamily(ref.Host), func(tx fleet.Tx) error {
		t := fleet.Task{ID: ref.ID, Host: ref.Host}
		if found, err := tx.Get(&t); err != nil || !found {
			return fleet.Errorf(fleet.Stale, "gone (%v)", err)
		}
		next, err := rule(t, tx.Now())
		if err != nil {
			return err
		}
		tx.Put(&next)
		if next.State != fleet.TaskRunning && next.Plan != "" {
			tx.Emit(fleet.Effect{Advance: next.Plan})
		}
		return nil
	})
}

// grab lets a worker claim a task that it may claim.
func (h *history) grab() {
	open := h.open()
	if len(open) == 0 {
		return
	}
	t := one(h, open...)
	err := h.journal(t.Ref(), func(now fleet.Task, at time.Time) (fleet.Task, error) {
		next, err := fleet.ClaimTask(now, fleet.Claim{Owner: "worker", Lease: taskLease}, at)
		if err == nil && len(next.Steps) == 0 {
			next.Steps = []fleet.StepRecord{{Name: "preflight", State: fleet.StepWaiting}, {Name: "record", State: fleet.StepWaiting}}
		}
		t = next // as the story tells it
		return next, err
	})
	h.wentWrong("claim", err)
	h.say("a worker claims %s of %s: %v", t.Kind, t.About, err)
	if err == nil {
		now := h.task(t.Ref())
		h.hands = append(h.hands, &hand{ref: t.Ref(), fence: now.Fence})
	}
}

// open gives the tasks of plans that are not over.
func (h *history) open() []fleet.Task {
	open, err := h.tasks.List(h.ctx, "", true, 1000)
	h.wentWrong("list tasks", err)
	return slices.DeleteFunc(open, func(t fleet.Task) bool { return t.Plan == "" })
}

func (h *history) task(ref fleet.TaskRef) fleet.Task {
	t := fleet.Task{ID: ref.ID, Host: ref.Host}
	_, err := h.mem.Read(h.ctx, &t)
	h.wentWrong("read task", err)
	return t
}

// work lets one worker do what is next.
func (h *history) work() {
	if len(h.hands) == 0 {
		h.grab()
		return
	}
	w := one(h, h.hands...)
	if w.busy {
		return
	}
	w.busy = true
	over := true // also if it dies
	defer func() {
		w.busy = false
		if over {
			h.hands = slices.DeleteFunc(h.hands, func(o *hand) bool { return o == w })
		}
	}()
	t := h.task(w.ref)
	switch {
	case h.r.IntN(12) == 0:
		h.say("the worker of %s dies", t.ID)
	case t.Kind == fleet.TaskInspect:
		h.inspect(w, t)
	default:
		over = h.carryOut(w, t)
	}
}

// close makes a task's last entry.
func (h *history) close(w *hand, to fleet.TaskState, reason string) {
	err := h.journal(w.ref, func(t fleet.Task, now time.Time) (fleet.Task, error) {
		return fleet.EndTask(t, w.fence, to, reason, now)
	})
	h.wentWrong("end task", err)
	h.say("task %s is %s: %v", w.ref.ID, to, err)
}

// step makes an entry about a step; false if the task is somebody else's.
func (h *history) step(w *hand, name string, to fleet.StepState, result map[string]string) bool {
	err := h.journal(w.ref, func(t fleet.Task, now time.Time) (fleet.Task, error) {
		return fleet.JournalStep(t, fleet.StepChange{Fence: w.fence, Step: name, To: to, Result: result}, now)
	})
	h.wentWrong("journal", err)
	return err == nil
}

// inspect reads the facts of sites, or some of them.
func (h *history) inspect(w *hand, t fleet.Task) {
	if h.r.IntN(10) == 0 {
		h.close(w, fleet.TaskFailed, "The disk is full.")
		return
	}
	for _, u := range t.Sites {
		err := h.mem.Update(h.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			s, f := fleet.Site{URI: u}, fleet.SiteFacts{URI: u}
			if found, err := tx.Get(&s); err != nil || !found {
				return err
			}
			if _, err := tx.Get(&f); err != nil {
				return err
			}
			f = fleet.SiteFacts{URI: u, Generation: s.Generation, Enabled: []string{"example/guestbook"}, At: tx.Now()}
			tx.Put(&f)
			return nil
		})
		h.wentWrong("facts", err)
	}
	h.close(w, fleet.TaskDone, "")
}

// carryOut does the next step of a migration or rollback and reports whether the
// worker has let go of it.
func (h *history) carryOut(w *hand, t fleet.Task) (over bool) {
	pre, _ := t.Step("preflight")
	switch {
	case pre.State != fleet.StepDone:
		return h.preflight(w, t)
	case w.site == 0:
		return h.again(w, t, pre)
	}
	if h.r.IntN(5) == 0 {
		return h.fails(w, t)
	}
	if !h.step(w, "record", fleet.StepStarted, nil) {
		return true
	}
	before := h.siteNow(fleet.URI(t.About))
	m := fleet.SiteMove{URI: before.URI, Task: t.ID, Fence: w.site, Platform: fleet.PlatformName(t.Params[fleet.ParamPlatform]),
		Generation: w.from.generation + 1, Previous: w.from.generation, From: w.from.from}
	if t.Kind == fleet.TaskRollback {
		m.Pinned = "rolled back"
	}
	_, err := h.sites.Move(h.ctx, m)
	h.wentWrong("move", err)
	h.say("task %s moves %s to %s: %v", t.ID, t.About, m.Platform, err)
	if err != nil {
		h.close(w, fleet.TaskHeld, "It could not go on.")
		return true
	}
	if before.Lock.Task != "" { // else it was moved already
		h.ledger.moves(t, before, w.from)
	}
	if h.step(w, "record", fleet.StepDone, nil) {
		h.close(w, fleet.TaskDone, "")
	}
	return true
}

// preflight takes the site's lock, as the recipes do.
func (h *history) preflight(w *hand, t fleet.Task) (over bool) {
	if !h.step(w, "preflight", fleet.StepStarted, nil) {
		return true
	}
	generation, _ := strconv.ParseInt(t.Params[fleet.ParamGeneration], 10, 64)
	rules, _ := strconv.ParseInt(t.Params[fleet.ParamRules], 10, 64)
	c := fleet.SiteClaim{URI: fleet.URI(t.About), Task: t.ID, Claim: w.fence, Lease: siteLease, Plan: t.Plan, Generation: generation, Platform: fleet.PlatformName(t.Params[fleet.ParamFrom])}
	if t.Kind == fleet.TaskMigrate {
		c.Target, c.Rules = fleet.PlatformName(t.Params[fleet.ParamTarget]), rules
		c.Begins, c.Free = true, t.Params[fleet.ParamFree]
	}
	before, d := h.siteNow(c.URI), h.dist()
	s, err := h.sites.Claim(h.ctx, h.wrong.claim(c))
	h.wentWrong("claim site", err)
	h.say("task %s takes %s: %v", t.ID, c.URI, err)
	switch {
	case fleet.CodeOf(err) == fleet.Conflict, fleet.CodeOf(err) == fleet.Held:
		return false // it waits
	case err != nil:
		if h.step(w, "preflight", fleet.StepFailed, nil) {
			h.close(w, fleet.TaskFailed, "refused")
		}
		return true
	}
	if before.Lock.Task != t.ID { // else it has begun before, and its worker died before it said so
		h.ledger.begins(h, t, before, d)
	}
	w.site, w.from = s.Lock.Fence, shownSite{from: s.Platform, generation: s.Generation}
	return !h.step(w, "preflight", fleet.StepDone, map[string]string{"from": string(s.Platform), "generation": fmt.Sprint(s.Generation)})
}

// again takes the lock anew for a task that somebody else had begun.
func (h *history) again(w *hand, t fleet.Task, pre fleet.StepRecord) (over bool) {
	s, err := h.sites.Claim(h.ctx, fleet.SiteClaim{URI: fleet.URI(t.About), Task: t.ID, Claim: w.fence, Lease: siteLease})
	h.wentWrong("claim site again", err)
	h.say("task %s takes %s again: %v", t.ID, t.About, err)
	if err != nil {
		h.close(w, fleet.TaskHeld, "The site is another's.")
		return true
	}
	generation, _ := strconv.ParseInt(pre.Result["generation"], 10, 64)
	w.site, w.from = s.Lock.Fence, shownSite{from: fleet.PlatformName(pre.Result["from"]), generation: generation}
	return false
}

// fails ends a task that has begun, in one of the ways there are.
func (h *history) fails(w *hand, t fleet.Task) (over bool) {
	if h.r.IntN(2) == 0 {
		h.close(w, fleet.TaskHeld, "Nobody can tell.")
		return true
	}
	before := h.siteNow(fleet.URI(t.About))
	m := fleet.SiteMove{URI: before.URI, Task: t.ID, Fence: w.site, Platform: w.from.from, Generation: w.from.generation, Pinned: "its update failed"}
	if before.Generation == m.Generation { // its way back is as it was
		m.Previous, m.From = before.Previous, before.From
	}
	_, err := h.sites.Move(h.ctx, m)
	h.wentWrong("back", err)
	h.say("task %s fails and brings %s back: %v", t.ID, t.About, err)
	if err == nil && before.Lock.Task != "" {
		h.ledger.moves(t, before, w.from)
	}
	h.close(w, fleet.TaskFailed, "The check failed.")
	return true
}

func (h *history) siteNow(u fleet.URI) fleet.Site {
	s := fleet.Site{URI: u}
	_, err := h.mem.Read(h.ctx, &s)
	h.wentWrong("read site", err)
	return s
}

func (h *history) dist() fleet.Distribution {
	d := fleet.Distribution{Name: "atrium"}
	_, err := h.mem.Read(h.ctx, &d)
	h.wentWrong("read distribution", err)
	return d
}
