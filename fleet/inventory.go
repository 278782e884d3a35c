package fleet

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// An Inventory is what a host's own system has at one time, where that is one
// which people also change by its own means: Aegir with its front end.
type Inventory struct {
	System    string // as people call it: "Aegir"
	Platforms []FoundPlatform
	Sites     []FoundSite
}

// A FoundPlatform is a platform of such a system.
type FoundPlatform struct {
	Name   PlatformName
	Kind   KindName
	Path   string // of its code there
	Own    bool   // the system's own: distrobot has not built it
	Locked bool
	Digest string // of its packages; when it changes, the code was changed in place
}

// A FoundSite is a site of such a system.
type FoundSite struct {
	URI      URI
	Was      URI // what the same site was called before; "" if it was not renamed
	Platform PlatformName
	Off      bool // disabled: visitors do not get it
}

// Seen is what a host's own system said of a platform when it was last looked at.
type Seen struct {
	Locked bool   `json:"locked,omitempty"`
	Digest string `json:"digest,omitempty"`
	Facts  string `json:"facts,omitempty"` // digest at which its facts were read; "" if they were not
}

// A Stock is what came of the last look at a host's own system.
type Stock struct {
	Host      HostName  `json:"host"`
	System    string    `json:"system"`
	Platforms int       `json:"platforms"`
	Sites     int       `json:"sites"`
	Unknown   []URI     `json:"unknown,omitempty"` // sites there that are not recorded: the first of them, by name
	Strangers int       `json:"strangers,omitempty"`
	At        time.Time `json:"at"`
}

// Key implements Record.
func (s *Stock) Key() Key { return Key{Catalogue, "stock", string(s.Host)} }

// Entries implements Record.
func (s *Stock) Entries() []Entry { return nil }

// SeePlatform is the rule by which a record follows a host's own system: p is the
// recorded platform (zero if there is none), f the one that was found (nil if it is
// gone). It gives the next record and a sentence for people, "" if there is nothing
// to say.
//
// A lock is either side's to set: what changed there since it was last seen is
// taken over, what did not is the record's to say (see LockDue). A platform that
// is gone is not offered on that host any more; without any host it is retired.
func SeePlatform(p Platform, f *FoundPlatform, host HostName, system string) (Platform, string) {
	switch {
	case f == nil && (p.Paths[host] == "" || p.State != PlatformReady):
		return p, ""
	case f == nil:
		return losePlatform(p, host, system), fmt.Sprintf("platform %s was deleted", p.Name)
	case p.Name == "":
		p = Platform{Name: f.Name, Kind: f.Kind, State: PlatformReady, Locked: f.Locked, Hosts: []HostName{host},
			Paths: map[HostName]string{host: f.Path}, Ref: Ref{Version: string(f.Name)}}
		return sawPlatform(p, f, host), fmt.Sprintf("platform %s is there", f.Name)
	case p.Paths[host] == "" && f.Own && p.Missing[host] != "" && (p.State == PlatformRetired || p.State == PlatformReady):
		p.State, p.Reason, p.Paths, p.Missing = PlatformReady, "", maps.Clone(p.Paths), maps.Clone(p.Missing)
		if p.Paths == nil {
			p.Paths = map[HostName]string{}
		}
		p.Paths[host] = f.Path
		delete(p.Missing, host)
		return sawPlatform(p, f, host), fmt.Sprintf("platform %s is there again", f.Name)
	case p.Paths[host] == "" || p.State != PlatformReady:
		return p, "" // it is being built, or retired, by us
	}
	said := ""
	seen, known := p.Seen[host]
	switch {
	case known && f.Locked != seen.Locked && f.Locked != p.Locked:
		p.Locked, said = f.Locked, fmt.Sprintf("platform %s was %s", p.Name, map[bool]string{true: "locked", false: "unlocked"}[f.Locked])
	case known && f.Digest != seen.Digest:
		said = fmt.Sprintf("the code of platform %s was changed in place", p.Name)
	}
	return sawPlatform(p, f, host), said
}

// sawPlatform notes what was seen of p.
func sawPlatform(p Platform, f *FoundPlatform, host HostName) Platform {
	next := Seen{Locked: f.Locked, Digest: f.Digest, Facts: p.Seen[host].Facts}
	if p.Seen[host] == next {
		return p
	}
	p.Seen = maps.Clone(p.Seen)
	if p.Seen == nil {
		p.Seen = map[HostName]Seen{}
	}
	p.Seen[host] = next
	return p
}

func losePlatform(p Platform, host HostName, system string) Platform {
	p.Paths, p.Missing, p.Seen = maps.Clone(p.Paths), maps.Clone(p.Missing), maps.Clone(p.Seen)
	delete(p.Paths, host)
	delete(p.Seen, host)
	if p.Missing == nil {
		p.Missing = map[HostName]string{}
	}
	p.Missing[host] = "It was deleted in " + system + "."
	if len(p.Paths) == 0 {
		p.State, p.Reason = PlatformRetired, p.Missing[host]
	}
	return p
}

// LockDue tells whether the lock of p must be carried over to a host's own system.
func LockDue(p Platform, f FoundPlatform, host HostName) bool {
	return p.State == PlatformReady && p.Paths[host] != "" && p.Locked != f.Locked
}

// driftMark begins the pin of a site that somebody changed elsewhere; what it was
// pinned for before follows driftBefore.
const (
	driftMark   = "changed elsewhere: "
	driftBefore = " Before that: "
)

// Drifted reports whether the site was changed by other means than distrobot's.
// Nothing upgrades it until it is adopted anew, or as it was.
func (s Site) Drifted() bool { return strings.HasPrefix(s.Pinned, driftMark) }

// SeeSite is the rule by which a site that somebody moved, disabled, renamed or
// deleted in a host's own system is marked, so that nothing is done to it: f is
// what was found (nil if it is gone), renamed what it is called now. The mark goes
// when its cause does. It gives the site and a sentence for people, "" if there is
// nothing new.
func SeeSite(s Site, f *FoundSite, renamed URI, system string) (Site, string) {
	if s.State != SiteLive || s.Lock.Task != "" {
		return s, "" // a task works on it: what differs is its doing
	}
	why := ""
	switch {
	case f == nil && renamed != "":
		why = fmt.Sprintf("it was renamed to %s in %s.", renamed, system)
	case f == nil:
		why = fmt.Sprintf("it was deleted in %s.", system)
	case f.Platform != s.Platform:
		why = fmt.Sprintf("it was moved to platform %s in %s.", Clean(string(f.Platform), 60), system)
	case f.Off:
		why = fmt.Sprintf("it was disabled in %s.", system)
	}
	before := s.Pinned
	if s.Drifted() {
		_, before, _ = strings.Cut(s.Pinned, driftBefore)
	}
	pinned := before
	if why != "" {
		pinned = driftMark + why
		if before != "" {
			pinned += driftBefore + before
		}
	}
	switch {
	case pinned == s.Pinned:
		return s, ""
	case why == "":
		s.Pinned = pinned
		return s, fmt.Sprintf("site %s is as it is recorded again", s.URI)
	}
	s.Pinned = pinned
	return s, fmt.Sprintf("site %s: %s", s.URI, strings.TrimSuffix(why, "."))
}

// A PlatformPattern names platforms of a host's own system that join a
// distribution as they are found: "drupal-*". The wildcards are those of a shell,
// without "/".
type PlatformPattern string

// CheckPattern refuses a pattern that is none; "" is none on purpose.
func CheckPattern(p PlatformPattern) error {
	if _, err := path.Match(string(p), ""); err != nil || len(p) > 120 || strings.Contains(string(p), "/") || p != "" && !IsPattern(string(p)) {
		return Errorf(Invalid, "%q is no pattern of platforms' names.", Clean(string(p), 60)).WithHint("An example that works: 'drupal-*'")
	}
	return nil
}

// Names reports whether p has wildcards and matches a name.
func (p PlatformPattern) Names(name PlatformName) bool {
	ok, err := path.Match(string(p), string(name))
	return err == nil && ok && p != ""
}

// IsPattern reports whether what was typed has wildcards.
func IsPattern(s string) bool { return strings.ContainsAny(s, "*?[") }

// joins chooses the distribution that a found platform belongs to by its name:
// the one with the longest pattern, of its kind; "" if there is none.
func joins(p Platform, all []Distribution) DistName {
	best := Distribution{}
	for _, d := range all {
		if d.Adopts.Names(p.Name) && len(d.Adopts) > len(best.Adopts) && d.Kind == p.Kind {
			best = d
		}
	}
	return best.Name
}

// maxUnknown bounds how many unrecorded sites a Stock names.
const maxUnknown = 200

// strangers are the sites of an inventory that are not recorded.
func strangers(v Inventory, known map[URI]bool) []URI {
	var out []URI
	for _, f := range v.Sites {
		if !known[f.URI] && !f.Off {
			out = append(out, f.URI)
		}
	}
	slices.Sort(out)
	return out
}
