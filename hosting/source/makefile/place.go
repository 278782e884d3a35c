package makefile

import (
	"path"
	"strconv"
	"strings"
)

// Base is the directory under which a makefile's modules, themes and libraries
// go: sites/all, or since Drupal 8 the top of the platform.
func (c Core) Base() string {
	major, err := strconv.Atoi(strings.TrimSuffix(c.Major, ".x"))
	if err == nil && major >= 8 {
		return ""
	}
	return "sites/all"
}

// Place is the directory of p in the platform, "" for the core. base is
// Core.Base, or the directory of the profile whose makefile names p. A kind that
// is still Unknown counts as a module.
func (p Project) Place(base string) string {
	if p.Contrib != "" {
		base = p.Contrib
	}
	name := p.Name
	if p.Directory != "" {
		name = p.Directory
	}
	switch p.Kind {
	case CoreKind:
		return ""
	case Profile:
		return path.Join("profiles", name)
	case Theme:
		return path.Join(base, "themes", p.Subdir, name)
	case Library:
		return path.Join(base, orElse(p.Destination, "libraries"), p.Subdir, name)
	}
	return path.Join(base, "modules", p.Subdir, name)
}

// Inside is the base for what p's own makefile names: a profile keeps it to
// itself, everything else shares.
func (p Project) Inside(base string) string {
	if p.Kind == Profile {
		return p.Place(base)
	}
	return base
}

// Own lists the makefiles that p may bring along, the first found counts.
func (p Project) Own() []string {
	return []string{p.Name + ".make.yml", p.Name + ".make", "drupal-org.make.yml", "drupal-org.make"}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
