package source_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// files serves content by path on loopback.
func files(t *testing.T, content map[string][]byte) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := content[r.URL.Path]
		switch {
		case strings.HasPrefix(r.URL.Path, "/to/"):
			http.Redirect(w, r, strings.TrimPrefix(r.URL.Path, "/to/")+"?"+r.URL.RawQuery, http.StatusFound)
		case !ok:
			http.NotFound(w, r)
		default:
			_, _ = w.Write(b)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestBuildFromGitAndDownloads(t *testing.T) {
	s := newShop(t)
	mod := s.git.Repo(t, "mod")
	first := mod.Commit("7.x-2.x", "first", map[string]string{"mod.module": "first\n", "mod.info": "name = Mod\n"})
	second := mod.Commit("7.x-2.x", "second", map[string]string{"mod.module": "second\n"})
	mod.AnnotatedTag("7.x-2.0", first, "2.0")
	zip := []byte(zipped(t, map[string]string{"__MACOSX/x": "x", "slider/js/slider.js": "slider\n"}))
	base := files(t, map[string][]byte{"/slider.zip": zip, "/lone.js": []byte("lone\n"), "/tar.tgz": tarball(t, "top", map[string]string{"a/b.txt": "b\n"})})
	text := bare + fmt.Sprintf(`
projects[mod][version] = 2.x-dev
projects[tagged][type] = theme
projects[tagged][download][url] = %[1]s
projects[tagged][download][tag] = 7.x-2.0
projects[revised][download][url] = %[1]s
projects[revised][download][revision] = %[2]s
projects[branched][download][url] = %[1]s
projects[branched][download][branch] = 7.x-2.x
projects[branched][download][revision] = %[3]s
libraries[slider][download][type] = get
libraries[slider][download][url] = %[4]s/slider.zip
libraries[slider][download][subtree] = slider/js
libraries[slider][download][sha256] = %[5]s
libraries[lone][download][type] = file
libraries[lone][download][url] = %[4]s/to/%[4]s/lone.js
libraries[lone][download][filename] = lone.js
libraries[lone][destination] = scripts
libraries[packed][download][type] = get
libraries[packed][download][url] = %[4]s/tar.tgz
libraries[packed][directory_name] = unpacked
`, mod.URL, first[:9], first, base, sum(zip))
	p := s.commit("distro.make", map[string]string{"distro.make": text})
	dir := s.mustBuild(p)
	want(t, dir, map[string]string{
		"sites/all/modules/mod/mod.module":      "second\n",
		"sites/all/themes/tagged/mod.module":    "first\n",
		"sites/all/modules/revised/mod.module":  "first\n",
		"sites/all/modules/branched/mod.module": "first\n",
		"sites/all/libraries/slider/slider.js":  "slider\n",
		"sites/all/scripts/lone/lone.js":        "lone\n",
		"sites/all/libraries/unpacked/a/b.txt":  "b\n",
		"sites/all/libraries/slider/__MACOSX":   "-",
		"sites/all/modules/mod/.git":            "-",
	})
	lock, err := os.ReadFile(filepath.Join(dir, makefile.LockFile))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(lock), second) || !strings.Contains(string(lock), sum(zip)) {
		t.Errorf("the lock lacks the commit of a branch or the checksum of a file:\n%s", lock)
	}
	if d, err := hosting.LockDigest(dir); err != nil || d != sum(lock) {
		t.Errorf("the digest of the lock is %q (%v)", d, err)
	}
	// The branch goes on; with the lock the build is what it was, bit by bit.
	mod.Commit("7.x-2.x", "third", map[string]string{"mod.module": "third\n"})
	other := newShop(t)
	other.opts.Releases, other.repo = s.opts.Releases, s.repo // another host: nothing is fetched yet
	locked := other.mustBuild(s.commit("distro.make", map[string]string{"distro.make": text, "distro.make.lock.json": string(lock)}))
	if a, b := digest(t, dir), digest(t, locked); a != b {
		t.Errorf("the same lock gives the trees %s and %s", a, b)
	}
	fresh := s.mustBuild(p) // that commit has no lock
	want(t, fresh, map[string]string{"sites/all/modules/mod/mod.module": "third\n"})
	// A lock for other words is noticed.
	_, err = other.build(s.commit("distro.make", map[string]string{"distro.make": strings.Replace(text, "subtree] = slider/js", "subtree] = slider", 1)}))
	if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), "The lock does not fit what the makefile says of slider") {
		t.Errorf("a stale lock gives %v", err)
	}
}

func TestProfilesBringTheirOwn(t *testing.T) {
	s := newShop(t)
	s.release("views-7.x-3.24", map[string]string{"views.module": "3.24\n"})
	s.release("views-7.x-3.0", map[string]string{"views.module": "3.0\n"})
	s.release("box-7.x-1.0", map[string]string{"box.module": "box\n", "box.make": "core = 7.x\napi = 2\nlibraries[boxjs][download][type] = copy\nlibraries[boxjs][download][url] = js\n", "js/box.js": "js\n"})
	s.release("full-7.x-1.0", map[string]string{"full.profile": "<?php\n", "drupal-org.make": "core = 7.x\napi = 2\nprojects[never] = 1.0\n"})
	profile := s.git.Repo(t, "openshop")
	profile.Commit("7.x-1.x", "first", map[string]string{"openshop.profile": "<?php\n", "fix.patch": "--- a/views.module\n+++ b/views.module\n@@ -1 +1 @@\n-3.24\n+fixed\n",
		"drupal-org.make": "core = 7.x\napi = 2\ndefaults[projects][subdir] = contrib\nprojects[views] = 3.24\nprojects[views][patch][] = fix.patch\nprojects[box] = 1.0\nprojects[own] = 9.9\n"})
	s.release("own-7.x-1.1", map[string]string{"own.module": "ours\n"})
	dir := s.mustBuild(s.commit("distro.make", map[string]string{"distro.make": bare + `
projects[openshop][type] = profile
projects[openshop][download][branch] = 7.x-1.x
projects[full] = 1.0
projects[own] = 1.1
`}))
	want(t, dir, map[string]string{
		"profiles/openshop/modules/contrib/views/views.module": "fixed\n",
		"profiles/openshop/modules/contrib/box/box.module":     "box\n",
		"profiles/openshop/libraries/boxjs/box.js":             "js\n",
		"profiles/full/full.profile":                           "<?php\n",
		"sites/all/modules/own/own.module":                     "ours\n", // the first definition wins
		"profiles/openshop/modules/contrib/own":                "-",
	})
}

func TestHostileMakefiles(t *testing.T) {
	s := newShop(t)
	good := tarball(t, "lib", map[string]string{"x.js": "x\n"})
	base := files(t, map[string][]byte{"/good.tgz": good, "/page.html": []byte("<html>not found</html>"),
		"/up.patch":   []byte("--- a/../../x\n+++ b/../../x\n@@ -0,0 +1 @@\n+x\n"),
		"/abs.patch":  []byte("--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+x\n"),
		"/git.patch":  []byte("--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n"),
		"/link.patch": []byte("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"),
		"/miss.patch": []byte("--- a/x.js\n+++ b/x.js\n@@ -1 +1 @@\n-other\n+y\n"),
		"/climb.tgz":  tarball(t, "..", map[string]string{"x.js": "x\n"}),
	})
	lib := func(url, more string) string {
		return bare + "libraries[lib][download][type] = get\nlibraries[lib][download][url] = " + url + "\n" + more
	}
	tests := []struct{ name, text, words string }{
		{"a wrong checksum", lib(base+"/good.tgz", "libraries[lib][download][md5] = 0123456789abcdef0123456789abcdef"), "line 4: The MD5 checksum of"},
		{"a redirect to another scheme", lib(base+"/to/file:///etc/passwd", "libraries[lib][download][filename] = x"), "file:// would read"},
		{"a page in the place of an archive", bare + "projects[m][download][type] = get\nprojects[m][download][url] = " + base + "/page.html", "is no archive"},
		{"nothing there", lib(base+"/none.tgz", ""), "does not give this file (status 404)"},
		{"an archive that climbs", lib(base+"/climb.tgz", ""), "which no archive may have"},
		{"no subtree", lib(base+"/good.tgz", "libraries[lib][download][subtree] = none"), "has no directory \"none\""},
		{"a patch that climbs", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/up.patch"), "line 6: The patch writes to"},
		{"an absolute patch", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/abs.patch"), "The patch writes to \"/etc/x\""},
		{"a patch of git's own", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/git.patch"), "The patch writes to"},
		{"a patch that links", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/link.patch"), "makes a link"},
		{"a patch that does not apply", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/miss.patch"), "does not apply"},
		{"a page in the place of a patch", lib(base+"/good.tgz", "libraries[lib][patch][] = "+base+"/page.html"), "This is not a patch"},
		{"a patch out of the repository", lib(base+"/good.tgz", "libraries[lib][patch][] = ../../../../../etc/passwd"), "There is no patch"},
		{"a copy out of the repository", bare + "libraries[l][download][type] = copy\nlibraries[l][download][url] = ../../..", "inside the repository"},
		{"one place for two", bare + "libraries[a][download][type] = get\nlibraries[a][download][url] = " + base + "/good.tgz\nlibraries[a][directory_name] = b\n" +
			"libraries[b][download][type] = get\nlibraries[b][download][url] = " + base + "/good.tgz", "where there is something already"},
		{"no core", "core = 7.x\napi = 2\n", "names no core"},
		{"no release", bare + "projects[views] = 9.9", "line 4: There is no release 7.x-9.9 of views"},
		{"a branch that is not there", bare + "projects[x][download][url] = " + s.repo.URL + "\nprojects[x][download][branch] = none", "has no refs/heads/none"},
		{"a commit that is not there", bare + "projects[x][download][url] = " + s.repo.URL + "\nprojects[x][download][revision] = 0123456789", "has no commit 0123456789"},
		{"a lock that is none", "lock", "is not right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := map[string]string{"distro.make": tt.text, "distro.make.lock.json": ""}
			if tt.text == "lock" {
				in = map[string]string{"distro.make": bare, "distro.make.lock.json": "{}x"}
			}
			dir, err := s.build(s.commit("distro.make", in))
			if fleet.CodeOf(err) == "" || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("error %v, want %q", err, tt.words)
			}
			if _, err := os.Lstat(dir); !os.IsNotExist(err) {
				t.Error("half a platform is left")
			}
		})
	}
}
