package fleet

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Tasks keeps tasks for people; workers use Store.Update with the rules of
// task.go.
type Tasks struct {
	Store Store
}

// Find finds a task by id on any host.
func (ts *Tasks) Find(ctx context.Context, id TaskID) (Task, error) {
	hosts, err := hostsOf(ctx, ts.Store)
	if err != nil {
		return Task{}, err
	}
	rows, recs := make([]Task, len(hosts)), make([]Record, len(hosts))
	for i, h := range hosts {
		rows[i] = Task{ID: id, Host: h}
		recs[i] = &rows[i]
	}
	found, err := ts.Store.Read(ctx, recs...)
	if err != nil {
		return Task{}, err
	}
	if i := slices.Index(found, true); i >= 0 {
		return rows[i], nil
	}
	return Task{}, Errorf(NotFound, "There is no task %s.", clip(string(id), 40)).WithHint("See those there are: %s tasks", Slash)
}

// List lists a host's tasks, newest first; of all hosts when host is empty.
// Limit 0 means 50.
func (ts *Tasks) List(ctx context.Context, host HostName, onlyOpen bool, limit int) ([]Task, error) {
	if limit <= 0 {
		limit = 50
	}
	hosts := []HostName{host}
	if host == "" {
		var err error
		if hosts, err = hostsOf(ctx, ts.Store); err != nil {
			return nil, err
		}
	}
	var out []Task
	for _, h := range hosts {
		ixs := []Index{TasksOf(h)}
		if onlyOpen {
			ixs = []Index{TasksDue(h), TasksHeld(h)}
		}
		for _, ix := range ixs {
			ids, err := ts.Store.List(ctx, ix, Page{Descending: true, Limit: limit})
			if err != nil {
				return nil, err
			}
			rows, err := readRows(ctx, ts.Store, ids, taskRowOf(h))
			if err != nil {
				return nil, err
			}
			out = append(out, rows...)
		}
	}
	slices.SortStableFunc(out, func(a, b Task) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(limit, len(out))], nil
}

// Order creates a task; creating it again changes nothing.
func (ts *Tasks) Order(ctx context.Context, t Task) error {
	return ts.Store.Update(ctx, HostFamily(t.Host), func(tx Tx) error {
		have := Task{ID: t.ID, Host: t.Host}
		found, err := tx.Get(&have)
		if err != nil || found {
			return err
		}
		next := t
		if next.State == "" {
			next.State = TaskQueued
		}
		if next.Created.IsZero() {
			next.Created = tx.Now()
		}
		tx.Put(&next)
		tx.Emit(Effect{Audit: next.Audited("task.ordered", tx.Now())})
		return nil
	})
}

// Audited is the event that records what happened to a task, by who ordered it.
func (t Task) Audited(what string, now time.Time) *AuditEvent {
	e := AuditEvent{At: now, Who: t.By, What: what, About: t.About,
		Detail: map[string]string{"task": string(t.ID), "kind": string(t.Kind), "host": string(t.Host)}}
	if t.Plan != "" {
		e.Detail["plan"] = string(t.Plan)
	}
	if t.Reason != "" {
		e.Detail["reason"] = Clean(t.Reason, 300)
	}
	return &e
}

// Cancel cancels a queued task, or asks a running one to stop where that is
// safe.
func (ts *Tasks) Cancel(ctx context.Context, id TaskID, who Actor) (Task, error) {
	return ts.change(ctx, id, func(tx Tx, t Task) (Task, error) {
		next, err := CancelTask(t, who)
		if err == nil && next.State == TaskCancelled {
			next.Ended = tx.Now()
			tx.Emit(Effect{Withdraw: &TaskRef{Host: t.Host, ID: t.ID}}) // its host remembers that it is over
		}
		if err == nil {
			tx.Emit(audited(tx, who, "task.cancelled", string(id), "about", t.About))
		}
		return next, err
	})
}

// Answer answers a held task; its worker is woken.
func (ts *Tasks) Answer(ctx context.Context, id TaskID, a AnswerToHeld, who Actor) (Task, error) {
	if a != RunAgain && a != SkipStep && a != GiveUp && a != LooksRight {
		return Task{}, Errorf(Invalid, "%q is no answer to a held task.", Clean(string(a), 40))
	}
	return ts.change(ctx, id, func(tx Tx, t Task) (Task, error) {
		next, err := AnswerTask(t, a, tx.Now())
		tx.Emit(audited(tx, who, "task.answered", string(id), "answer", string(a), "about", t.About))
		if err == nil {
			Last(tx, Lasting{})
			woken := next
			tx.Emit(Effect{Task: &woken})
		}
		return next, err
	})
}

// change applies a rule to a task and shows what came of it.
func (ts *Tasks) change(ctx context.Context, id TaskID, rule func(Tx, Task) (Task, error)) (Task, error) {
	found, err := ts.Find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	var out Task
	err = ts.Store.Update(ctx, HostFamily(found.Host), func(tx Tx) error {
		t := Task{ID: id, Host: found.Host}
		if err := must(tx, &t, "task "+string(id)); err != nil {
			return err
		}
		if out, err = rule(tx, t); err != nil {
			return err
		}
		tx.Put(&out)
		tx.Emit(edited(SubjectOf(AboutTask, string(id))))
		if t.Shows != "" {
			tx.Emit(edited(t.Shows))
		}
		if t.Plan != "" {
			tx.Emit(Effect{Advance: t.Plan})
		}
		return nil
	})
	return out, err
}

// Take gives what a step of a finished task kept under a key, and removes it
// from the journal: an address that logs somebody in is for one person's eyes.
// "" when somebody else was faster.
func (ts *Tasks) Take(ctx context.Context, ref TaskRef, step, key string) (string, error) {
	var out string
	err := ts.Store.Update(ctx, HostFamily(ref.Host), func(tx Tx) error {
		t := Task{ID: ref.ID, Host: ref.Host}
		if err := must(tx, &t, "task "+string(ref.ID)); err != nil {
			return err
		}
		out = ""
		t.Steps = slices.Clone(t.Steps)
		for i, r := range t.Steps {
			if r.Name != step || r.Result[key] == "" {
				continue
			}
			out = r.Result[key]
			t.Steps[i].Result = nil
			tx.Put(&t)
		}
		return nil
	})
	return out, err
}
