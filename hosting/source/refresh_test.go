package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/source"
)

// refresher gives the source of a platform as one that refreshes locks.
func (s *shop) refresher(p fleet.Platform) hosting.Refresher {
	s.t.Helper()
	for _, src := range source.All(s.opts) {
		if r, ok := src.(hosting.Refresher); ok && src.Type() == p.Source.Type {
			return r
		}
	}
	s.t.Fatalf("no refresher %q", p.Source.Type)
	return nil
}

// refresh looks at the lock of a platform built in tree.
func (s *shop) refresh(p fleet.Platform, tree string) (hosting.Refreshed, error) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "look")
	out, err := s.refresher(p).Refresh(s.t.Context(), hosting.Refreshing{Platform: p, Tree: tree, Dir: dir,
		Log: func(line string) { s.log = append(s.log, line) }})
	if left, globErr := filepath.Glob(filepath.Join(os.TempDir(), "distrobot-composer-*-"+string(p.Name)+"*")); globErr != nil || len(left) > 0 {
		s.t.Errorf("left behind: %v %v", left, globErr)
	}
	return out, err
}

func (s *shop) mustRefresh(p fleet.Platform, tree string) hosting.Refreshed {
	s.t.Helper()
	out, err := s.refresh(p, tree)
	if err != nil {
		s.t.Fatalf("refresh: %v\n%s", err, strings.Join(s.log, "\n"))
	}
	return out
}

// locked builds a platform from a lock of its own.
func (s *shop) buildLocked(p fleet.Platform, lock []byte) (string, error) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "stage")
	return dir, s.refresher(p).FetchLocked(s.t.Context(), p, lock, dir, func(line string) { s.log = append(s.log, line) })
}

func told(r hosting.Refreshed) string {
	var out []string
	for _, m := range r.Moves {
		out = append(out, fleet.TellMove(m))
	}
	return strings.Join(out, "; ")
}

func TestComposerRefreshesTheLock(t *testing.T) {
	p := newProject(t)
	p.files["composer.json"] = strings.Replace(p.files["composer.json"], `"^1.0"`, `"^1.0 || ^2.0"`, 1)
	pl := p.platform(p.locked())
	dir := p.mustBuild(pl)
	if got := p.mustRefresh(pl, dir); told(got) != "" {
		t.Errorf("nothing was published, and %s", told(got))
	}
	publish := func(version string) {
		owned(t, p.lib.Dir, os.Geteuid())
		p.lib.Tag(version, p.lib.Commit("main", version, map[string]string{"version.txt": version}))
		given(t, p.lib.Dir)
	}
	publish("1.1.0")
	one := p.mustRefresh(pl, dir)
	if told(one) != "acme/lib 1.0.0 → 1.1.0" {
		t.Errorf("told %q", told(one))
	}
	publish("2.0.0")
	two := p.mustRefresh(pl, dir)
	if told(two) != "acme/lib 1.0.0 → 2.0.0 (major)" || !two.Moves[0].Major {
		t.Errorf("told %q", told(two))
	}
	want(t, dir, map[string]string{"composer.lock": p.files["composer.lock"], "vendor/acme/lib/version.txt": "-"})

	pl.Name = "shop-2"
	built, err := p.buildLocked(pl, one.Lock)
	if err != nil {
		t.Fatal(err)
	}
	want(t, built, map[string]string{"composer.lock": string(one.Lock), "vendor/acme/lib/version.txt": "1.1.0"})
	if got := p.mustRefresh(pl, built); told(got) != "acme/lib 1.1.0 → 2.0.0 (major)" {
		t.Errorf("of the refreshed platform: %q", told(got))
	}
}

// TestComposerRefreshIsKept asserts that a look is kept like a build: no scripts,
// no repository that may not be asked, and no lock that could not be built.
func TestComposerRefreshIsKept(t *testing.T) {
	p := newProject(t)
	files := p.locked()
	files["composer.json"] = strings.Replace(files["composer.json"], `"post-install-cmd"`, `"pre-update-cmd": "touch `+t.TempDir()+`/ran && false", "post-install-cmd"`, 1)
	pl := p.platform(files)
	dir := p.mustBuild(pl)
	if got := p.mustRefresh(pl, dir); told(got) != "" { // the script would have failed it
		t.Errorf("told %q", told(got))
	}
	p.opts.Mirrors.Policy.AllowPrivate = true
	for name, repository := range map[string]string{
		"leads out":   `{"type": "path", "url": "../../etc"}`,
		"is not used": `{"type": "vcs", "url": "ext::sh -c id"}`,
	} {
		files["composer.json"] = strings.Replace(p.files["composer.json"], `"repositories": [`, `"repositories": [`+repository+`, `, 1)
		bad := p.platform(files)
		if _, err := p.refresh(bad, dir); err == nil || !strings.Contains(err.Error(), "composer.json, repository") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.buildLocked(pl, []byte(`{"packages":[{"name":"a/b","dist":{"type":"path","url":"/etc"}}]}`)); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("a lock that leads out: %v", err)
	}
}

func TestMakefileLockIsResolvedAnew(t *testing.T) {
	s := newShop(t)
	s.release("views-7.x-3.24", map[string]string{"views.module": "3.24\n"})
	s.release("token-7.x-1.8", map[string]string{"token.module": "1.8\n"})
	panels := s.git.Repo(t, "panels")
	panels.Commit("7.x-3.x", "first", map[string]string{"panels.module": "one\n"})
	profile := s.git.Repo(t, "hall")
	profile.Commit("main", "first", map[string]string{"hall.profile": "<?php\n", "hall.make": "core = 7.x\napi = 2\nprojects[] = ctools\n"})
	s.release("ctools-7.x-1.1", map[string]string{"ctools.module": "1.1\n"})
	pl := s.commit("shop.make", map[string]string{"shop.make": bare + `projects[] = views
projects[token] = 1.8
projects[token][patch][] = token.patch
projects[panels] = 3.x-dev
projects[hall][type] = profile
projects[hall][download][type] = git
projects[hall][download][url] = ` + profile.URL + `
projects[hall][download][branch] = main
`, "token.patch": "--- a/token.module\n+++ b/token.module\n@@ -1 +1 @@\n-1.8\n+1.8 patched\n"})
	dir := s.mustBuild(pl)
	if got := s.mustRefresh(pl, dir); told(got) != "" || got.Lock != nil {
		t.Errorf("nothing was published, and %q", told(got))
	}
	s.release("views-7.x-3.25", map[string]string{"views.module": "3.25\n"})
	s.release("token-7.x-1.9", map[string]string{"token.module": "1.9\n"}) // not asked for
	s.release("ctools-7.x-1.2", map[string]string{"ctools.module": "1.2\n"})
	for _, n := range []string{"two", "three", "four", "five"} {
		panels.Commit("7.x-3.x", n, map[string]string{"panels.module": n + "\n"})
	}
	got := s.mustRefresh(pl, dir)
	if told(got) != "panels 7.x-3.x-dev moved by 4 commits; ctools 7.x-1.1 → 7.x-1.2; views 7.x-3.24 → 7.x-3.25" {
		t.Errorf("told %q", told(got))
	}
	built, err := s.buildLocked(pl, got.Lock)
	if err != nil {
		t.Fatal(err)
	}
	want(t, built, map[string]string{
		"sites/all/modules/views/views.module":   "3.25\n",
		"sites/all/modules/token/token.module":   "1.8 patched\n",
		"sites/all/modules/panels/panels.module": "five\n",
		"distrobot.lock.json":                    string(got.Lock),
	})
	if again := s.mustRefresh(pl, built); told(again) != "" {
		t.Errorf("of the refreshed platform: %q", told(again))
	}
}

// TestMakefileLookDownloadsLittle asserts that of what has not moved nothing is
// fetched, and that a patch which does not apply any more is told beforehand.
func TestMakefileLookDownloadsLittle(t *testing.T) {
	s := newShop(t)
	s.release("views-7.x-3.24", map[string]string{"views.module": "3.24\n"})
	s.release("token-7.x-1.8", map[string]string{"token.module": "1.8\n"})
	pl := s.commit("shop.make", map[string]string{"shop.make": bare + "projects[] = views\nprojects[views][patch][] = views.patch\nprojects[] = token\n",
		"views.patch": "--- a/views.module\n+++ b/views.module\n@@ -1 +1 @@\n-3.24\n+3.24 patched\n"})
	dir := s.mustBuild(pl)
	s.release("views-7.x-3.25", map[string]string{"views.module": "3.25\n"})
	for _, name := range []string{"token-7.x-1.8", "drupal-7.98"} { // unreadable: fetching it would fail
		if err := os.WriteFile(filepath.Join(s.releases, name+".tar.gz"), []byte("not an archive"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := s.mustRefresh(pl, dir)
	if told(got) != "views 7.x-3.24 → 7.x-3.25" || !strings.HasPrefix(got.Note, "views: shop.make, line 5: The patch does not apply") {
		t.Errorf("told %q, note %q", told(got), got.Note)
	}
	var lock struct{ Projects []struct{ Key string } }
	if err := json.Unmarshal(got.Lock, &lock); err != nil || len(lock.Projects) != 3 {
		t.Errorf("the lock names %v (%v)", lock.Projects, err)
	}
}
