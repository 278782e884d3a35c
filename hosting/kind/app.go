package kind

import (
	"maps"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// appOf is what distrobot.yml says of an application; a kind that knows more
// adds to it, and what is said there wins.
func appOf(t hosting.Tree) hosting.App {
	s := t.Spec
	a := hosting.App{
		Docroot: s.Docroot, Shared: s.Shared, Versioned: s.Versioned, PHP: s.PHP != "", Check: s.Check,
		Install: programs(s.Install), Update: programs(s.Update),
	}
	for _, argv := range s.Update {
		a.Runs = append(a.Runs, said(argv))
	}
	if s.Database.Engine != "" {
		a.Database = &hosting.Need{Engine: s.Database.Engine, Volatile: s.Database.Volatile, Ignored: s.Database.Ignored}
	}
	return a
}

// withPath gives the shared paths that distrobot.yml says and one more, unless it
// says something of that path, or of one above or below it, already.
func withPath(s hosting.Spec, p string) []string {
	for _, said := range slices.Concat(s.Shared, s.Versioned, slices.Collect(maps.Values(s.Settings))) {
		if hosting.Within(p, said) || hosting.Within(said, p) {
			return s.Shared
		}
	}
	return append(slices.Clone(s.Shared), p)
}

// checkOf is the check that distrobot.yml says, else the kind's own.
func checkOf(said, own hosting.Check) hosting.Check {
	if said == (hosting.Check{Path: "/", Status: 200}) || said == (hosting.Check{}) {
		return own
	}
	return said
}

// programs are commands of a specification, which need no more than their
// environment.
func programs(commands [][]string) func(hosting.Place) []hosting.Program {
	if len(commands) == 0 {
		return nil
	}
	return func(hosting.Place) []hosting.Program {
		var out []hosting.Program
		for _, argv := range commands {
			out = append(out, hosting.Program{Argv: argv, Says: said(argv)})
		}
		return out
	}
}

// said is a command as people read it.
func said(argv []string) string { return fleet.Clean(strings.Join(argv, " "), 200) }
