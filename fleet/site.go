package fleet

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// URI is a site's address without scheme: host name, optional port and path,
// lower case: "shop.example.org", "localhost:8080", "example.org/shop".
type URI string

// SiteState is where a site stands.
type SiteState string

// The states. A site is moving while a task holds its lock.
const (
	SiteCreating SiteState = "creating"
	SiteLive     SiteState = "live"
	SiteMoving   SiteState = "moving"
	SiteFailed   SiteState = "failed" // creation failed; nothing serves
)

// A Site is one website that runs on exactly one platform at a time. Only a
// confirmed Plan moves it, which raises its generation and never its URI.
type Site struct {
	URI        URI
	ID         string // ULID, for ever; directories and database users are named by it
	Aliases    []string
	Tags       []string
	Platform   PlatformName
	Host       HostName
	Kind       KindName
	Database   string // "engine/name/user", without secrets; "" without a database
	Generation int64  // raised by each move, a rollback too
	Previous   int64  // the generation a rollback returns to; 0 if there is none
	From       PlatformName
	KeptUntil  time.Time // when the previous generation may be deleted
	State      SiteState
	Pinned     string // why nothing upgrades it; "" if it is not pinned
	Priority   int64  // the highest is moved first; 0 is ordinary
	Window     string // when it may be moved, as ParseWindow reads it; "" is as its distribution says
	Zone       string // IANA time zone of its window; "" is the window's own, or UTC
	Lock       SiteLock
	Created    time.Time
}

// A SiteLock is held by the task that changes the site. Fence guards the host:
// epoch·2³² + n, risen by each holder and each re-claim; it is never lowered,
// also when nobody holds the lock.
type SiteLock struct {
	Task  TaskID
	Claim int64 // the fence that the task had when it took the lock
	Fence int64
	Until time.Time // lease; past it another task may take the lock
}

// Held reports whether another task than t holds the lock at now.
func (l SiteLock) Held(t TaskID, now time.Time) bool {
	return l.Task != "" && l.Task != t && now.Before(l.Until) && !setBack(l.Until, now)
}

// Key implements Record.
func (s *Site) Key() Key { return Key{Catalogue, "site", string(s.URI)} }

// Entries implements Record: the platform's sites, each tag's, and the pinned
// ones.
func (s *Site) Entries() []Entry {
	out := []Entry{{Index: SitesOf(s.Platform), Member: string(s.URI)}}
	if s.Pinned != "" {
		out = append(out, Entry{Index: PinnedSites, Member: string(s.URI)})
	}
	for _, t := range s.Tags {
		out = append(out, Entry{Index: SitesTagged(t), Member: string(s.URI)})
	}
	return out
}

// PinnedSites lists the sites that nothing upgrades, by URI.
var PinnedSites = Index{Catalogue, "pinned"}

// SitesTagged lists the sites with a tag, by URI.
func SitesTagged(tag string) Index { return Index{Catalogue, "tag:" + fold(tag) + ":sites"} }

// HasTag reports whether the site has a tag, in any case.
func (s Site) HasTag(tag string) bool {
	return slices.ContainsFunc(s.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

// OutOfDate reports whether s should be offered an upgrade: its platform p
// belongs to a distribution d that has a target which is another platform.
// Out of date means "not on the target", not "older".
func OutOfDate(p Platform, d Distribution) bool {
	return p.Distribution != "" && p.Distribution == d.Name && d.Target != "" && d.Target != p.Name
}

var siteURI = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9][0-9]{0,4})?(/[a-z0-9._~-]+)*$`)

// ParseURI cleans what people type: a scheme and a trailing slash are dropped,
// letters are lowered.
func ParseURI(s string) (URI, error) {
	u := strings.ToLower(strings.TrimSpace(s))
	u = strings.TrimPrefix(strings.TrimPrefix(u, "https://"), "http://")
	u = strings.TrimSuffix(u, "/")
	if len(u) > 200 || !siteURI.MatchString(u) || strings.Contains(u, "..") {
		return "", Errorf(Invalid, "%q is not the address of a site.", clip(s, 80)).
			WithHint("Type it like shop.example.org.")
	}
	return URI(u), nil
}
