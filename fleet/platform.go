package fleet

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// PlatformName is derived by NameFor and is unique in the fleet.
type PlatformName string

// HostName names a machine with a worker; "local" is the worker inside serve.
type HostName string

// A Ref is a branch or tag as the repository lists it, with what it pointed
// to when it was read. Commit is always the peeled commit.
type Ref struct {
	Name    string `json:"name"`              // full: "refs/tags/1.2.0", "refs/heads/main"
	Hash    string `json:"hash"`              // as listed: of an annotated tag the tag object
	Commit  string `json:"commit"`            // 40 or 64 hexadecimal digits
	Version string `json:"version,omitempty"` // of a tag: its short name
}

// IsTag reports whether r is a tag.
func (r Ref) IsTag() bool { return strings.HasPrefix(r.Name, "refs/tags/") }

// Short is the name people use: "1.2.0", "main".
func (r Ref) Short() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.Name, "refs/tags/"), "refs/heads/")
}

// PlatformState is where a platform stands.
type PlatformState string

// The states. Moves: queued, building, verifying, then ready or failed; ready
// or failed, then retired.
const (
	PlatformQueued    PlatformState = "queued"
	PlatformBuilding  PlatformState = "building"
	PlatformVerifying PlatformState = "verifying"
	PlatformReady     PlatformState = "ready"
	PlatformFailed    PlatformState = "failed"
	PlatformRetired   PlatformState = "retired"
)

// A Platform is one built code base on one or more hosts. Once ready its trees
// are read-only and never change.
type Platform struct {
	Name         PlatformName          `json:"name"`
	Distribution DistName              `json:"dist,omitempty"` // empty: a platform on its own
	Kind         KindName              `json:"kind"`
	Source       Source                `json:"source,omitzero"` // how it was built
	URL          string                `json:"url,omitempty"`   // where from; empty for an adopted directory
	Ref          Ref                   `json:"ref"`
	LockDigest   string                `json:"lock,omitempty"` // sha256 of the lock file, "" without one
	TreeDigest   string                `json:"tree,omitempty"` // sha256 over paths, modes and contents; equal on every host
	State        PlatformState         `json:"state"`
	Reason       string                `json:"reason,omitempty"`  // why it failed, one sentence
	Locked       bool                  `json:"locked,omitempty"`  // no new sites and no new plans towards it
	Hosts        []HostName            `json:"hosts,omitempty"`   // where it was ordered; ready once each of them has it or failed
	Paths        map[HostName]string   `json:"paths,omitempty"`   // absolute directory on each host that has it
	Missing      map[HostName]string   `json:"missing,omitempty"` // why it could not be built on a host, where it is not offered
	Task         TaskID                `json:"task,omitempty"`    // the build under way, or the last
	Created      time.Time             `json:"created"`
	Ready        time.Time             `json:"ready,omitzero"`
	By           Actor                 `json:"by"`
	News         string                `json:"news,omitempty"`      // id of the announcement it was built from
	Took         map[HostName]Duration `json:"took,omitempty"`      // how long the build took
	Refresh      string                `json:"refresh,omitempty"`   // id of the Refresh it was ordered of
	Refreshed    string                `json:"refreshed,omitempty"` // sha256 of the refreshed lock it is built with; "" uses the committed one
	Seen         map[HostName]Seen     `json:"seen,omitempty"`      // what hosts' own systems said of it
}

// Duration is a time span in milliseconds in JSON.
type Duration int64

// Std gives the time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Millisecond }

// Key implements Record.
func (p *Platform) Key() Key { return Key{Catalogue, "plat", string(p.Name)} }

// Entries implements Record: all platforms by name, and those of the
// distribution by age.
func (p *Platform) Entries() []Entry {
	out := []Entry{{Index: AllPlatforms, Member: string(p.Name)}}
	if p.Distribution != "" {
		out = append(out, Entry{PlatformsOf(p.Distribution), string(p.Name), p.Created.UnixMilli()})
	}
	return out
}

// AllPlatforms lists platforms by name; PlatformsOf those of a distribution,
// oldest first; SitesOf the sites on a platform, by URI.
var AllPlatforms = Index{Catalogue, "plats"}

// PlatformsOf lists the platforms of a distribution, oldest first.
func PlatformsOf(d DistName) Index {
	return Index{Catalogue, "dist:" + fold(string(d)) + ":plats"}
}

// SitesOf lists the sites on a platform, by URI.
func SitesOf(p PlatformName) Index { return Index{Catalogue, "plat:" + string(p) + ":sites"} }

// Version is what people call the platform's version: the tag, or date and
// short commit of a branch.
func (p Platform) Version() string {
	if p.Ref.Version != "" {
		return p.Ref.Version
	}
	if p.Ref.Commit != "" {
		return p.Created.UTC().Format("20060102") + "-" + ShortCommit(p.Ref.Commit)
	}
	return string(p.Name)
}

// UpgradeTarget reports whether p is the target of its distribution.
func (p Platform) UpgradeTarget(d Distribution) bool {
	return p.Name != "" && d.Target == p.Name
}

// Accepts tells why no new site and no new plan may go to p; nil if they may.
// A running plan, a rollback and a restore do not ask.
func (p Platform) Accepts() error {
	switch {
	case p.State == PlatformReady && !p.Locked:
		return nil
	case p.State == PlatformReady:
		return Errorf(Refused, "Platform %s is locked.", p.Name).
			WithHint("Name the distribution %s instead to use its upgrade target, or unlock the platform: %s unlock %s", p.Distribution, Slash, p.Name)
	case p.State == PlatformFailed:
		return Errorf(Refused, "Platform %s failed to build.", p.Name).WithHint("Build it again first.")
	case p.State == PlatformRetired:
		return Errorf(Refused, "Platform %s is retired.", p.Name)
	}
	return Errorf(Refused, "Platform %s is still being built.", p.Name).WithHint("Try again when it is ready.")
}

// ShortCommit is the first seven digits of a commit.
func ShortCommit(c string) string {
	if len(c) > 7 {
		return c[:7]
	}
	return c
}

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// NameFor derives a platform's name: DIST-VERSION for a tag, DIST-DATE-SHA7
// for a branch, with -bN for the Nth build of the same.
func NameFor(d DistName, r Ref, built time.Time, nth int) PlatformName {
	v := r.Version
	if !r.IsTag() || v == "" {
		v = built.UTC().Format("20060102") + "-" + ShortCommit(r.Commit)
	}
	name := fmt.Sprintf("%s-%s", d, clip(unsafeInName.ReplaceAllString(v, "-"), 60))
	if nth > 1 {
		name += fmt.Sprintf("-b%d", nth)
	}
	return PlatformName(name)
}
