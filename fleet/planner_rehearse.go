package fleet

import (
	"context"
	"fmt"
	"strings"
)

// MaxTrials is how many sites of a plan are rehearsed by one wish: the first
// ones, which are also moved first.
const MaxTrials = 10

// Rehearse orders rehearsals of a proposed plan's sites, the first MaxTrials of
// them, and gives the tasks. Asking again while they are under way orders
// nothing new.
func (pl *Planner) Rehearse(ctx context.Context, id PlanID, who Actor) ([]Task, error) {
	p := Plan{ID: id}
	if err := One(ctx, pl.Store, &p, "plan "+string(id)); err != nil {
		return nil, err
	}
	if p.State != PlanProposed || p.Kind == Rollback {
		return nil, Errorf(Refused, "Only what waits for a decision is rehearsed; this is %s.", p.State)
	}
	sites := moving(p)
	sites = sites[:min(len(sites), MaxTrials)]
	var tasks []Task
	err := pl.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		tasks = nil
		now := Plan{ID: id}
		if err := must(tx, &now, "plan "+string(id)); err != nil {
			return err
		}
		for i, s := range sites {
			t := Task{
				ID: TaskID(fmt.Sprintf("%s%d-%d", trialOf(id), now.Revision, i)), Kind: TaskRehearse, Host: s.Host, About: string(s.URI),
				Params: map[string]string{ParamPlatform: string(p.To)}, By: who, State: TaskQueued, Created: tx.Now(),
				Shows: SubjectOf(AboutPlan, string(id)), Urgent: len(sites) == 1,
			}
			tasks = append(tasks, t)
			tx.Emit(Effect{Task: &t})
		}
		tx.Emit(audited(tx, who, "plan.rehearsed", string(id), "sites", fmt.Sprint(len(tasks))))
		return nil
	})
	return tasks, err
}

// trialOf begins the ids of a plan's rehearsals.
func trialOf(id PlanID) string { return string(id) + "-t" }

// isTrial reports whether a task rehearses a plan. The plan's own tasks wait for
// it instead of leaving its site out.
func isTrial(id PlanID, t TaskID) bool { return strings.HasPrefix(string(t), trialOf(id)) }
