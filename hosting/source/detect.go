package source

import (
	"os"
	"regexp"

	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// themeInfo is what only themes say in a Drupal 7 .info file.
var themeInfo = regexp.MustCompile(`(?m)^\s*(engine|base theme|regions\[[^\]]*\]|stylesheets\[[^\]]*\]\[\])\s*=`)

// typeInfo is the type in the .info.yml file of Drupal 8 and later.
var typeInfo = regexp.MustCompile(`(?m)^type:\s*['"]?(module|theme|profile)['"]?\s*$`)

// detect tells from the files of a project what it is, where the makefile does
// not say so: drush asks the release service, which an archive does not need.
// What gives no sign is a module.
func detect(dir, name string) makefile.Kind {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return makefile.Module
	}
	defer root.Close()
	has := func(file string) bool {
		info, err := root.Lstat(file)
		return err == nil && info.Mode().IsRegular()
	}
	t := &tree{root: root}
	if b, err := t.ReadFile(name+".info.yml", 1<<20); err == nil {
		if m := typeInfo.FindSubmatch(b); m != nil {
			return makefile.Kind(m[1])
		}
	}
	switch {
	case has("includes/bootstrap.inc") && has("index.php"), has("core/lib/Drupal.php") && has("index.php"):
		return makefile.CoreKind
	case has(name + ".profile"):
		return makefile.Profile
	case has(name + ".module"):
		return makefile.Module
	}
	if b, err := t.ReadFile(name+".info", 1<<20); err == nil && (has("template.php") || themeInfo.Match(b)) {
		return makefile.Theme
	}
	return makefile.Module
}
