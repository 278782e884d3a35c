package fleet

import "time"

// LongestLease is longer than any worker's lease of a task or a site.
const LongestLease = 10 * time.Minute

// setBack reports whether a lease ends later than any that was given out by the
// clock as it is now can: the storage's clock was set back since. Whoever is alive
// renews it within a third of its length; so it is a dead one's, or soon is right
// again, and fences refuse whoever loses it.
func setBack(lease, now time.Time) bool { return lease.After(now.Add(LongestLease)) }

// Stranded reports whether a task is worked on under such a lease.
func (t Task) Stranded(now time.Time) bool { return t.State == TaskRunning && setBack(t.Lease, now) }

// Due reports whether somebody may claim t, as far as time goes.
func (t Task) Due(now time.Time) bool {
	if t.State == TaskRunning {
		return !now.Before(t.Lease) || t.Stranded(now)
	}
	return t.State == TaskQueued && !now.Before(t.NotUntil)
}
