package source

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// Releases says where the releases of projects are that a makefile names by
// version only. Templates may hold {name}, {core} (7.x), {version} (3.24) and
// {release} (7.x-3.24, or 8.3.4 and 3.4.2 where the core is not part of it).
type Releases struct {
	// Archive is the address of a release's archive, or an absolute directory
	// with archives called {name}-{release}.tar.gz (or .tar.bz2, .tar.xz, .tar,
	// .zip) or directories called {name}-{release}. "" takes releases from Git.
	Archive string
	// Git is the address of a project's repository, whose tags are called
	// {release} and whose branches are development versions; "" knows none.
	Git string
}

// Check tells what is wrong with the settings.
func (r Releases) Check() error {
	for _, t := range []string{r.Archive, r.Git} {
		for _, m := range regexp.MustCompile(`\{[^}]*\}`).FindAllString(t, -1) {
			if !strings.Contains("{name}{core}{version}{release}", m) {
				return fleet.Errorf(fleet.Invalid, "%s is not known in the address of releases.", m).
					WithHint("There are {name}, {core}, {version} and {release}.")
			}
		}
		if t != "" && !filepath.IsAbs(t) && !strings.Contains(t, "{name}") {
			return fleet.Errorf(fleet.Invalid, "The address of releases does not say where {name} stands.")
		}
	}
	return nil
}

// local reports whether archives are in a directory of this host.
func (r Releases) local() bool { return filepath.IsAbs(r.Archive) }

// fill puts a release into a template. All parts were checked to be names.
func fill(template string, r makefile.Release) string {
	return strings.NewReplacer("{name}", r.Project, "{core}", r.Core, "{version}", r.Version, "{release}", r.Label).Replace(template)
}

// archiveEnds are how archives may be called, in the order they are looked for;
// "" is a directory.
var archiveEnds = []string{".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".tar", ""}

// inDirectory finds a release in the directory of releases and gives its name.
func (r Releases) inDirectory(rel makefile.Release) (string, error) {
	for _, end := range archiveEnds {
		name := rel.Project + "-" + rel.Label + end
		if _, err := os.Stat(filepath.Join(r.Archive, name)); err == nil {
			return name, nil
		}
	}
	return "", fleet.Errorf(fleet.NotFound, "There is no release %s of %s in the directory of releases.", rel.Label, rel.Project).
		WithHint("Put %s-%s.tar.gz there.", rel.Project, rel.Label)
}

// versionsIn lists the releases of a project that the directory holds.
func (r Releases) versionsIn(project string) ([]string, error) {
	entries, err := os.ReadDir(r.Archive)
	if err != nil {
		return nil, fleet.Errorf(fleet.Failed, "The directory of releases cannot be read.").WithHint("It is set by DISTROBOT_RELEASES.").Because(err)
	}
	var out []string
	for _, e := range entries {
		label, ok := strings.CutPrefix(e.Name(), project+"-")
		if !ok {
			continue
		}
		for _, end := range archiveEnds {
			if trimmed, ok := strings.CutSuffix(label, end); ok {
				label = trimmed
				break
			}
		}
		out = append(out, label)
	}
	return out, nil
}

// newest picks the newest release without a suffix (alpha, beta, rc, dev) for a
// core, or the newest of all if there is none; "" if nothing fits.
func newest(labels []string, p makefile.Project, core makefile.Core) string {
	best, bestFinal := "", false
	for _, label := range labels {
		version, ok := strings.CutPrefix(label, core.Major+"-")
		if !ok {
			if !plainFor(label, p, core) {
				continue
			}
			version = label
		}
		if !startsWithDigit(version) || strings.HasSuffix(version, "-dev") || strings.HasSuffix(version, ".x") {
			continue
		}
		final := !strings.Contains(version, "-")
		if best == "" || final && !bestFinal || final == bestFinal && newer(version, strings.TrimPrefix(best, core.Major+"-")) {
			best, bestFinal = label, final
		}
	}
	return best
}

// plainFor reports whether a label without a core belongs to this core: of the
// core itself its own releases, of projects since Drupal 8 the semantic ones.
func plainFor(label string, p makefile.Project, core makefile.Core) bool {
	if regexp.MustCompile(`^\d+\.x-\d`).MatchString(label) {
		return false
	}
	if p.Kind == makefile.CoreKind {
		return strings.HasPrefix(label, strings.TrimSuffix(core.Major, "x"))
	}
	return core.Base() == ""
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// newer orders versions as people number them.
func newer(a, b string) bool {
	x, okX := fleet.ParseVersion(a)
	y, okY := fleet.ParseVersion(b)
	return okX && (!okY || x.Compare(y) > 0)
}
