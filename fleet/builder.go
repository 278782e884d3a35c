package fleet

import (
	"context"
)

// Builder orders builds and records their results.
type Builder struct {
	Store   Store
	Default HostName      // where platforms are built when no site says otherwise
	ID      func() string // makes ULIDs in lower case
}

// Build records a queued platform and orders its build tasks. The announcement it came from is marked. A build of the same commit under way is returned instead of a second one.
func (b *Builder) Build(ctx context.Context, o BuildOrder) (Platform, error) {
	panic("unwritten")
}

// Begin marks a platform as building or verifying.
func (b *Builder) Begin(ctx context.Context, p PlatformName, s PlatformState) error {
	panic("unwritten")
}

// Record records one host's finished build; when all hosts have it with the same digest, the platform is ready, the target moves if the policy says so, and an Offer follows.
func (b *Builder) Record(ctx context.Context, r BuildResult) (Platform, error) {
	panic("unwritten")
}

// Fail records a failed build with a reason for people; the announcement shows it with a Build button.
func (b *Builder) Fail(ctx context.Context, p PlatformName, host HostName, reason string) error {
	panic("unwritten")
}

// Retire orders the deletion of a platform's trees; refused while it has sites or is a target.
func (b *Builder) Retire(ctx context.Context, p PlatformName, who Actor) (Task, error) {
	panic("unwritten")
}

// Retired records that a host's tree is gone.
func (b *Builder) Retired(ctx context.Context, p PlatformName, host HostName) error {
	panic("unwritten")
}
