package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// openPlans reads every plan that is not final, over all families.
func openPlans(ctx context.Context, s Store) ([]Plan, error) {
	var out []Plan
	for _, fam := range PlanFamilies() {
		plans, err := listRows(ctx, s, OpenPlans(fam), planRow)
		if err != nil {
			return nil, err
		}
		out = append(out, plans...)
	}
	return out, nil
}

// slotName is the same for plans that ask the same: kind, scope and target.
func slotName(p Plan) string {
	scope, _ := json.Marshal(p.Scope)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", p.Kind, p.To, scope))
	return hex.EncodeToString(sum[:16])
}

// open puts a drafted plan into its family, once over any number of callers
// that draft the same at once: the plan's slot in the catalogue is taken first
// and names its id, and whoever finds the slot taken uses that id.
func (pl *Planner) open(ctx context.Context, draft Plan, v *survey) (Plan, error) {
	for range 10 {
		slot, have := Slot{Name: slotName(draft)}, Plan{}
		if _, err := pl.Store.Read(ctx, &slot); err != nil {
			return Plan{}, err
		}
		id, seen := slot.Plan, slot.Plan
		if seen != "" {
			have.ID = seen
			found, err := pl.Store.Read(ctx, &have)
			if err != nil {
				return Plan{}, err
			}
			if found[0] && have.State.Undecided() && pl.same(ctx, have, draft) {
				return have, nil
			}
			if found[0] {
				id = ""
			}
		}
		if id == "" {
			id = PlanID(idOr(pl.ID))
			if won, err := pl.take(ctx, slot.Name, seen, id); err != nil || !won {
				if err != nil {
					return Plan{}, err
				}
				continue
			}
		}
		draft.ID = id
		return pl.create(ctx, draft, v)
	}
	return Plan{}, Errorf(Conflict, "Others propose the same plan at this moment.").WithHint("Look for theirs.")
}

// same reports whether an undecided plan is still true and about the sites
// that a draft is about.
func (pl *Planner) same(ctx context.Context, have, draft Plan) bool {
	now, err := pl.Snapshot(ctx, have)
	if err != nil || FingerprintOf(now) != have.Fingerprint {
		return false
	}
	known := map[URI]bool{}
	for _, s := range have.Sites {
		known[s.URI] = true
	}
	for _, s := range moving(draft) {
		if !known[s.URI] {
			return false
		}
		delete(known, s.URI)
	}
	for _, s := range moving(have) {
		if known[s.URI] {
			return false
		}
	}
	return true
}

// take moves a slot from one plan to another; false when somebody was faster.
func (pl *Planner) take(ctx context.Context, name string, seen, id PlanID) (bool, error) {
	won := false
	err := pl.Store.Update(ctx, Catalogue, func(tx Tx) error {
		slot := Slot{Name: name}
		if _, err := tx.Get(&slot); err != nil {
			return err
		}
		if won = slot.Plan == seen; won {
			slot.Plan = id
			tx.Put(&slot)
		}
		return nil
	})
	return won, err
}

// create records a plan with its inspect tasks, unless it exists.
func (pl *Planner) create(ctx context.Context, draft Plan, v *survey) (Plan, error) {
	var out Plan
	err := pl.Store.Update(ctx, PlanFamily(draft.ID), func(tx Tx) error {
		out = Plan{ID: draft.ID}
		found, err := tx.Get(&out)
		if err != nil || found {
			return err
		}
		out = draft
		out.Created = tx.Now()
		out.Expires = out.Created.Add(expiry(v.dist))
		tasks := inspections(out)
		for i := range tasks {
			tasks[i].Created = out.Created
			out.Reads = append(out.Reads, tasks[i].Ref())
			tx.Emit(Effect{Task: &tasks[i]})
		}
		tx.Put(&out)
		tx.Emit(shown(SubjectOf(AboutPlan, string(out.ID)), out.Channel), Effect{Advance: out.ID},
			audited(tx, out.Requester, "plan.requested", string(out.ID), "title", out.Title))
		return nil
	})
	return out, err
}

// expiry is how long a plan of a distribution waits for a decision.
func expiry(d *Distribution) time.Duration {
	if d != nil && d.Policy.Expiry > 0 {
		return time.Duration(d.Policy.Expiry) * time.Hour
	}
	return DefaultExpiry * time.Hour
}

// inspections are the tasks that read the facts of a plan's sites, one a host.
// A rollback needs none: it returns to what was there.
func inspections(p Plan) []Task {
	if p.Kind == Rollback {
		return nil
	}
	at := map[HostName]int{}
	var out []Task
	for _, s := range moving(p) {
		i, ok := at[s.Host]
		if !ok {
			i = len(out)
			at[s.Host] = i
			out = append(out, Task{
				ID: TaskID(fmt.Sprintf("%s-r%d", p.ID, i)), Kind: TaskInspect, Host: s.Host, About: string(p.ID), Plan: p.ID,
				Params: map[string]string{ParamPlatform: string(p.To)}, Urgent: true, By: p.Requester, State: TaskQueued,
				Shows: SubjectOf(AboutPlan, string(p.ID)),
			})
		}
		out[i].Sites = append(out[i].Sites, s.URI)
	}
	return out
}

// supersede ends an undecided plan in favour of another, or of none.
func (pl *Planner) supersede(ctx context.Context, id, by PlanID, reason string) error {
	return pl.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		p := Plan{ID: id}
		found, err := tx.Get(&p)
		if err != nil || !found || !p.State.Undecided() {
			return err
		}
		p.State, p.Ended, p.Replacement, p.Reason = PlanSuperseded, tx.Now(), by, Clean(reason, 300)
		p.Revision++
		tx.Put(&p)
		tx.Emit(edited(SubjectOf(AboutPlan, string(id))),
			audited(tx, System("planner"), "plan.superseded", string(id), "by", string(by), "reason", p.Reason))
		return nil
	})
}
