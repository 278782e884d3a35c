package hosting

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// recordMove writes into the site's row what is true on the machine, gives the
// lock back, and deletes copies nobody can return to any more.
func (w *Worker) recordMove(ctx context.Context, s *job.Scope) error {
	return w.recordAs(ctx, s, "")
}

// recordRollback does the same, pins the site, and says what was left behind.
func (w *Worker) recordRollback(ctx context.Context, s *job.Scope) error {
	if c, err := w.old(ctx, s); err == nil {
		written, err := w.Backend.Written(ctx, c)
		if err != nil {
			s.Log("What was written since the move cannot be told: %v", err)
		}
		s.Keep(fleet.ResultLeft, written.Sentence())
	}
	return w.recordAs(ctx, s, rolledBack(s.Task))
}

// recordAs runs after visitors were let in: going back now could lose what they
// wrote, so a failure here is never answered by the way back.
func (w *Worker) recordAs(ctx context.Context, s *job.Scope, pinned string) error {
	c, err := w.next(ctx, s)
	if err == nil {
		if tidy := w.Backend.Tidy(ctx, c); tidy != nil {
			s.Log("Old copies could not be deleted: %s", Sentence(tidy))
		}
		err = w.recordCopy(ctx, s, c, pinned)
	}
	if err != nil {
		return inService(ctx, s, err)
	}
	return nil
}

func (w *Worker) recordCopy(ctx context.Context, s *job.Scope, c Copy, pinned string) error {
	m := fleet.SiteMove{
		URI: c.URI, Task: s.Task.ID, Fence: c.Fence, Platform: c.Platform, Generation: c.Generation, Pinned: pinned,
	}
	if len(c.Previous) > 0 {
		kept := c.Previous[0]
		m.Previous, m.From, m.KeptUntil = kept.Generation, kept.Platform, kept.Until
	}
	if r, err := w.Backend.Live(ctx, c.URI); err == nil {
		m.Database = r.Database.text()
	}
	if err := patient(ctx, func() error { _, err := w.Sites.Move(ctx, m); return err }); err != nil {
		return err
	}
	w.forget(s)
	return nil
}

// alarm tells people of a site that went worse and cannot go back by itself.
func (w *Worker) alarm(ctx context.Context, s *job.Scope, c Copy, bad error) error {
	return w.raise(ctx, s, fleet.Alarm{
		ID: "worse/" + string(s.Task.ID), Title: fmt.Sprintf("%s is worse since its move", c.URI),
		Text: fmt.Sprintf("%s It runs on %s. Visitors have written to it since the move; a roll back returns to the copy of %s and loses what they wrote.",
			Sentence(bad), c.Platform, since(s)),
		Tone: fleet.Bad, About: string(c.URI), Channel: s.Task.Channel,
		Buttons: []fleet.Button{{
			Action: fleet.ActRollback, Label: "Roll back", Style: fleet.Danger, Value: fmt.Sprintf("%s|%d", c.URI, c.Generation),
		}},
	})
}

// raise records an alarm once and shows it with the task.
func (w *Worker) raise(ctx context.Context, s *job.Scope, a fleet.Alarm) error {
	rule := func(tx fleet.Tx) error {
		found, err := tx.Get(&fleet.Alarm{ID: a.ID})
		if err != nil || found {
			return err
		}
		a.At = tx.Now()
		tx.Put(&a)
		tx.Emit(fleet.Effect{Notice: &fleet.Notice{Subject: fleet.SubjectOf(fleet.AboutAlarm, a.ID), Channel: s.Task.Channel, Parent: s.Task.Shows}})
		return nil
	}
	return patient(ctx, func() error { return w.Store.Update(ctx, fleet.Catalogue, rule) })
}

// since says when the copy was taken.
func since(s *job.Scope) string {
	at, err := time.Parse(time.RFC3339Nano, s.Value(stepHold, "at"))
	if err != nil {
		return "before"
	}
	return fleet.Moment(at)
}
