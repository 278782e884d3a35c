package local

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// usedFile is where a site keeps the list: a path a line, relative to the view.
func (s site) usedFile() string { return s.path("used") }

// Bounds of the list, whose names come from a directory of the site's user.
const (
	maxUsedBytes = 1 << 20
	maxCached    = 40_000 // entries that are looked at
	maxUsedPath  = 512    // bytes
)

// used gives the PHP files that the site's programs used in the last update.
func (s site) used() []string {
	f, err := os.Open(s.usedFile())
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxUsedBytes))
	if err != nil {
		return nil
	}
	return usable(strings.Split(string(text), "\n"))
}

// usable leaves out of a list what is no plain path, and what is too much.
func usable(list []string) []string {
	var out []string
	for _, p := range list {
		if len(p) <= maxUsedPath && p != "." && fs.ValidPath(p) && !strings.ContainsFunc(p, func(r rune) bool { return r < ' ' }) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxUsed)]
}

// learn deletes the cache, and keeps the list of what is in it for the next time.
// The window is over then, or there was none.
func (s site) learn() {
	if list := s.inCache(); len(list) > 0 {
		text := bytes.NewBufferString(strings.Join(list, "\n"))
		if text.Len() < maxUsedBytes {
			_ = renameio.WriteFile(s.usedFile(), append(text.Bytes(), '\n'), 0o644) // a help, nothing to fail for
		}
	}
	s.uncache()
}

var errEnough = errors.New("too many files")

// inCache lists the files of the copies' views that the cache holds: PHP names
// its files by its own version and the path of the source,
// files/ID/DATA/sites/SITE/gen/N/root/index.php.bin.
func (s site) inCache() []string {
	root, err := os.OpenRoot(filepath.Join(s.compiled(), cacheFiles))
	if err != nil {
		return nil
	}
	defer root.Close()
	gens, err := filepath.EvalSymlinks(s.path("gen"))
	if err != nil {
		return nil
	}
	var list []string
	seen := 0
	views, _ := fs.Glob(root.FS(), path.Join("*", escaped(filepath.ToSlash(gens)), "*", "root"))
	for _, view := range views {
		// What cannot be read is not listed.
		_ = fs.WalkDir(root.FS(), view, func(p string, d fs.DirEntry, err error) error {
			if seen++; seen > maxCached {
				return errEnough
			}
			if rel, ok := strings.CutSuffix(p, ".bin"); err == nil && ok && d.Type().IsRegular() {
				list = append(list, strings.TrimPrefix(rel, view+"/"))
			}
			return nil
		})
	}
	return usable(list)
}

// escaped is a path as a pattern that it alone matches.
func escaped(p string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(p)
}
