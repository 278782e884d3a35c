package kind

import (
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// wordpress is WordPress as it is released, and in the layouts that Composer
// makes of it, where core has a directory of its own below the docroot.
//
// A platform is the code: core, plugins, themes, must-use plugins and drop-ins,
// read-only. Plugins and themes are not installed by sites, they come with the
// platform. A site is three things more:
//
//   - wp-config.php, written for each of its generations with its database, its
//     keys and salts (the same for ever, so that nobody is logged out), its
//     address, and what being hosted means: no updates by itself, no cron by
//     visits, no writing of code. A rehearsal sends no mail and asks nobody.
//   - wp-content/uploads, which all generations share.
//   - a database, of which each generation has its own.
//
// A distribution can say more in its distrobot.yml:
//
//	shared: [wp-content/cache]       # besides the uploads: what plugins write to
//	check: {path: /shop, marker: "</html>"}
//	database: {volatile: ["*_statistics"], ignored: ["*_hits"]}
//	update: [[php, shop/migrate.php]]            # after the database's own update
//	settings: {wp-config.in: wp-config.php}      # in place of ours: a network, ...
//
// A wp-config.php in the code base is kept if it takes its values from the
// environment, as Bedrock's does; one with values of its own is refused.
//
// New sites have one administrator, "admin", whose password is the secret
// admin_password of the site; whoever wants in asks for a one-time link. Database
// updates are those of wp-admin/upgrade.php, for every site of a network, done by
// a script on the command line (wp-cli does it where there is one): it refuses to
// go back before it writes, and believes neither WordPress nor wp-cli that they
// have arrived. Plugins bring their own tables up when they are first loaded,
// which is in the check.
//
// Without running WordPress its database says which themes and plugins are in
// use and which version it has (Inspect), and its wp-config.php where the
// database is (Found).
type wordpress struct{}

// Where core and content are found below a docroot: as released, and in the
// layout of the Bedrock project, with its common variants.
var (
	wordpressCores    = []string{".", "wp", "wordpress", "core"}
	wordpressContents = []string{"wp-content", "app", "content"}
)

// wordpressPackages are names of core in composer.json.
var wordpressPackages = []string{"roots/wordpress", "johnpbloch/wordpress", "johnpbloch/wordpress-core", "roots/wordpress-no-content"}

// Name implements hosting.Kind.
func (wordpress) Name() fleet.KindName { return "wordpress" }

// Detect implements hosting.Kind.
func (k wordpress) Detect(t hosting.Tree) bool {
	in, err := openTree(t)
	if err != nil {
		return false
	}
	defer in.Close()
	_, found := k.core(in)
	return found || in.requires(wordpressPackages...)
}

// A wordpressCore is where a tree keeps WordPress and what its version.php says.
type wordpressCore struct {
	docroot  string
	dir      string // of core, below the docroot; "." in the layout of releases
	content  string // directory of plugins, themes and uploads, below the docroot
	hasIndex bool   // there is a front page in the docroot
	values   map[string]string
}

// core finds WordPress in a tree.
func (wordpress) core(in tree) (wordpressCore, bool) {
	var c wordpressCore
	docroot, found := in.find(func(docroot string) bool {
		for _, c.dir = range wordpressCores {
			c.values = phpValues(in.file(path.Join(docroot, c.dir, "wp-includes/version.php"), maxPHP))
			if c.values["$wp_version"] != "" {
				return true
			}
		}
		return false
	})
	c.docroot = docroot
	c.content = path.Join(c.dir, "wp-content")
	for _, dir := range wordpressContents {
		if found && in.entries(path.Join(docroot, dir)) != nil {
			c.content = dir
			break
		}
	}
	c.hasIndex = in.head(path.Join(docroot, "index.php"), 1) != nil
	return c, found
}

// below is where core is below the docroot, with slashes around.
func (c wordpressCore) below() string {
	if c.dir == "." {
		return "/"
	}
	return "/" + c.dir + "/"
}

// Read implements hosting.Kind. Packages have the names that a site's options
// know them by: a plugin's directory (or its file without .php), a theme's
// directory.
func (k wordpress) Read(ctx context.Context, t hosting.Tree) (fleet.PlatformFacts, error) {
	in, err := openTree(t)
	if err != nil {
		return fleet.PlatformFacts{}, err
	}
	defer in.Close()
	var facts fleet.PlatformFacts
	list := packages{}
	composer := in.composer()
	if c, ok := k.core(in); ok {
		facts.Docroot = c.docroot
		list.add(fleet.Package{Name: "wordpress", Type: "core", Version: c.values["$wp_version"]})
		facts.PHP = atLeast(c.values["$required_php_version"])
		if n, err := strconv.ParseInt(c.values["$wp_db_version"], 10, 64); err == nil && n > 0 {
			facts.Code = &fleet.CodeSchema{Core: "wordpress", Number: n}
			facts.Schema = facts.Code.SchemaText()
		}
		if err := k.content(ctx, in, path.Join(c.docroot, c.content), list); err != nil {
			return facts, err
		}
		// Bedrock registers the themes that core brings as well.
		k.themes(in, path.Join(c.docroot, c.dir, "wp-content/themes"), list)
	}
	composer.wordpress(list)
	facts.PHP = strictest(t.Spec.PHP, composer.php, facts.PHP)
	facts.Packages = list.sorted()
	return facts, nil
}

// content reads what a content directory holds.
func (k wordpress) content(ctx context.Context, in tree, dir string, list packages) error {
	for _, kind := range []struct{ dir, word string }{{"plugins", "plugin"}, {"mu-plugins", "mu-plugin"}} {
		at := path.Join(dir, kind.dir)
		for _, e := range in.entries(at) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if e.IsDir() {
				list.add(k.pluginDir(in, at, e.Name(), kind.word))
			} else {
				list.add(k.pluginFile(in, path.Join(at, e.Name()), kind.word))
			}
		}
	}
	k.themes(in, path.Join(dir, "themes"), list)
	for _, name := range []string{"advanced-cache", "db", "db-error", "install", "maintenance", "object-cache", "php-error", "fatal-error-handler", "sunrise"} {
		if head := in.head(path.Join(dir, name+".php"), maxHeader); head != nil {
			list.add(fleet.Package{Name: name, Type: "drop-in", Version: parseHeader(head)["version"]})
		}
	}
	return nil
}

// themes reads a directory of themes.
func (k wordpress) themes(in tree, at string, list packages) {
	for _, e := range in.entries(at) {
		if e.IsDir() {
			list.add(k.theme(in, at, e.Name()))
		}
	}
}

// pluginDir reads the plugin of a directory: of the files right in it that have
// a header, the one named like the directory counts first.
func (k wordpress) pluginDir(in tree, at, name, word string) fleet.Package {
	p := k.pluginFile(in, path.Join(at, name, name+".php"), word)
	for _, e := range in.entries(path.Join(at, name)) {
		if p.Name != "" {
			break
		}
		p = k.pluginFile(in, path.Join(at, name, e.Name()), word)
	}
	if p.Name != "" {
		p.Name = name
	}
	return p
}

// pluginFile reads the plugin of a file. A file without a header is none,
// except a must-use plugin, which needs no header to be run.
func (wordpress) pluginFile(in tree, at, word string) fleet.Package {
	base, isPHP := strings.CutSuffix(path.Base(at), ".php")
	if !isPHP || base == "index" {
		return fleet.Package{}
	}
	head := in.head(at, maxHeader)
	h := parseHeader(head)
	if _, ok := h["plugin name"]; !ok && (word != "mu-plugin" || head == nil || path.Base(path.Dir(at)) != "mu-plugins") {
		return fleet.Package{}
	}
	p := fleet.Package{Name: base, Type: word, Version: h["version"], Licence: h["license"]}
	for _, need := range strings.Split(h["requires plugins"], ",") {
		if need = strings.TrimSpace(need); need != "" {
			p.Needs = append(p.Needs, need)
		}
	}
	return p
}

// theme reads a theme's style.css. A child theme names its parent.
func (wordpress) theme(in tree, at, name string) fleet.Package {
	h := parseHeader(in.head(path.Join(at, name, "style.css"), maxHeader))
	if h["theme name"] == "" {
		return fleet.Package{}
	}
	p := fleet.Package{Name: name, Type: "theme", Version: h["version"], Licence: h["license"]}
	if parent := h["template"]; parent != "" && parent != name {
		p.Needs = []string{parent}
	}
	return p
}
