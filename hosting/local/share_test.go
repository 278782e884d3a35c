package local_test

import (
	"os"
	"path/filepath"
	"testing"
)

// Uploads are served by a web server that runs as another user; what lies
// outside the docroot, and each generation's own data, is for the site alone.
func TestWhoMayReadSharedPaths(t *testing.T) {
	b := newBackend(t)
	makeSite(t, b, "a.example", map[string]string{
		"distrobot.yml":      "version: 1\ndocroot: web\nshared: [web/files, web/empty, private, secret]\nversioned: [web/data]\n",
		"web/index.html":     "i",
		"web/files/deep/one": "1",
		"web/data/x":         "x",
		"secret/key":         "k",
	})
	for path, want := range map[string]os.FileMode{
		"shared/web/files": 0o755, "shared/web/files/deep": 0o755, "shared/web/files/deep/one": 0o644, "shared/web/empty": 0o755,
		"shared/private": 0o750, "shared/secret": 0o750, "shared/secret/key": 0o640, "live/versioned/web/data/x": 0o640,
	} {
		info, err := os.Stat(filepath.Join(b.Data, "sites/a.example", path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %o", path, info, err, want)
		}
	}
}
