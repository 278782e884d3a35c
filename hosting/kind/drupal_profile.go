package kind

import (
	"path"
	"slices"
	"strings"
)

// coreProfiles come with core; testing ones are not among them.
var coreProfiles = []string{"standard", "minimal", "demo_umami"}

// profileIn chooses the profile that a new site of a tree is installed with: the
// one that distrobot.yml names, else the one that says of itself to be the
// distribution (Drupal 8 and later) or exclusive (Drupal 7), which is what the
// CMS's own installer would choose, else standard.
func (s siteCode) profileIn(in tree) string {
	if p := s.spec.Profile; p != "" {
		return p
	}
	var found []string
	for _, dir := range []string{"profiles", "profiles/contrib", "profiles/custom"} {
		at := path.Join(s.docroot, dir)
		for _, e := range in.entries(at) {
			if !e.IsDir() || slices.Contains(coreProfiles, e.Name()) {
				continue
			}
			i := s.parse(in.file(path.Join(at, e.Name(), e.Name()+s.suffix), maxPHP))
			_, distribution := i["distribution"]
			if distribution || strings.EqualFold(i["exclusive"], "true") || i["exclusive"] == "1" {
				found = append(found, e.Name())
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return "standard"
}
