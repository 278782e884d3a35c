package aegir

import (
	"fmt"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Blocks tells why a site must not move to a platform, as sentences: Aegir's
// drush would let all of these pass. Only enabled packages count; those in the
// site's own directory are not in at and not in the target, and travel with it.
func Blocks(site, target []Package, own func(Package) bool) []string {
	at := map[string]Package{}
	for _, p := range target {
		at[p.Type+" "+p.Name] = p
	}
	var out []string
	for _, p := range site {
		if !p.Enabled || p.Type == "platform" || p.Type == "engine" || own != nil && own(p) {
			continue
		}
		there, ok := at[p.Type+" "+p.Name]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("The %s %s is enabled and not on the platform.", p.Type, fleet.Clean(p.Name, 60)))
		case there.Schema > 0 && p.Schema > there.Schema:
			out = append(out, fmt.Sprintf("The data of %s has schema %d, newer than %d on the platform.", fleet.Clean(p.Name, 60), p.Schema, there.Schema))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Newer reports whether version a of a package is later than b, in the order of
// its numbers: 10.3.9 after 10.3.1 after 9.5.11, where Aegir's own order is wrong.
// A text that is no version is never later.
func Newer(a, b string) bool {
	v, ok := fleet.ParseVersion(a)
	w, other := fleet.ParseVersion(b)
	return ok && other && v.Compare(w) > 0
}

// schema is what the packages of a site say of its data.
func schema(list []Package) fleet.SiteSchema {
	s := fleet.SiteSchema{Installed: map[string]int{}, Enabled: []string{}}
	for _, p := range list {
		if !p.Enabled || p.Type == "platform" || p.Type == "engine" {
			continue
		}
		s.Enabled = append(s.Enabled, p.Name)
		if p.Type == "module" && p.Schema > 0 {
			s.Installed[p.Name] = p.Schema
		}
	}
	return s
}

// refuse makes one error of reasons.
func refuse(uri fleet.URI, reasons []string) error {
	if len(reasons) == 0 {
		return nil
	}
	more := ""
	if n := len(reasons) - 3; n > 0 {
		more = fmt.Sprintf(" And %d more.", n)
		reasons = reasons[:3]
	}
	return fleet.Errorf(fleet.Refused, "Site %s cannot move there: %s%s", uri, strings.Join(reasons, " "), more)
}
