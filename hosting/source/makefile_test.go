package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
)

// A shop is a git server with a distribution's repository, a directory of
// releases, and the source under test over both.
type shop struct {
	t        *testing.T
	git      *mirrortest.Server
	repo     *mirrortest.Repo
	releases string
	opts     source.Options
	log      []string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, git: mirrortest.Serve(t), releases: t.TempDir()}
	s.repo = s.git.Repo(t, "distro")
	policy := mirror.Policy{AllowPrivate: true, AllowHTTP: true}
	s.opts = source.Options{
		Mirrors: &mirror.Store{Dir: t.TempDir(), Policy: policy}, Lister: mirror.NewLister(policy), Files: mirror.NewDownloader(policy),
		Releases: source.Releases{Archive: s.releases, Git: s.git.URL + "/{name}.git"},
	}
	t.Cleanup(s.opts.Lister.Close)
	t.Cleanup(s.opts.Files.Close)
	s.release("drupal-7.98", map[string]string{"index.php": "<?php core 7.98\n", "includes/bootstrap.inc": "<?php\n", "sites/all/README.txt": "here\n"})
	return s
}

// release puts an archive with one directory around everything into the
// directory of releases.
func (s *shop) release(name string, files map[string]string) {
	s.t.Helper()
	project, _, _ := strings.Cut(name, "-")
	if err := os.WriteFile(filepath.Join(s.releases, name+".tar.gz"), tarball(s.t, project, files), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func tarball(t testing.TB, top string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		h := &tar.Header{Name: filepath.Join(top, name), Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// commit puts files into the distribution's repository and gives the platform
// that is built from it by the makefile called path.
func (s *shop) commit(path string, files map[string]string) fleet.Platform {
	s.t.Helper()
	hash := s.repo.Commit("main", "change", files)
	return fleet.Platform{Name: "shop-1", URL: s.repo.URL, Source: fleet.Source{Type: "makefile", Path: path},
		Ref: fleet.Ref{Name: "refs/heads/main", Hash: hash, Commit: hash}}
}

// build runs the source and gives the tree it left.
func (s *shop) build(p fleet.Platform) (string, error) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "stage")
	for _, src := range source.All(s.opts) {
		if src.Type() == p.Source.Type {
			return dir, src.Fetch(s.t.Context(), p, dir, func(line string) { s.log = append(s.log, line) })
		}
	}
	s.t.Fatalf("no source %q", p.Source.Type)
	return "", nil
}

func (s *shop) mustBuild(p fleet.Platform) string {
	s.t.Helper()
	dir, err := s.build(p)
	if err != nil {
		s.t.Fatalf("build: %v\n%s", err, strings.Join(s.log, "\n"))
	}
	return dir
}

// want checks the content of files of a tree; "-" says that a file is absent.
func want(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case content == "-" && !os.IsNotExist(err):
			t.Errorf("%s is there", name)
		case content != "-" && err != nil:
			t.Errorf("%v", err)
		case content != "-" && string(got) != content:
			t.Errorf("%s holds %q, want %q", name, got, content)
		}
	}
}

func digest(t *testing.T, dir string) string {
	t.Helper()
	d, _, err := hosting.TreeDigest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const bare = "core = 7.x\napi = 2\nprojects[drupal][version] = 7.98\n"

func TestBuildFromReleases(t *testing.T) {
	s := newShop(t)
	s.release("views-7.x-3.24", map[string]string{"views.module": "v3.24\n", "views.info": "name = Views\n"})
	s.release("views-7.x-3.9", map[string]string{"views.module": "v3.9\n"})
	s.release("omega-7.x-4.4", map[string]string{"omega.info": "name = Omega\nengine = phptemplate\n", "template.php": "<?php\n"})
	s.release("jquery-1", map[string]string{"unused": "x"})
	p := s.commit("distro.make", map[string]string{
		"distro.make": bare + `
defaults[projects][subdir] = contrib
projects[views] = 3.24
projects[omega][version] = 4.4
projects[newest][subdir] = ""
projects[newest][type] = module
libraries[slick][download][type] = copy
libraries[slick][download][url] = libraries/slick
projects[views][patch][] = patches/views.patch
`,
		"libraries/slick/slick.js": "js\n",
		"patches/views.patch":      "--- a/views.module\n+++ b/views.module\n@@ -1 +1 @@\n-v3.24\n+v3.24 patched\n",
		"distrobot.yml":            "version: 1\ndocroot: .\n",
		"distrobot/site.conf":      "conf\n",
	})
	s.release("newest-7.x-1.9", map[string]string{"newest.module": "1.9\n"})
	s.release("newest-7.x-1.10", map[string]string{"newest.module": "1.10\n"})
	s.release("newest-7.x-2.0-beta1", map[string]string{"newest.module": "2.0-beta1\n"})
	s.release("newest-6.x-3.0", map[string]string{"newest.module": "6\n"})
	dir := s.mustBuild(p)
	want(t, dir, map[string]string{
		"index.php":            "<?php core 7.98\n",
		"sites/all/README.txt": "here\n",
		"sites/all/modules/contrib/views/views.module": "v3.24 patched\n",
		"sites/all/modules/contrib/views/PATCHES.txt":  "The following patches have been applied to this project:\n- patches/views.patch\n\nThis file was automatically generated by distrobot.\n",
		"sites/all/themes/contrib/omega/template.php":  "<?php\n",
		"sites/all/modules/newest/newest.module":       "1.10\n",
		"sites/all/libraries/slick/slick.js":           "js\n",
		"distrobot.yml":                                "version: 1\ndocroot: .\n",
		"distrobot/site.conf":                          "conf\n",
		"distro.make":                                  "-",
		".distrobot-build":                             "-",
	})
}
