package lamp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// layWordPress takes the tree of Debian's package without what ties it to a
// Debian system: links to other packages (WordPress runs without them) and the
// settings that choose a configuration in /etc.
func layWordPress(unpacked, tree string) error {
	if err := os.Rename(filepath.Join(unpacked, "usr/share/wordpress"), tree); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(tree, "wp-config.php")); err != nil {
		return err
	}
	if err := withoutCoreUpdate(filepath.Join(tree, "wp-admin/includes/update.php")); err != nil {
		return err
	}
	return outwardLinks(tree, func(link, _ string) error { return os.Remove(link) })
}

// withoutCoreUpdate takes back a line that Debian once added: it reads a constant
// of Debian's own settings, and is fatal without them on PHP 8.
func withoutCoreUpdate(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	added := []byte("\tif ( !constant('WP_CORE_UPDATE') )\n\t\treturn false;\n")
	return os.WriteFile(path, bytes.Replace(text, added, nil, 1), 0o644)
}

// carryThemes copies the themes of the version before that a tree lacks.
func carryThemes(previous, tree string) error {
	themes := filepath.Join(previous, "wp-content/themes")
	all, err := os.ReadDir(themes)
	if err != nil {
		return err
	}
	for _, theme := range all {
		to := filepath.Join(tree, "wp-content/themes", theme.Name())
		if _, err := os.Lstat(to); err == nil || !theme.IsDir() {
			continue
		}
		if err := os.CopyFS(to, os.DirFS(filepath.Join(themes, theme.Name()))); err != nil {
			return err
		}
	}
	return nil
}

// layMediaWiki puts the shipped extensions where MediaWiki has them and replaces
// links into the package's other directories by what they lead to.
func layMediaWiki(unpacked, tree string) error {
	if err := os.Rename(filepath.Join(unpacked, "usr/share/mediawiki"), tree); err != nil {
		return err
	}
	for _, name := range []string{"extensions", "config", "images", "LocalSettings.php"} {
		if err := os.Remove(filepath.Join(tree, name)); err != nil { // links all
			return err
		}
	}
	if err := os.Rename(filepath.Join(tree, "extensions-core"), filepath.Join(tree, "extensions")); err != nil {
		return err
	}
	return outwardLinks(tree, func(link, target string) error {
		from := filepath.Join(unpacked, target)
		info, err := os.Stat(from)
		if removed := os.Remove(link); err != nil || removed != nil {
			return removed
		}
		if info.IsDir() {
			return os.CopyFS(link, os.DirFS(from))
		}
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(link, content, info.Mode().Perm())
	})
}

// outwardLinks calls do for each link of a tree that is absolute, leads out of it
// or nowhere.
func outwardLinks(tree string, do func(link, target string) error) error {
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return err
		}
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		end := filepath.Join(filepath.Dir(path), target)
		_, err = os.Stat(path)
		if !filepath.IsAbs(target) && strings.HasPrefix(end, tree+"/") && err == nil {
			return nil
		}
		return do(path, target)
	})
}

// tagOf reads a version from a file of a tree by the first group of pattern.
func tagOf(file, pattern string) func(tree string) (string, error) {
	return func(tree string) (string, error) {
		text, err := os.ReadFile(filepath.Join(tree, file))
		if err != nil {
			return "", err
		}
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			return "", fmt.Errorf("%s does not say its version", file)
		}
		if v := string(m[1]); !strings.ContainsAny(v, " -+") {
			return v, nil
		}
		return "", errors.New("the version is no plain release")
	}
}
