package makefile

import (
	"regexp"
	"strings"
)

// A Makefile is what a makefile and its includes ask for.
type Makefile struct {
	Core     Core
	Projects []Project // in the order of their definition, the core first
}

// A Core is the version of Drupal that projects are for.
type Core struct {
	Major   string // "7.x"
	Release string // "7.98" where `core` fixes the release too, else ""
}

// A Kind says where a project goes.
type Kind string

// The kinds. Unknown is found out from what was downloaded.
const (
	Unknown    Kind = ""
	CoreKind   Kind = "core"
	Module     Kind = "module"
	Theme      Kind = "theme"
	Profile    Kind = "profile"
	Library    Kind = "library"
	maxEntries      = 5000 // projects and libraries of a makefile
)

// A Project is one entry of projects or libraries. Paths are clean, relative and
// do not go up.
type Project struct {
	Pos         Pos
	Name        string
	Library     bool // an entry of libraries
	Kind        Kind
	Version     string // "" is the newest, unless Download says more
	Subdir      string
	Directory   string // name of its directory, if not its own
	Destination string // of a library, in the place of "libraries"
	Contrib     string // in the place of sites/all
	Download    Download
	Patches     []Patch
	NoRecursion bool   // its own makefile is not read
	Locked      string // why it must not be updated by hand; a note for people
}

// Key names a project within one makefile: a library may share its name with a
// module.
func (p Project) Key() string {
	if p.Library {
		return "libraries/" + p.Name
	}
	return "projects/" + p.Name
}

// projectName is a machine name; libraries have dots and capitals too.
var projectName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$`)

// versionText is a version as projects write it: 7.x-3.24, 2.0-beta8+5-dev.
var versionText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// read checks a merged makefile and makes a Makefile of it.
func read(n *Node) (Makefile, error) {
	var m Makefile
	for _, key := range n.Keys {
		switch key {
		case "core", "api", "projects", "libraries", "defaults":
		default:
			return m, n.Sub[key].Pos.Refuse("%s is not supported", quote(key))
		}
	}
	if err := checkAPI(n); err != nil {
		return m, err
	}
	var err error
	if m.Core, err = readCore(n); err != nil {
		return m, err
	}
	defaults := n.get("defaults")
	if defaults != nil && !defaults.isMap() {
		return m, defaults.Pos.Refuse("defaults holds projects and libraries")
	}
	for _, key := range mapKeys(defaults) {
		if key != "projects" && key != "libraries" || !defaults.Sub[key].isMap() {
			return m, defaults.Sub[key].Pos.Refuse("defaults has no %s", quote(key))
		}
	}
	for _, section := range []string{"projects", "libraries"} {
		list, err := readSection(n.get(section), defaults.get(section), section == "libraries")
		if err != nil {
			return m, err
		}
		m.Projects = append(m.Projects, list...)
	}
	return m, m.orderCore()
}

func mapKeys(n *Node) []string {
	if !n.isMap() {
		return nil
	}
	return n.Keys
}

func checkAPI(n *Node) error {
	api := n.get("api")
	switch {
	case api == nil:
		return n.Pos.Refuse("the makefile says no api; it must be 2")
	case api.isMap() || api.Text != "2":
		return api.Pos.Refuse("only api 2 is known, not %s", quote(api.Text))
	}
	return nil
}

var coreText = regexp.MustCompile(`^(\d{1,2})(\.x|(?:\.\d+){1,2}(?:-[a-z]+\d*)?)?$`)

// readCore accepts 7, 7.x and 7.98; the last also fixes the release.
func readCore(n *Node) (Core, error) {
	core := n.get("core")
	if core == nil {
		return Core{}, n.Pos.Refuse("the makefile says no core, such as 7.x")
	}
	m := coreText.FindStringSubmatch(core.Text)
	if m == nil {
		return Core{}, core.Pos.Refuse("%s is not a version of Drupal, such as 7.x", quote(core.Text))
	}
	c := Core{Major: m[1] + ".x"}
	if m[2] != "" && m[2] != ".x" {
		c.Release = core.Text
	}
	return c, nil
}

// readSection reads the entries of projects or libraries.
func readSection(list, defaults *Node, library bool) ([]Project, error) {
	var out []Project
	for _, name := range mapKeys(list) {
		n := list.Sub[name]
		if n.no() {
			continue // taken out of an include
		}
		if len(out) == maxEntries {
			return nil, n.Pos.Refuse("the makefile names more than %d projects", maxEntries)
		}
		if !projectName.MatchString(name) || strings.Contains(name, "..") {
			return nil, n.Pos.Refuse("%s cannot be the name of a project", quote(name))
		}
		p, err := readProject(name, n, library)
		if err == nil && defaults != nil {
			err = p.applyDefaults(defaults, n)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// orderCore puts the core first and gives it the release of `core`.
func (m *Makefile) orderCore() error {
	at := -1
	for i, p := range m.Projects {
		if p.Kind != CoreKind {
			continue
		}
		if at >= 0 {
			return p.Pos.Refuse("%s and %s are both the core", quote(m.Projects[at].Name), quote(p.Name))
		}
		at = i
	}
	if at < 0 {
		return nil
	}
	core := m.Projects[at]
	if core.Version == "" && core.Download.Type == "" {
		core.Version = m.Core.Release
	}
	copy(m.Projects[1:at+1], m.Projects[:at])
	m.Projects[0] = core
	return nil
}
