package fleet

import "time"

// HandBack is the rule by which a worker that ends gives its task up between
// two steps: the lease ends now, so that others may claim it at once. A step
// that was cut short stays started and is unknown to the next claimer. Errors:
// Stale when the task is no longer the worker's.
func HandBack(t Task, fence int64, now time.Time) (Task, error) {
	if err := t.mine(fence); err != nil {
		return t, err
	}
	t.Lease = now
	return t, nil
}
