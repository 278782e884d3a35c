package fleet

import (
	"context"
	"time"
)

// This file holds what the services need from packages above; each service is
// in a file of its own.

// A Prober reads a distribution's repository now. The watcher implements it.
type Prober interface {
	// Resolve finds what a short branch or tag name points to; "" means the
	// best match of what d tracks. Errors are *Error: NotFound, Invalid (a URL
	// that may not be used), Later (it cannot be reached now).
	Resolve(ctx context.Context, d Distribution, name string) (Ref, error)
}

// A Clockwork computes when a schedule fires. The watcher implements it.
type Clockwork interface {
	// Next gives the first firing after a moment, in the zone; an Error of
	// code Invalid if the five fields or the zone are wrong, or never fire.
	Next(spec, zone string, after time.Time) (time.Time, error)
}

// A Head is what a poll of a repository showed for one distribution.
type Head struct {
	Distribution DistName
	Rules        int64             // of the distribution that was read; a poll under older rules changes nothing
	Ref          Ref               // the best tag, or the branch; zero when nothing matches
	Tags         map[string]string // matching tags and their commits
	Since        string            // commit that Commits and Total count from; "" is the cursor's head
	Commits      []Commit          // between Since and Ref, newest first
	Total        int               // how many there are; -1 unknown
	Rewritten    bool              // Ref is a branch whose old head is no ancestor
	Web          string            // a page that compares the two
	Others       []string          // other new versions
	Hook         bool              // a webhook led to this poll
	Note         string            // what the tag itself, or its release, says; foreign text
	Released     bool              // Note is of the release that the forge shows
	Page         string            // of the release, https only
	Security     bool              // the tag or its release says that it mends a security hole
	Locks        []LockChange      // what changed in locks and makefiles since Since
}

// A Proposal says for whom a plan is proposed.
type Proposal struct {
	Kind     PlanKind
	Scope    Scope
	To       PlatformName // required for Migrate; otherwise found by the rules
	By       Actor
	Channel  string
	Replaces PlanID // the plan this one takes the place of
	Because  string // what has changed since that one, one sentence
	Unpin    bool   // pinned sites are unpinned if the proposal stands, not left out
}

// A BuildOrder asks for a platform.
type BuildOrder struct {
	Distribution DistName
	Ref          Ref    // resolved; Commit is required
	News         string // the announcement it was pressed on, if any
	Refresh      string // the offer of newer packages it was pressed on, if any; it says ref and lock
	By           Actor
	Channel      string
	Hosts        []HostName // empty: the hosts of the distribution's sites, or the default host
	Quiet        bool       // nothing is posted: whoever orders it tells what came of it
}

// A BuildResult is what a build task found on one host.
type BuildResult struct {
	Platform   PlatformName
	Host       HostName
	Path       string
	TreeDigest string
	LockDigest string
	Facts      PlatformFacts
	Kind       KindName // found in the tree; it is the platform's if that was ordered as AutoKind
	Took       time.Duration
}

// A SiteClaim takes a site's lock for a task.
type SiteClaim struct {
	URI        URI
	Task       TaskID
	Claim      int64 // the fence of the task under which this is asked
	Lease      time.Duration
	Generation int64        // the site must still have it; 0 does not ask
	Platform   PlatformName // the site must still be on it; "" does not ask
	Plan       PlanID       // for an upgrade: target and rules must be the plan's
	Target     PlatformName // the distribution's target must still be this; "" asks that it have none, if Rules is set
	Rules      int64        // and its policy revision; 0 does not ask
	Free       string       // the site must have this tag, which stands for a vote; "" does not ask
	Begins     bool         // it begins a move: freezes and closed windows hold it back
}

// A SiteMove records where a task has brought a site.
type SiteMove struct {
	URI        URI
	Task       TaskID
	Fence      int64 // of the site's lock
	Platform   PlatformName
	Generation int64
	Previous   int64 // generation kept for a way back, 0 for none
	From       PlatformName
	KeptUntil  time.Time
	Pinned     string // "" leaves it unpinned
	Database   string // as Site.Database; "" leaves it as it is
	Keep       bool   // keep the lock (more steps follow)
}
