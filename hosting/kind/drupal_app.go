package kind

import (
	"path"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// App implements hosting.Kind. Sites are kept apart as Drupal's own multisite
// does, with one directory each, but the directory of every site is
// sites/default of its own view of the platform, and the lookup by host name is
// off: a platform that has directories of other sites cannot serve one of them
// by accident, and code and settings of a site do not depend on its address.
//
// Of what distrobot.yml says, paths and tables are added to ours, commands run
// after ours, a check takes the place of ours, and a template for settings.php
// takes the place of ours too. A platform adds to the settings of all its sites
// with sites/default/settings.platform.php, and whoever administers the machine
// to those of one site with settings.local.php in its directory of shared data;
// neither can name another database.
func (drupal) App(t hosting.Tree) hosting.App {
	a := appOf(t)
	in, err := openTree(t)
	if err != nil {
		return a
	}
	defer in.Close()
	c, found := drupalIn(in)
	if !found {
		return a // a checkout that Composer has yet to fill
	}
	s := codeOf(in, c)
	s.uploads = path.Join(c.docroot, "sites/default/files")
	a = s.app(a)
	a.Found = func(uri fleet.URI) (hosting.Existing, error) { return s.found(t.Dir, uri) }
	if c.floor == 0 {
		return s.drupal7(a)
	}
	return s.drupal8(a)
}

// A siteCode is what the programs and settings of sites need to know of a tree
// of Drupal or Backdrop.
type siteCode struct {
	core
	spec    hosting.Spec
	profile string   // that a new site is installed with
	uploads string   // directory, relative to the tree
	dirs    []string // below sites/, other than default and all
	sites   bool     // has a sites/sites.php
	drush   bool     // in vendor, of a release that knows this Drupal
	sync    string   // directory of configuration to import that the tree brings; "" if none
	driver  bool     // the database drivers are modules of core
}

// drushScript is drush where Composer puts it. It is run by its PHP file: the
// one in vendor/bin is a shell script in some releases.
const drushScript = "vendor/drush/drush/drush.php"

func codeOf(in tree, c core) siteCode {
	s := siteCode{core: c, spec: in.spec}
	sites := path.Join(c.docroot, "sites")
	for _, e := range in.entries(sites) {
		if e.IsDir() && e.Name() != "default" && e.Name() != "all" {
			s.dirs = append(s.dirs, e.Name())
		}
	}
	s.sites = in.isFile(path.Join(sites, "sites.php"))
	s.drush = c.floor > 0 && in.isFile(drushScript)
	s.driver = in.isFile(path.Join(c.docroot, "core/modules/mysql/mysql.info.yml"))
	if dir := "config/sync"; in.isFile(path.Join(dir, "core.extension.yml")) && c.docroot != "." {
		s.sync = dir
	}
	s.profile = s.profileIn(in)
	return s
}

// isFile reports whether the tree has a regular file of that name.
func (t tree) isFile(name string) bool {
	info, err := t.root.Stat(path.Clean(name))
	return err == nil && info.Mode().IsRegular()
}

// privateDir is the site's own directory that nobody can see: private files,
// temporary files, compiled templates. Web servers serve no dot files; below a
// docroot that is a directory of the tree it is outside of that anyway.
const privateDir = ".private"

// app is what Drupal and Backdrop have in common.
func (s siteCode) app(a hosting.App) hosting.App {
	a.Docroot, a.PHP, a.Rename = s.docroot, true, s.rename
	a.Shared = addPaths(a, a.Shared, s.uploads, privateDir)
	if a.Check == (hosting.Check{Path: "/", Status: 200}) || a.Check == (hosting.Check{}) {
		a.Check = pageCheck
	}
	if a.Database == nil {
		a.Database = &hosting.Need{Engine: "mysql"}
	}
	a.Database = &hosting.Need{
		Engine:   a.Database.Engine,
		Volatile: slices.Concat(volatileTables, a.Database.Volatile),
		Ignored:  slices.Concat(volatileTables, ignoredTables, a.Database.Ignored),
	}
	return a
}

// pageCheck is what the front page of a healthy site answers to, whatever its
// theme. What it has to refuse: an answer without a body with which PHP ends
// when a fatal error is not shown; the page of maintenance, which is 503; and
// the way to the installer with which a database or a site's directory that is
// not found ends, which is 302. A site whose front page is not public, or is
// elsewhere, says so in distrobot.yml.
var pageCheck = hosting.Check{Path: "/", Status: 200, MinBytes: 500, Marker: "</html>"}

// volatileTables hold what the CMS makes anew, or what no copy may have:
// caches of core and contributed modules, all of which begin so, and semaphore,
// whose rows are locks of processes that do not run in the copy.
//
// cachetags of Drupal 8 is not among them: it counts invalidations, and entries
// that outlive the copy in a cache elsewhere, such as Redis, would seem valid
// again if it began at zero.
var volatileTables = []string{"cache", "cache_*", "semaphore"}

// ignoredTables are written to by merely looking at a site, or by the CMS for
// itself: nobody would miss such rows after going back to the old copy.
//
//   - sessions, history (what a user has seen), flood (attempts to log in),
//     watchdog and accesslog (logs), node_counter (visits)
//   - batch, key_value_expire, tempstore and ctools_object_cache: forms that are
//     being filled in; they expire
//   - cachetags, router, ctools_css_cache and the search index: derived from
//     other tables, which count
//
// queue counts: its rows can be work that a visitor asked for.
var ignoredTables = []string{
	"sessions", "history", "flood", "watchdog", "accesslog", "node_counter",
	"batch", "key_value_expire", "tempstore", "ctools_object_cache",
	"cachetags", "router", "ctools_css_cache",
	"search_dataset", "search_index", "search_total", "search_node_links",
}

// addPaths adds paths of ours to those of a specification, which may have named
// them, or a directory around them, as shared or as versioned.
func addPaths(a hosting.App, list []string, add ...string) []string {
	out := slices.Clone(list)
	for _, p := range add {
		taken := slices.ContainsFunc(slices.Concat(a.Shared, a.Versioned), func(have string) bool {
			return hosting.Within(p, have) || hosting.Within(have, p)
		})
		if !taken {
			out = append(out, p)
		}
	}
	return out
}

// templated reports whether distrobot.yml renders a template to a settings file.
func (s siteCode) templated(to string) bool {
	for _, at := range s.spec.Settings {
		if path.Clean(at) == to {
			return true
		}
	}
	return false
}

// then makes a list of programs of ours and those of a specification.
func then(ours, theirs func(hosting.Place) []hosting.Program) func(hosting.Place) []hosting.Program {
	if theirs == nil {
		return ours
	}
	return func(p hosting.Place) []hosting.Program { return append(ours(p), theirs(p)...) }
}

// hosts are the host names of a site, without ports and paths.
func hosts(p hosting.Place) []string {
	var out []string
	add := func(address string) {
		host, _, _ := strings.Cut(address, "/")
		if i := strings.LastIndexByte(host, ':'); i >= 0 && digitsOnly(host[i+1:]) {
			host = host[:i]
		}
		if !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	add(string(p.URI))
	for _, alias := range p.Aliases {
		add(string(alias))
	}
	return out
}
