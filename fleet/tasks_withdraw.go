package fleet

import (
	"context"
	"time"
)

// WithdrawTask is the rule by which a plan takes back a task that it ordered:
// one that nobody has claimed is cancelled, any other stays as it is.
func WithdrawTask(t Task, now time.Time) (Task, bool) {
	if t.State != TaskQueued || t.Claims > 0 || !t.Begun.IsZero() {
		return t, false
	}
	t.State, t.Withdrawn, t.Ended = TaskCancelled, true, now
	t.Reason = "Its plan took it back before it was begun."
	return t, true
}

// Withdraw takes back a task that nobody has begun; its plan is told. One that
// was begun, or is gone, is left alone.
func (ts *Tasks) Withdraw(ctx context.Context, ref TaskRef) error {
	return ts.Store.Update(ctx, HostFamily(ref.Host), func(tx Tx) error {
		t := Task{ID: ref.ID, Host: ref.Host}
		found, err := tx.Get(&t)
		if err != nil || !found {
			return err
		}
		next, changed := WithdrawTask(t, tx.Now())
		if !changed {
			return nil
		}
		tx.Put(&next)
		tx.Emit(Effect{Advance: t.Plan})
		return nil
	})
}
