package fleet

import (
	"context"
	"time"
)

// News turns head moves into announcements.
type News struct {
	Store Store
}

// Heard moves the distribution's cursor to a head and, in the same commit, makes or amends its announcement. It reports whether the head moved. A first reading announces nothing unless Fresh is set on the cursor's absence by the policy below: the first head of a new distribution is built, not announced.
func (n *News) Heard(ctx context.Context, h Head) (bool, error) {
	panic("unwritten")
}

// Failing counts a failed poll; after three in a row the channel is told once.
func (n *News) Failing(ctx context.Context, d DistName, reason string) error {
	panic("unwritten")
}

// Snooze hides an announcement's buttons until a time, then shows it again.
func (n *News) Snooze(ctx context.Context, id string, until time.Time, who Actor) (Announcement, error) {
	panic("unwritten")
}

// Wake opens snoozed announcements whose time has come; returns how many.
func (n *News) Wake(ctx context.Context) (int, error) {
	panic("unwritten")
}
