package kind

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A composerTree is what Composer knows of a tree.
type composerTree struct {
	php  string // what the project itself requires
	list []composerPackage
}

// A composerPackage is one installed package of Composer.
type composerPackage struct {
	fleet.Package
	word string // its type in Composer's words: "drupal-module"
	dir  string // where it is installed, relative to the tree; "" if unknown
}

// lockedPackage is a package as composer.lock and installed.json describe it.
type lockedPackage struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	Source  reference `json:"source"`
	Dist    reference `json:"dist"`
	Extra   loose     `json:"extra"`
	Path    string    `json:"install-path"`
	Licence licence   `json:"license"`
}

// reference is the commit of a source; some packages have none.
type reference struct {
	Reference string `json:"reference"`
}

// loose is an object that PHP writes as [] when it is empty.
type loose map[string]json.RawMessage

// UnmarshalJSON implements json.Unmarshaler: anything but an object is empty.
func (l *loose) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, (*map[string]json.RawMessage)(l))
}

// composerFile is composer.json or composer.lock, as far as it is read.
type composerFile struct {
	Name        string         `json:"name"`
	Require     loose          `json:"require"`
	Extra       loose          `json:"extra"`
	Packages    []composerItem `json:"packages"`
	PackagesDev []composerItem `json:"packages-dev"`
}

// composerItem tolerates an entry that is not a package.
type composerItem struct{ lockedPackage }

// UnmarshalJSON implements json.Unmarshaler.
func (c *composerItem) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &c.lockedPackage) != nil {
		c.lockedPackage = lockedPackage{}
	}
	return nil
}

// composer reads what Composer left in a tree: vendor/composer/installed.json,
// which says what is really there, else composer.lock. Packages for development
// are listed too, since they are installed and have their own faults.
func (t tree) composer() composerTree {
	var out composerTree
	var project, lock composerFile
	t.json("composer.json", &project)
	out.php = project.text("php")
	const vendor = "vendor"
	items := t.installed(vendor)
	if items == nil && t.json("composer.lock", &lock) {
		items = slices.Concat(lock.Packages, lock.PackagesDev)
	}
	patched := patchesOf(project.Extra["patches"])
	for _, item := range items[:min(len(items), maxPackages)] {
		if item.Name != "" {
			out.list = append(out.list, item.pack(vendor, patched[item.Name]))
		}
	}
	return out
}

// text gives a constraint of the project.
func (c composerFile) text(name string) string {
	var s string
	_ = json.Unmarshal(c.Require[name], &s)
	return s
}

// requires reports whether a tree's composer.json asks for one of the packages,
// or its composer.lock has one.
func (t tree) requires(names ...string) bool {
	var project, lock composerFile
	t.json("composer.json", &project)
	for _, name := range names {
		if _, ok := project.Require[name]; ok {
			return true
		}
	}
	t.json("composer.lock", &lock)
	return slices.ContainsFunc(lock.Packages, func(p composerItem) bool { return slices.Contains(names, p.Name) })
}

// installed reads installed.json: an object since Composer 2, a plain list
// before. It gives nil without the file.
func (t tree) installed(vendor string) []composerItem {
	b := t.file(path.Join(vendor, "composer/installed.json"), maxManifest)
	if b == nil {
		return nil
	}
	var v2 composerFile
	if json.Unmarshal(b, &v2) == nil {
		return v2.Packages
	}
	var v1 []composerItem
	_ = json.Unmarshal(b, &v1)
	return v1
}

// pack makes a package of an entry. A development line is told from another day
// of itself by its commit.
func (p lockedPackage) pack(vendor string, patches []string) composerPackage {
	version := cleanVersion(p.Version)
	if ref := cmp.Or(p.Source.Reference, p.Dist.Reference); developing(version) && len(ref) >= 7 {
		version += "#" + ref[:7]
	}
	if applied := patchTexts(p.Extra["patches_applied"]); len(applied) > 0 {
		patches = applied
	}
	out := composerPackage{
		Package: fleet.Package{Name: p.Name, Type: typeOf(p.Type), Version: version, Patches: patches, Licence: string(p.Licence)},
		word:    p.Type,
	}
	if p.Path != "" {
		out.dir = path.Join(vendor, "composer", p.Path)
	}
	return out
}

// developing reports whether a version names a line, not a release.
func developing(version string) bool {
	return strings.HasPrefix(version, "dev-") || strings.HasSuffix(version, "-dev")
}

// patchesOf reads extra.patches of composer.json: by package, either a map of
// descriptions to addresses or a list of objects.
func patchesOf(raw json.RawMessage) map[string][]string {
	var by loose
	_ = json.Unmarshal(raw, &by)
	out := map[string][]string{}
	for name, list := range by {
		out[name] = patchTexts(list)
	}
	return out
}

// patchTexts gives what people call the patches of one package, sorted.
func patchTexts(raw json.RawMessage) []string {
	var out []string
	var described map[string]json.RawMessage
	var listed []struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	switch {
	case json.Unmarshal(raw, &described) == nil:
		for text := range described {
			out = append(out, text)
		}
	case json.Unmarshal(raw, &listed) == nil:
		for _, p := range listed {
			out = append(out, cmp.Or(p.Description, p.URL))
		}
	}
	slices.Sort(out)
	return out
}

// wordpress adds Composer's packages to those that were found as files. Plugins
// and themes are known by their directories, which is what sites call them.
func (c composerTree) wordpress(list packages) {
	for _, p := range c.list {
		short := p.Name[strings.LastIndexByte(p.Name, '/')+1:]
		switch {
		case slices.Contains(wordpressPackages, p.Name):
			p.Package.Name, p.Type = "wordpress", "core"
		case strings.HasPrefix(p.word, "wordpress-"):
			p.Package.Name = short
		}
		key := packageKey{p.Type, p.Package.Name}
		if have, ok := list[key]; ok {
			have.Patches = cleanList(p.Patches, maxPatches)
			have.Licence = cmp.Or(have.Licence, fleet.Clean(p.Licence, maxLicence))
			list[key] = have
			continue
		}
		list.add(p.Package)
	}
}
