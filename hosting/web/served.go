package web

import (
	"net"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// Served says how a site is served. Nothing in it depends on the generation
// that is live, so a migration changes no configuration, unless it brings other
// Uploads or Private paths.
type Served struct {
	URI     fleet.URI   `json:"uri"`
	Aliases []fleet.URI `json:"aliases,omitempty"` // hosts that are sent to URI
	// Dir is DATA/sites/SITE: live/www below it is what is served.
	Dir  string    `json:"dir"`
	User *run.User `json:"user,omitempty"` // runs PHP; nil: the user of PHP-FPM, which then is not root
	PHP  bool      `json:"php,omitempty"`
	// Uploads are paths below the docroot that are served but never run, Private
	// ones are not served. The usual ones of known systems need no mention.
	Uploads []string `json:"uploads,omitempty"`
	Private []string `json:"private,omitempty"`
}

// Bounds of what is served.
const (
	maxAliases = 100
	maxPaths   = 200
	maxSocket  = 107 // bytes of a unix socket's path, unix(7)
)

var (
	// plainPath is what a path may hold to be put into configuration files: no
	// "$", which nginx and PHP would take for a variable, no quotes, no blanks.
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._@+~-]*$`)
	plainHost = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
)

// cleaned checks s and gives it with clean paths, so that nothing of it can
// become a directive of its own.
func (f *Front) cleaned(s Served) (Served, error) {
	uri, err := fleet.ParseURI(string(s.URI))
	if err != nil {
		return s, err
	}
	s.URI = uri
	dir, err := filepath.EvalSymlinks(s.Dir)
	if err != nil {
		return s, err
	}
	s.Dir = dir
	if !filepath.IsAbs(dir) || !plainPath.MatchString(dir) || !plainPath.MatchString(f.Dir) || len(f.socket(uri)) > maxSocket {
		return s, fleet.Errorf(fleet.Invalid, "The data directory's path holds unusual characters or is too long for web servers.").
			WithHint("Use letters, digits and -_./ only, and less than 60 of them.")
	}
	if len(s.Aliases) > maxAliases || len(s.Uploads)+len(s.Private) > maxPaths {
		return s, fleet.Errorf(fleet.Invalid, "The site %s has too many aliases or paths.", uri)
	}
	s.Aliases = slices.Clone(s.Aliases)
	for i, a := range s.Aliases {
		if s.Aliases[i], err = fleet.ParseURI(string(a)); err != nil {
			return s, err
		}
		if !plainHost.MatchString(string(s.Aliases[i])) {
			return s, fleet.Errorf(fleet.Invalid, "The alias %s of %s must be a host name, without a port or path.", s.Aliases[i], uri)
		}
	}
	slices.Sort(s.Aliases)
	s.Aliases = slices.Compact(s.Aliases)
	if s.Uploads, err = cleanPaths(s.Uploads); err != nil {
		return s, err
	}
	if s.Private, err = cleanPaths(s.Private); err != nil {
		return s, err
	}
	if s.PHP && (len(f.FPM.Test) == 0 || len(f.FPM.Reload) == 0) {
		return s, fleet.Errorf(fleet.Refused, "The site %s needs PHP, and PHP-FPM is not set up on this host.", uri)
	}
	if s.PHP && s.User == nil && os.Geteuid() == 0 {
		return s, fleet.Errorf(fleet.Refused, "PHP of the site %s would run as root.", uri).WithHint("Give the site a user of its own.")
	}
	return s, nil
}

func cleanPaths(in []string) ([]string, error) {
	var out []string
	for _, p := range in {
		clean := strings.TrimPrefix(path.Clean("/"+p), "/")
		if clean == "" || len(clean) > 1000 || strings.ContainsFunc(clean, unicode.IsControl) {
			return nil, fleet.Errorf(fleet.Invalid, "The path %q cannot be a rule for a web server.", fleet.Clean(p, 80))
		}
		out = append(out, clean)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// hostOf splits a site's address; prefix is "" or begins with a slash. host may
// have a port.
func hostOf(u fleet.URI) (host, prefix string) {
	host, rest, ok := strings.Cut(string(u), "/")
	if ok {
		prefix = "/" + rest
	}
	return host, prefix
}

// nameAndPort splits a host; port is "" if it has none.
func nameAndPort(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return host, ""
}

// fileName encodes an address as hosting/local does.
func fileName(u fleet.URI) string { return strings.NewReplacer(":", "@", "/", "+").Replace(string(u)) }
