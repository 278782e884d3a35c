package makefile

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// readProject reads one entry; keys that it does not know are refused.
func readProject(name string, n *Node, library bool) (Project, error) {
	p := Project{Pos: n.Pos, Name: name, Library: library}
	if library {
		p.Kind = Library
	} else if name == "drupal" || name == "pressflow" {
		p.Kind = CoreKind
	}
	for _, key := range n.Keys {
		if err := p.read(key, n.Sub[key]); err != nil {
			return p, err
		}
	}
	return p, p.check()
}

// read takes one key of an entry.
func (p *Project) read(key string, v *Node) error {
	switch key {
	case "download":
		return p.readDownload(v)
	case "patch":
		return p.readPatches(v)
	}
	if v.isMap() {
		return v.Pos.Refuse("%s of %s is not supported in this form", quote(key), p.Name)
	}
	switch key {
	case "version":
		return p.readVersion(v)
	case "type":
		return p.readKind(v)
	case "subdir":
		return setPath(&p.Subdir, v)
	case "directory_name":
		return setPath(&p.Directory, v)
	case "destination":
		return setPath(&p.Destination, v)
	case "contrib_destination":
		return setPath(&p.Contrib, v)
	case "do_recursion":
		p.NoRecursion = isFalse(v.Text)
		if !p.NoRecursion && !isTrue(v.Text) {
			return v.Pos.Refuse("do_recursion is TRUE or FALSE, not %s", quote(v.Text))
		}
		return nil
	case "lock":
		p.Locked = v.Text
		return nil
	}
	return v.Pos.Refuse("%s of %s is not supported", quote(key), p.Name)
}

func (p *Project) readVersion(v *Node) error {
	if v.Null || v.Text == "" {
		return nil
	}
	if !versionText.MatchString(v.Text) || strings.Contains(v.Text, "..") {
		return v.Pos.Refuse("%s is not a version", quote(v.Text))
	}
	p.Version = v.Text
	return nil
}

func (p *Project) readKind(v *Node) error {
	kinds := map[string]Kind{"core": CoreKind, "module": Module, "theme": Theme, "profile": Profile, "library": Library, "libraries": Library}
	k, ok := kinds[strings.ToLower(v.Text)]
	switch {
	case !ok:
		return v.Pos.Refuse("%s is not a type that is built; there are core, module, theme, profile and library", quote(v.Text))
	case p.Library && k != Library:
		return v.Pos.Refuse("a library is of type library")
	}
	p.Kind = k
	return nil
}

// readDownload reads how a project is fetched; a bare text is its type.
func (p *Project) readDownload(v *Node) error {
	d, err := readDownload(v)
	p.Download = d
	return err
}

// check looks at the entry as a whole.
func (p *Project) check() error {
	switch {
	case p.Library && p.Download.Type == "":
		return p.Pos.Refuse("library %s has no download", p.Name)
	case p.Kind == Library && p.Download.Type == "" && p.Version == "":
		return p.Pos.Refuse("library %s has no download", p.Name)
	case p.Destination != "" && p.Kind != Library:
		return p.Pos.Refuse("only libraries have a destination, and %s is none", p.Name)
	case strings.Contains(p.Directory, "/") && p.Kind == CoreKind:
		return p.Pos.Refuse("the core has no directory of its own")
	case p.Subdir != "" && (p.Kind == CoreKind || p.Kind == Profile):
		return p.Pos.Refuse("a %s is not put into a subdir", p.Kind)
	}
	return nil
}

// applyDefaults adds the keys of defaults that n does not name.
func (p *Project) applyDefaults(defaults, n *Node) error {
	for _, key := range defaults.Keys {
		v := defaults.Sub[key]
		if n.get(key) != nil || key == "subdir" && (p.Kind == CoreKind || p.Kind == Profile) {
			continue
		}
		if key != "subdir" && key != "directory_name" && key != "destination" && key != "contrib_destination" && key != "type" {
			return v.Pos.Refuse("%s cannot be a default", quote(key))
		}
		if err := p.read(key, v); err != nil {
			return err
		}
	}
	return p.check()
}

// pathPart is a directory's name. What begins with a dot is hidden, what begins
// with a dash is an option to programs.
var pathPart = regexp.MustCompile(`^[A-Za-z0-9_@+][A-Za-z0-9_.@+ -]{0,127}$`)

// setPath takes a relative path that stays below where it begins.
func setPath(to *string, v *Node) error {
	if v.Null || v.Text == "" {
		*to = ""
		return nil
	}
	clean := strings.TrimSuffix(v.Text, "/")
	parts := strings.Split(clean, "/")
	bad := func(s string) bool { return !pathPart.MatchString(s) }
	if !localPath(v.Text) || slices.ContainsFunc(parts, bad) {
		return v.Pos.Refuse("%s is not a path inside the platform", quote(v.Text))
	}
	*to = path.Clean(clean)
	return nil
}

func isTrue(s string) bool {
	return slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(s))
}

func isFalse(s string) bool {
	return slices.Contains([]string{"0", "false", "no", "off"}, strings.ToLower(s))
}
