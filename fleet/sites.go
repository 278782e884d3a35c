package fleet

import (
	"context"
	"time"
)

// Sites keeps sites, their locks and their moves. Workers call it.
type Sites struct {
	Store Store
}

// Create records a new site in state creating and orders its create task, on a platform, or on the target of a distribution.
func (ss *Sites) Create(ctx context.Context, n NewSite, who Actor) (Site, Task, error) {
	panic("unwritten")
}

// Adopt records a site that is live on a host already.
func (ss *Sites) Adopt(ctx context.Context, s Site, who Actor) (Site, error) {
	panic("unwritten")
}

// Remove orders the removal of a site; the row goes when the task ends (Removed).
func (ss *Sites) Remove(ctx context.Context, uri URI, who Actor) (Task, error) {
	panic("unwritten")
}

// Removed drops the row of a removed site, guarded by the fence.
func (ss *Sites) Removed(ctx context.Context, uri URI, fence int64) error {
	panic("unwritten")
}

// Claim takes the site's lock; it gives the site with its new fence. Refused with the reason when the site drifted.
func (ss *Sites) Claim(ctx context.Context, c SiteClaim) (Site, error) {
	panic("unwritten")
}

// Renew prolongs the lock's lease; Stale when the fence is not the site's.
func (ss *Sites) Renew(ctx context.Context, uri URI, fence int64, lease time.Duration) error {
	panic("unwritten")
}

// Move records where a site is now, under the fence, and releases the lock unless Keep. Calling it again with the same fence changes nothing.
func (ss *Sites) Move(ctx context.Context, m SiteMove) (Site, error) {
	panic("unwritten")
}

// Release gives the lock back, in state, under the fence.
func (ss *Sites) Release(ctx context.Context, uri URI, fence int64, state SiteState) error {
	panic("unwritten")
}

// Pin pins a site with a reason, or unpins it when the reason is empty.
func (ss *Sites) Pin(ctx context.Context, uri URI, reason string, who Actor) (Site, error) {
	panic("unwritten")
}

// Tag adds and removes tags.
func (ss *Sites) Tag(ctx context.Context, uri URI, add, remove []string, who Actor) (Site, error) {
	panic("unwritten")
}

// A NewSite asks for a site on a platform, or on the target of a distribution.
type NewSite struct {
	URI          URI
	Distribution DistName
	Platform     PlatformName // empty: the distribution's target
	Host         HostName     // empty: the platform's only host
	Tags         []string
	Channel      string
}
