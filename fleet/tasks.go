package fleet

import (
	"context"
)

// Tasks keeps tasks for people; workers use Store.Update with the rules of task.go.
type Tasks struct {
	Store Store
}

// Find finds a task by id on any host.
func (ts *Tasks) Find(ctx context.Context, id TaskID) (Task, error) {
	panic("unwritten")
}

// List lists a host's tasks, newest first; of all hosts when host is empty.
func (ts *Tasks) List(ctx context.Context, host HostName, onlyOpen bool, limit int) ([]Task, error) {
	panic("unwritten")
}

// Order creates a task; creating it again changes nothing.
func (ts *Tasks) Order(ctx context.Context, t Task) error {
	panic("unwritten")
}

// Cancel cancels a queued task, or asks a running one to stop where that is safe.
func (ts *Tasks) Cancel(ctx context.Context, id TaskID, who Actor) (Task, error) {
	panic("unwritten")
}

// Answer answers a held task.
func (ts *Tasks) Answer(ctx context.Context, id TaskID, a AnswerToHeld, who Actor) (Task, error) {
	panic("unwritten")
}
