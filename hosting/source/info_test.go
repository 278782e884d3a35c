package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/golden"
	"github.com/distrobot/distrobot/internal/mirror"
)

// TestCheckoutsAreBranded asserts that projects from repositories know their
// versions, as those from releases do, and that nothing else is touched.
func TestCheckoutsAreBranded(t *testing.T) {
	s := newShop(t)
	views := s.git.Repo(t, "views")
	first := views.Commit("7.x-3.x", "first", map[string]string{
		"views.info": "name = Views\ncore = 7.x\n", "views.module": "<?php\n",
		"modules/ui/views_ui.info": "name = Views UI\nversion = VERSION", "tests/own.info": "name = Own\nversion = \"7.x-9.9\"\n",
		"src/new.info.yml": "name: New\ntype: module\nversion: VERSION\n", "other.txt": "version = none\n",
	})
	views.Tag("7.x-3.24", first)
	second := views.Commit("7.x-3.x", "second", map[string]string{"views.info": "name = Views\ncore = 7.x\n", "views.module": "<?php\n"})
	profile := s.git.Repo(t, "hall")
	profile.Commit("main", "first", map[string]string{"hall.info": "name = Hall\n", "hall.profile": "<?php\n"})
	for name, words := range map[string]string{"tag": "projects[views][download][tag] = 7.x-3.24", "branch": "projects[views][download][branch] = 7.x-3.x"} {
		commit := map[string]string{"tag": first, "branch": second}[name]
		pl := s.commit("shop.make", map[string]string{"shop.make": bare + "projects[views][download][type] = git\n" + words +
			"\nprojects[hall][type] = profile\nprojects[hall][download][type] = git\nprojects[hall][download][url] = " + profile.URL + "\nprojects[hall][download][branch] = main\n"})
		pl.Name += "-" + pl.Name[:4]
		dir, again := s.mustBuild(pl), s.mustBuild(pl)
		if a, b := digest(t, dir), digest(t, again); a != b {
			t.Errorf("%s: the same commit gives the trees %s and %s", name, a, b)
		}
		at := filepath.Join(dir, "sites/all/modules/views")
		got := map[string]string{}
		for _, file := range []string{"views.info", "modules/ui/views_ui.info", "tests/own.info", "src/new.info.yml", "other.txt"} {
			if b, err := os.ReadFile(filepath.Join(at, file)); err == nil {
				got[file] = string(b)
			}
		}
		want(t, dir, map[string]string{"profiles/hall/hall.info": "name = Hall\n"}) // main is no version
		golden.JSON(t, "info/"+name, dated(t, s, views.URL, commit, got))
	}
}

// dated replaces the dates of commits, which are of the test's run.
func dated(t *testing.T, s *shop, url, commit string, files map[string]string) map[string]string {
	t.Helper()
	log, err := s.opts.Mirrors.Log(t.Context(), mirror.Repo{URL: url}, "", commit, 10)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		for _, c := range log.List {
			text = strings.NewReplacer(fmt.Sprint(c.At.Unix()), "TIME", c.At.UTC().Format(time.DateOnly), "DATE").Replace(text)
		}
		files[name] = text
	}
	return files
}
