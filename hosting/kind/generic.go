package kind

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// generic knows nothing of a site but what its distrobot.yml says, and reads
// the packages of a tree where the common tools leave them: composer.lock,
// package-lock.json, and the manifests of the tree and of the directories
// right below packages/ and modules/.
type generic struct{}

// Name implements hosting.Kind.
func (generic) Name() fleet.KindName { return "generic" }

// Detect implements hosting.Kind: everything is generic.
func (generic) Detect(hosting.Tree) bool { return true }

// App implements hosting.Kind.
func (generic) App(t hosting.Tree) hosting.App { return appOf(t) }

// Read implements hosting.Kind. A file that is not what its name says is left
// out: which packages are in a tree is for people to see, not to rely on.
func (generic) Read(ctx context.Context, t hosting.Tree) (fleet.PlatformFacts, error) {
	in, err := openTree(t)
	if err != nil {
		return fleet.PlatformFacts{}, err
	}
	defer in.Close()
	r := reader{tree: in, found: map[string]fleet.Package{}}
	facts := fleet.PlatformFacts{PHP: t.Spec.PHP}
	r.composerLock("composer.lock")
	r.npmLock("package-lock.json")
	if top, ok := r.manifest("composer.json"); ok {
		r.add(fleet.Package{Name: top.Name, Type: "application", Version: top.Version, Licence: string(top.Licence)})
		if facts.PHP == "" {
			facts.PHP = fleet.Clean(top.Require["php"], 60)
		}
	}
	for _, dir := range []string{"packages", "modules"} {
		for _, name := range r.dirs(dir) {
			if ctx.Err() != nil {
				return facts, context.Cause(ctx)
			}
			if m, ok := r.manifest(path.Join(dir, name, "composer.json")); ok {
				r.add(fleet.Package{Name: orName(m.Name, name), Type: typeOf(m.Type), Version: m.Version, Licence: string(m.Licence)})
			}
		}
	}
	for _, p := range r.found {
		facts.Packages = append(facts.Packages, p)
	}
	slices.SortFunc(facts.Packages, func(a, b fleet.Package) int {
		return strings.Compare(a.Type+"\x00"+a.Name, b.Type+"\x00"+b.Name)
	})
	return facts, nil
}

// A reader gathers packages; the first mention of a name counts.
type reader struct {
	tree
	found map[string]fleet.Package
}

// A manifest is what is read of composer.json, and of a package in a lock file.
type manifest struct {
	Name    string            `json:"name"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	Require map[string]string `json:"require"`
	Licence licence           `json:"license"`
}

func (r *reader) add(p fleet.Package) {
	name := fleet.Clean(p.Name, 120)
	if _, ok := r.found[name]; ok || name == "" || len(r.found) >= maxPackages {
		return
	}
	version := strings.TrimPrefix(fleet.Clean(p.Version, 60), "v")
	r.found[name] = fleet.Package{Name: name, Type: p.Type, Version: version, Licence: fleet.Clean(p.Licence, maxLicence)}
}

func (r *reader) manifest(name string) (manifest, bool) {
	// Some manifests have "require": [] where PHP made it of an empty array.
	var loose struct {
		manifest
		Require json.RawMessage `json:"require"`
	}
	if !r.json(name, &loose) {
		return manifest{}, false
	}
	m := loose.manifest
	_ = json.Unmarshal(loose.Require, &m.Require)
	return m, true
}

// composerLock reads the packages that are installed in production.
func (r *reader) composerLock(name string) {
	var lock struct {
		Packages []struct {
			Name    string  `json:"name"`
			Type    string  `json:"type"`
			Version string  `json:"version"`
			Licence licence `json:"license"`
		} `json:"packages"`
	}
	if r.json(name, &lock) {
		for _, p := range lock.Packages {
			r.add(fleet.Package{Name: p.Name, Type: typeOf(p.Type), Version: p.Version, Licence: string(p.Licence)})
		}
	}
}

// npmLock reads lock files of version 2 and 3, whose keys are directories.
func (r *reader) npmLock(name string) {
	var lock struct {
		Packages map[string]struct {
			Version string  `json:"version"`
			Dev     bool    `json:"dev"`
			Licence licence `json:"license"`
		} `json:"packages"`
	}
	if !r.json(name, &lock) {
		return
	}
	for dir, p := range lock.Packages {
		const modules = "node_modules/"
		if pkg, ok := strings.CutPrefix(dir, modules); ok && !p.Dev && !strings.Contains(pkg, modules) {
			r.add(fleet.Package{Name: pkg, Type: "library", Version: p.Version, Licence: string(p.Licence)})
		}
	}
}

// dirs lists the directories right below one of the tree.
func (r *reader) dirs(name string) []string {
	var out []string
	for _, e := range r.entries(name) {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

// typeOf says a composer type in the fleet's words.
func typeOf(t string) string {
	switch t {
	case "composer-plugin": // a plugin of the tool, not of the site
		return "library"
	case "wordpress-muplugin":
		return "mu-plugin"
	case "wordpress-dropin":
		return "drop-in"
	}
	for _, word := range []string{"module", "theme", "plugin", "profile"} {
		if strings.HasSuffix(t, word) {
			return word
		}
	}
	if strings.HasSuffix(t, "-core") {
		return "core"
	}
	return "library"
}

func orName(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
