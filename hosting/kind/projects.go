package kind

import (
	"path"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A grouping makes packages of extensions: what is released together, and so
// has one version, is one package with parts. Otherwise every release of core
// would be eighty rows of a comparison.
type grouping struct {
	core     fleet.Package // gets what comes with core
	composer composerTree
	inside   map[string]*project // extensions by directory
	made     []*project
	named    map[string]*project // by project of drupal.org
}

// A project is a package in the making.
type project struct {
	fleet.Package
	main extension
}

// group gives the packages of a code base with extensions: core, Composer's
// packages and projects.
func group(core fleet.Package, composer composerTree, all map[string]extension) packages {
	g := grouping{core: core, composer: composer, inside: map[string]*project{}, named: map[string]*project{}}
	owners := composer.owners()
	for _, e := range byPlace(all) {
		if placeholder(e.version) {
			e.version = core.Version
		}
		if e.core && core.Name != "" {
			g.core.Parts = append(g.core.Parts, e.name)
			continue
		}
		if i, ok := owners.of(e); ok {
			p := &g.composer.list[i].Package
			p.Parts = append(p.Parts, e.name)
			continue
		}
		g.place(e)
	}
	list := packages{}
	list.add(g.core)
	for _, p := range g.composer.list {
		if p.Package.Name != g.core.Name {
			list.add(p.Package)
		}
	}
	for _, p := range g.made {
		list.add(p.Package)
	}
	return list
}

// place puts an extension into the project it belongs to, or begins one.
func (g *grouping) place(e extension) {
	p := g.named[e.project]
	if e.project == "" {
		p = g.around(e)
	}
	if p == nil || cleanVersion(e.version) != cleanVersion(p.main.version) {
		p = &project{main: e, Package: fleet.Package{Name: e.name, Type: e.word, Version: e.version, Patches: e.patches}}
		g.made = append(g.made, p)
		if e.project != "" && g.named[e.project] == nil {
			g.named[e.project] = p
			p.Package.Name = e.project
		}
	} else if e.name == p.Package.Name {
		p.Type = e.word // the extension that gave the project its name
	}
	if e.name != p.Package.Name {
		p.Parts = append(p.Parts, e.name)
	}
	if g.inside[e.dir] == nil {
		g.inside[e.dir] = p
	}
}

// around finds the project whose directory an extension stands in. What a
// profile gathers below a directory "contrib" is not part of the profile.
func (g *grouping) around(e extension) *project {
	for dir := e.dir; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if p := g.inside[dir]; p != nil {
			return p
		}
		if path.Base(dir) == "contrib" {
			return nil
		}
	}
	return nil
}

// owners finds Composer's package of an extension.
type owners struct {
	dirs  map[string]int // by directory, where installed.json says it
	names map[string]int // by short name, of packages without a directory
}

func (c composerTree) owners() owners {
	o := owners{map[string]int{}, map[string]int{}}
	for i, p := range c.list {
		switch {
		case !strings.HasPrefix(p.word, "drupal-") || p.word == "drupal-core":
		case p.dir != "":
			o.dirs[p.dir] = i
		default:
			o.names[p.Name[strings.LastIndexByte(p.Name, '/')+1:]] = i
		}
	}
	return o
}

// of walks up from the extension's directory.
func (o owners) of(e extension) (int, bool) {
	for dir := e.dir; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if i, ok := o.dirs[dir]; ok {
			return i, true
		}
		parent := path.Base(path.Dir(dir))
		if i, ok := o.names[path.Base(dir)]; ok && (parent == "contrib" || parent == "custom" || containers[parent] != "") {
			return i, true
		}
	}
	return 0, false
}
