package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// follow lets a task that was ordered show its progress in the channel. The
// notice goes through the catalogue's outbox, behind the effect that creates
// the task, so that there is a task to show when it arrives.
func (t *Table) follow(ctx context.Context, task fleet.Task, channel string) error {
	return t.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		tx.Emit(fleet.Effect{Notice: &fleet.Notice{Subject: fleet.SubjectOf(fleet.AboutTask, string(task.ID)), Channel: channel}})
		return nil
	})
}
