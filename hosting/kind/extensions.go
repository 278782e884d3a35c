package kind

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
)

// An extension is a module, theme, profile or layout of Drupal or Backdrop.
type extension struct {
	name    string // machine name, unique in a code base
	word    string // "module", "theme", "profile", "layout"
	dir     string // where it stands, relative to the tree
	version string // as declared; "VERSION" and "BACKDROP_VERSION" stand for core's
	project string // on drupal.org; "" if nothing says so
	core    bool   // comes with core
	rank    int    // of two with one name, the higher one is used
	patches []string
}

// A flavour is how one family of CMS lays out its extensions.
type flavour struct {
	suffix string // of descriptions: ".info" or ".info.yml"
	parse  func([]byte) info
	core   string // directory of core below the docroot, "." for Drupal 7
	// skips are directories in which no extension is looked for, as the CMS
	// itself does not.
	skips []string
}

// The flavours. The lists of skipped directories are those of Drupal's
// RecursiveExtensionFilterCallback, of drupal_system_listing and of Backdrop's
// system_listing, and directories of tests.
var (
	drupal7 = flavour{".info", parseIni, ".", []string{"CVS", "lib", "templates", "css", "js"}}
	drupal8 = flavour{".info.yml", parseInfoYAML, "core", []string{"src", "lib", "assets", "css", "files",
		"images", "js", "misc", "templates", "includes", "fixtures", "Drupal"}}
	backdrop1 = flavour{".info", parseIni, "core", []string{"CVS", "lib", "templates", "css", "js"}}
)

// containers are the directories that hold extensions, and the word for one.
var containers = map[string]string{"modules": "module", "themes": "theme", "profiles": "profile", "layouts": "layout"}

// A harvest is what a walk over a code base found.
type harvest struct {
	flavour
	tree
	docroot string
	infos   []string
	files   map[string]bool // .install, .post_update.php and PATCHES.txt
}

// harvestOf walks the directories that may hold extensions, once.
func (f flavour) harvestOf(ctx context.Context, in tree, docroot string) (harvest, error) {
	h := harvest{flavour: f, tree: in, docroot: docroot, files: map[string]bool{}}
	var dirs []string
	for name := range containers {
		dirs = append(dirs, path.Join(docroot, name))
		if f.core != "." {
			dirs = append(dirs, path.Join(docroot, f.core, name))
		}
		for _, site := range in.entries(path.Join(docroot, "sites")) {
			if site.IsDir() {
				dirs = append(dirs, path.Join(docroot, "sites", site.Name(), name))
			}
		}
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		if err := in.walk(ctx, dir, h.skip, h.visit); err != nil {
			return h, err
		}
	}
	return h, nil
}

// skip leaves out tests, foreign packages and what the CMS skips itself.
// Drupal's module named config is found although directories of that name are
// not looked into.
func (h *harvest) skip(at string) bool {
	name := path.Base(at)
	switch {
	case name[0] == '.', name == "tests", name == "node_modules", name == "vendor", name == "bower_components":
		return true
	case name == "config" && h.suffix == drupal8.suffix:
		return containers[path.Base(path.Dir(at))] == ""
	}
	return slices.Contains(h.skips, name)
}

func (h *harvest) visit(at string) {
	switch {
	case strings.HasSuffix(at, h.suffix):
		if len(h.infos) < maxPackages {
			h.infos = append(h.infos, at)
		}
	case strings.HasSuffix(at, ".install"), strings.HasSuffix(at, ".post_update.php"), path.Base(at) == "PATCHES.txt":
		h.files[at] = true
	}
}

// extensions reads the descriptions. Of two extensions with one name the one
// the CMS would use is kept.
func (h *harvest) extensions(ctx context.Context) (map[string]extension, error) {
	out := map[string]extension{}
	for _, at := range h.infos {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		e, ok := h.extension(at)
		if !ok {
			continue
		}
		if have, twice := out[e.name]; !twice || e.rank >= have.rank {
			out[e.name] = e
		}
	}
	return out, nil
}

// extension reads one description.
func (h *harvest) extension(at string) (extension, bool) {
	b := h.file(at, maxInfo)
	d := h.parse(b)
	e := extension{
		name: strings.TrimSuffix(path.Base(at), h.suffix), dir: path.Dir(at),
		version: d["version"], project: d["project"], word: d["type"],
	}
	if b == nil || !machineName(e.name) || d["package"] == "Testing" {
		return e, false
	}
	if h.suffix == drupal8.suffix && e.word == "" {
		return e, false // Drupal refuses to read it as well
	}
	if e.word == "" || e.word == "theme-engine" {
		e.word = h.wordOf(e.dir)
	}
	e.rank = h.rankOf(e.dir)
	e.core = e.project == "drupal" || e.project == "backdrop" || e.rank == 0 && (h.core != "." || e.version == "" || placeholder(e.version))
	if patches := path.Join(e.dir, "PATCHES.txt"); h.files[patches] {
		e.patches = parsePatches(h.file(patches, maxInfo))
	}
	return e, true
}

// wordOf tells what an extension is from the nearest directory that says so.
func (h *harvest) wordOf(dir string) string {
	for dir = path.Dir(dir); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if word := containers[path.Base(dir)]; word != "" {
			return word
		}
	}
	return "module"
}

// rankOf orders the places of extensions as the CMS does: core, profiles,
// everything for all sites, and what belongs to one site.
func (h *harvest) rankOf(dir string) int {
	rel := strings.TrimPrefix(dir, strings.TrimPrefix(h.docroot+"/", "./"))
	first, rest, _ := strings.Cut(rel, "/")
	switch {
	case first == "sites" && strings.HasPrefix(rest, "all/"):
		return 2
	case first == "sites":
		return 4
	case h.core != "." && first == h.core:
		return 0
	case first == "profiles" && strings.Count(rest, "/") > 0:
		return 1
	case h.core == ".":
		return 0
	}
	return 3
}

// placeholder reports whether a version stands for core's.
func placeholder(version string) bool { return version == "VERSION" || version == "BACKDROP_VERSION" }

// machineName reports whether a name can be a PHP function's prefix, which
// names of extensions must be.
func machineName(name string) bool {
	return name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// parsePatches reads the list that drush make leaves in a patched project:
// "- ADDRESS" lines.
func parsePatches(b []byte) []string {
	var out []string
	for line := range lines(b) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			out = append(out, rest)
		}
	}
	slices.Sort(out)
	return out
}

// byPlace gives extensions ordered by directory, then by name: what stands
// inside another comes after it.
func byPlace(all map[string]extension) []extension {
	out := make([]extension, 0, len(all))
	for _, e := range all {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b extension) int {
		return cmp.Or(strings.Compare(a.dir, b.dir), strings.Compare(a.name, b.name))
	})
	return out
}
