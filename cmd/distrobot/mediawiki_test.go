package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/lamp"
)

// wikiRecipe is what makes MediaWiki, of which distrobot knows nothing, a
// distribution: a distrobot.yml and what it names.
func wikiRecipe(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{"distrobot/password": []byte("${SITE_SECRET_ADMIN}\n")}
	for name, at := range map[string]string{"distrobot.yml": "distrobot.yml", "install.sh": "distrobot/install.sh", "LocalSettings.php": "distrobot/LocalSettings.php"} {
		text, err := os.ReadFile(filepath.Join("testdata/mediawiki", name))
		must(t, err)
		files[at] = text
	}
	return files
}

// A wikiSite is a site of MediaWiki with content that must survive.
type wikiSite struct {
	town  *town
	host  string
	pages map[string]string // title → text
	files map[string]string // name → content
}

func (w *town) newWikiSite(host, distribution string) *wikiSite {
	w.Helper()
	w.create(host, distribution)
	s := &wikiSite{town: w, host: host, pages: map[string]string{}, files: map[string]string{}}
	s.write()
	return s
}

// write logs in, and adds a page and a file.
func (s *wikiSite) write() {
	t, ctx := s.town, s.town.Context()
	t.Helper()
	root := &lamp.Wiki{Visitor: lamp.NewVisitor(t.web, s.host)}
	must(t.T, root.LogIn(ctx, "Root", t.secret(s.host, "admin")))
	n := len(s.pages) + 1
	title, text := fmt.Sprintf("Page_%d", n), fmt.Sprintf("Text %d of %s 😀", n, s.host)
	must(t.T, root.Edit(ctx, title, text))
	s.pages[title] = text
	name, content := fmt.Sprintf("Grey%d.png", n), picture(t.T, 30+n)
	must(t.T, root.Upload(ctx, name, content))
	s.files[name] = string(content)
}

func (s *wikiSite) whole(version string) {
	t, ctx := s.town, s.town.Context()
	t.Helper()
	guest := lamp.NewVisitor(t.web, s.host)
	if v, err := guest.Version(ctx); v != "MediaWiki "+version {
		t.Errorf("%s is %q (%v), want %s", s.host, v, err, version)
	}
	for title, text := range s.pages {
		if p, err := guest.Get(ctx, "/index.php?title="+title); err != nil || p.Status != 200 || !strings.Contains(p.Body, text) {
			t.Errorf("%s: status %d, %d bytes without its text (%v)", title, p.Status, len(p.Body), err)
		}
	}
	for name, content := range s.files {
		if p, err := guest.Get(ctx, lamp.WikiFile(name)); err != nil || p.Status != 200 || p.Body != content {
			t.Errorf("%s: status %d, %d bytes, want %d (%v)", name, p.Status, len(p.Body), len(content), err)
		}
	}
}

// TestMediaWiki upgrades an application that distrobot knows nothing of but its
// distrobot.yml: 1.39 to 1.43.
func TestMediaWiki(t *testing.T) {
	lamp.Thorough(t) // WordPress is tried with each change
	code := lamp.Code(t, lamp.MediaWiki)
	w := newTown(t)
	recipe := wikiRecipe(t)
	r := w.derive("wiki", code, func(string) map[string][]byte { return recipe })
	before, after := r.Tags[0], r.Tags[1]
	url, publish := w.forge(r)
	w.say("alice", "add wiki --url "+url+` --tags \d+(\.\d+)+ --target auto --self-approval yes`)
	w.see("wiki-"+before, "ready")
	one, two := w.newWikiSite("one.example", "wiki"), w.newWikiSite("two.example", "wiki")
	one.whole(before)

	publish(after)
	w.press("bob", "Build", "wiki "+after+" is available")
	w.see("wiki-"+after, "upgrade target")
	watch, other := w.watch(one.host, "MediaWiki "+before, "MediaWiki "+after), w.watch(two.host, "MediaWiki "+before, "MediaWiki "+after)
	w.upgrade(one.host, before, after)
	w.see("Upgrade "+one.host, "upgraded to wiki-"+after)
	window := watch.close(t, "old held new")
	other.close(t, "old")
	t.Logf("%s to %s: visitors of %s were refused for %s", before, after, one.host, window.Round(time.Millisecond))
	one.whole(after)
	two.whole(before)
	one.write()
	one.whole(after)
}
