package hosting

import (
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/distrobot/distrobot/fleet"
)

// cleaned checks a decoded specification and gives it with clean paths.
func (s Spec) cleaned() (Spec, error) {
	if s.Version != 1 {
		return Spec{}, invalid("version must be 1")
	}
	if err := s.bounded(); err != nil {
		return Spec{}, err
	}
	var err error
	if s.Docroot, err = cleanPath(s.Docroot, true); err != nil {
		return Spec{}, err
	}
	for _, list := range [][]string{s.Shared, s.Versioned} {
		for i := range list {
			if list[i], err = cleanPath(list[i], false); err != nil {
				return Spec{}, err
			}
		}
	}
	settings := map[string]string{}
	for from, to := range s.Settings {
		if from, err = cleanPath(from, false); err != nil {
			return Spec{}, err
		}
		if settings[from], err = cleanPath(to, false); err != nil {
			return Spec{}, err
		}
	}
	if s.Settings != nil {
		s.Settings = settings
	}
	if err := s.apart(); err != nil {
		return Spec{}, err
	}
	return s, s.commands()
}

// bounded refuses what is too long or too much.
func (s Spec) bounded() error {
	for name, n := range map[string]int{
		"shared": len(s.Shared), "versioned": len(s.Versioned), "settings": len(s.Settings),
		"install": len(s.Install), "update": len(s.Update), "verify": len(s.Verify),
		"database.volatile": len(s.Database.Volatile), "database.ignored": len(s.Database.Ignored),
	} {
		if n > maxSpecList {
			return invalid("%s has more than %d entries", name, maxSpecList)
		}
	}
	if s.Kind != "" && fleet.CheckDistName(string(s.Kind)) != nil {
		return invalid("kind is not a name")
	}
	if s.Profile != "" && !machineName.MatchString(s.Profile) {
		return invalid("profile is not a machine name")
	}
	if len(s.PHP) > 60 {
		return invalid("php is longer than 60 characters")
	}
	if s.Timeout != "" {
		d, err := time.ParseDuration(s.Timeout)
		if err != nil || d < time.Second || d > maxSpecTime {
			return invalid("timeout must be between 1s and %s, like 10m", maxSpecTime)
		}
	}
	if err := s.Database.bounded(); err != nil {
		return err
	}
	if err := s.Look.bounded(); err != nil {
		return err
	}
	return s.Check.bounded()
}

func (d DatabaseSpec) bounded() error {
	if d.Engine != "" && d.Engine != "mysql" && d.Engine != "sqlite" {
		return invalid("database: engine must be mysql or sqlite")
	}
	for _, pattern := range slices.Concat(d.Volatile, d.Ignored) {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || len(pattern) > 100 || printable(pattern) != nil {
			return invalid("database: %q is not a pattern of tables", fleet.Clean(pattern, 60))
		}
	}
	return nil
}

func (c Check) bounded() error {
	switch {
	case !strings.HasPrefix(c.Path, "/") || strings.HasPrefix(c.Path, "//") || printable(c.Path) != nil:
		return invalid("check: path must begin with one slash")
	case c.Status < 200 || c.Status > 499:
		return invalid("check: status must be between 200 and 499")
	case c.MinBytes < 0 || c.MinBytes > MaxBody:
		return invalid("check: min_bytes must be between 0 and %d", MaxBody)
	case len(c.Marker) > maxSpecText:
		return invalid("check: marker is longer than %d bytes", maxSpecText)
	}
	return nil
}

// machineName is what Drupal and Backdrop call a profile.
var machineName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// apart refuses paths that lie within each other: a directory cannot be shared
// and copied, nor a settings file be written through a link.
func (s Spec) apart() error {
	all := slices.Concat(s.Shared, s.Versioned, slices.Sorted(maps.Values(s.Settings)))
	for i, a := range all {
		for _, b := range all[i+1:] {
			if Within(a, b) || Within(b, a) {
				return invalid("the paths %s and %s lie within each other", a, b)
			}
		}
		if s.Docroot != "." && i < len(s.Shared)+len(s.Versioned) && Within(s.Docroot, a) {
			return invalid("docroot lies within %s", a)
		}
	}
	return nil
}

// commands checks the argument vectors.
func (s Spec) commands() error {
	for _, list := range [][][]string{s.Install, s.Update, s.Verify} {
		for _, argv := range list {
			if len(argv) == 0 || len(argv) > maxSpecList || argv[0] == "" || strings.HasPrefix(argv[0], "-") {
				return invalid("a command is a list that begins with a program")
			}
			for _, a := range argv {
				if len(a) > maxSpecText {
					return invalid("an argument is longer than %d bytes", maxSpecText)
				}
			}
			if strings.Contains(argv[0], "/") {
				if _, err := cleanPath(argv[0], false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// cleanPath refuses what is not a path inside the tree.
func cleanPath(p string, whole bool) (string, error) {
	clean := path.Clean(p)
	switch {
	case p == "" || len(p) > 500 || printable(p) != nil || strings.Contains(p, `\`):
		return "", invalid("%q is not a path", fleet.Clean(p, 60))
	case path.IsAbs(p) || !filepath.IsLocal(clean):
		return "", invalid("the path %q leaves the tree", fleet.Clean(p, 60))
	case clean == "." && !whole:
		return "", invalid("the path %q is the whole tree", fleet.Clean(p, 60))
	}
	for part := range strings.SplitSeq(clean, "/") {
		if strings.EqualFold(part, ".git") {
			return "", invalid("the path %q is git's own", fleet.Clean(p, 60))
		}
	}
	return clean, nil
}

func printable(s string) error {
	for _, r := range s {
		if r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return invalid("it holds control characters")
		}
	}
	return nil
}

// Within reports whether the clean relative path p is dir or below it.
func Within(p, dir string) bool { return dir == "." || p == dir || strings.HasPrefix(p, dir+"/") }
