package watcher_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/watcher"
)

// What is announced by a first reading, because an older version was built
// before, comes with its commits like everything else.
func TestFirstReadingTellsTheCommits(t *testing.T) {
	s := newScene(t)
	first := s.commit("main", "first")
	s.repo.Tag("1.0.0", first)
	s.commit("main", "a fix")
	s.repo.Tag("1.1.0", s.commit("main", "another fix"))
	s.track(byTags)
	err := s.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		p := fleet.Platform{Name: "atrium-1.0.0"}
		_, err := tx.Get(&p)
		p.Distribution, p.URL, p.State, p.Created = "atrium", s.repo.URL, fleet.PlatformReady, time.Now()
		p.Ref = fleet.Ref{Name: "refs/tags/1.0.0", Version: "1.0.0", Hash: first, Commit: first}
		tx.Put(&p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.poll(s.poller())
	a, ok := s.announcement(1)
	if !ok || a.From.Commit != first || a.Total != 2 || subjects(a.Commits) != "another fix, a fix" {
		t.Errorf("%v %+v", ok, a)
	}
}

const lockTemplate = `{"packages":[{"name":"drupal/core","version":"%s"},{"name":"drupal/token","version":"%s"},` +
	`{"name":"example/lib","version":"dev-main","source":{"reference":"%s"}}],"packages-dev":[{"name":"phpunit/phpunit","version":"%s"}]}`

// A notice says what changed in the locks and makefiles of the repository, which
// of them matters most, and nothing of those that belong to somebody else.
func TestChangedLocks(t *testing.T) {
	s := newScene(t)
	many := func(version string) string {
		var b strings.Builder
		b.WriteString("core = 7.x\nprojects[drupal][type] = core\nprojects[drupal][version] = \"7." + version + "\"\n; projects[ghost][version] = 1\n")
		for i := range 15 {
			fmt.Fprintf(&b, "projects[m%02d] = 1.%s\n", i, version)
		}
		b.WriteString("projects[dev][download][branch] = 7.x-1.x\nprojects[dev][download][revision] = " + strings.Repeat(version, 20) + "\n")
		return b.String()
	}
	yaml := func(version string) string {
		return "core: 7.x\napi: 2\ndefaults:\n  projects:\n    subdir: contrib\nprojects:\n  views:\n    version: '" + version + "'\n  ctools: 1.9\n" +
			"  # a comment\n  panels:\n    type: module\n    download:\n      type: git\n      tag: 7.x-3." + version + "\nlibraries:\n  colorbox:\n    directory_name: colorbox\n"
	}
	lock := func(a, b, c, d string) string { return fmt.Sprintf(lockTemplate, a, b, c, d) }
	npm := func(v string) string {
		return `{"lockfileVersion":3,"packages":{"":{"version":"9"},"node_modules/left-pad":{"version":"` + v + `"},"node_modules/jest":{"version":"` + v + `","dev":true},"node_modules/a/node_modules/b":{"version":"` + v + `"}}}`
	}
	files := func(i string) map[string]string {
		return map[string]string{
			"composer.lock": lock("10."+i+".0", "1."+i, "abcdef"+i+"99", i), "distro/atrium.make": many(i), "build/site.make.yml": yaml(i),
			"web/package-lock.json": npm(i), "vendor/x/composer.lock": lock(i, i, i, i), "tests/fixtures/composer.lock": lock(i, i, i, i),
			"broken.make.yml": "projects: [" + i, "package-lock.json": "{" + i, "README.md": i,
		}
	}
	s.repo.Tag("1.0.0", s.repo.Commit("main", "first", files("11")))
	d := byTags
	d.Source = fleet.Source{Type: "makefile", Path: "distro/atrium.make"}
	s.track(d)
	p := s.poller()
	s.poll(p)
	s.repo.Tag("1.1.0", s.repo.Commit("main", "second", files("22")))
	s.poll(p)
	a, _ := s.announcement(1)
	var got []string
	for _, c := range a.Locks {
		text := ""
		for _, span := range fleet.TellLock(c, 3).Spans {
			text += span.Text
		}
		got = append(got, text)
	}
	want := []string{
		"In distro/atrium.make: drupal 7.11 → 7.22, dev 7.x-1.x#1111111 → 7.x-1.x#2222222, m00 1.11 → 1.22 and 14 packages more.",
		"In composer.lock: drupal/core 10.11.0 → 10.22.0, example/lib dev-main#abcdef1 → dev-main#abcdef2, drupal/token 1.11 → 1.22.",
		"In build/site.make.yml: views 11 → 22, panels 7.x-3.11 → 7.x-3.22.",
		"In web/package-lock.json: left-pad 11 → 22.",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(a.Locks) > 0 && (len(a.Locks[0].Rows) != 12 || a.Locks[0].More != 5) {
		t.Errorf("%d rows and %d more are kept", len(a.Locks[0].Rows), a.Locks[0].More)
	}
	s.repo.Tag("1.2.0", s.repo.Commit("main", "back again", files("11")))
	s.poll(p)
	if a, _ = s.announcement(1); a.Moves != 2 || len(a.Locks) > 0 {
		t.Errorf("counted from where people are, nothing changed: %+v", a.Locks)
	}
}

// A file that cannot be read to its end says nothing, least of all that packages
// were removed.
func TestLocksThatCannotBeRead(t *testing.T) {
	long := "\n;" + strings.Repeat("x", 100_000) + "\nprojects[b] = 1\n"
	for name, file := range map[string][2]string{
		"a.make":        {"projects[a] = 1\nprojects[b] = 1\n", "projects[a] = 2" + long},
		"a.make.yml":    {"projects:\n  a: 1\n  b: 1\n", "projects:\n  a: 2\n  # " + strings.Repeat("x", 100_000) + "\n  b: 1\n"},
		"composer.lock": {fmt.Sprintf(lockTemplate, "1", "1", "1", "1"), `{"packages":[{"name":"drupal/core"`},
	} {
		if c := watcher.LocksOf(name, []byte(file[0]), []byte(file[1])); len(c.Rows) > 0 {
			t.Errorf("%s: %+v", name, c.Rows)
		}
	}
}

// FuzzLocks: whatever a repository holds, reading its locks ends, and gives
// packages that can be shown.
func FuzzLocks(f *testing.F) {
	for _, seed := range []string{fmt.Sprintf(lockTemplate, "1", "2", "3", "4"), "projects[a] = 1\n", "projects:\n  a:\n    version: 1\n", `{"packages":{"node_modules/a":{"version":"1"}}}`, "\x00", "["} {
		f.Add([]byte(seed), []byte(seed+"x"))
	}
	f.Fuzz(func(t *testing.T, from, to []byte) {
		for _, name := range []string{"composer.lock", "package-lock.json", "a.make", "a.make.yml"} {
			for _, r := range watcher.LocksOf(name, from, to).Rows {
				if r.Package != fleet.Clean(r.Package, 100) || r.From != fleet.Clean(r.From, 60) || r.To != fleet.Clean(r.To, 60) {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
	})
}
