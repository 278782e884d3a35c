package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/lamp"
)

// A blogSite is a site of WordPress with content that must survive.
type blogSite struct {
	town   *town
	host   string
	admin  *lamp.Blog
	posts  map[string]string // address → text
	files  map[string]string // address → content
	number int
}

// newBlogSite lets the bot make a site and fills it.
func (w *town) newBlogSite(host, distribution string) *blogSite {
	w.Helper()
	w.create(host, distribution)
	s := &blogSite{town: w, host: host, posts: map[string]string{}, files: map[string]string{}}
	s.admin = &lamp.Blog{Visitor: lamp.NewVisitor(w.web, host)}
	must(w.T, s.admin.LogIn(w.Context(), "admin", w.secret(host, "admin_password")))
	_, err := s.admin.AddAuthor(w.Context(), "author", "pass of author")
	must(w.T, err)
	s.write()
	return s
}

// write adds a post and a file, as the administrator, who stays logged in.
func (s *blogSite) write() {
	t, ctx := s.town, s.town.Context()
	t.Helper()
	s.number++
	text := fmt.Sprintf("Text %d of %s: “naïve” 😀", s.number, s.host)
	post, err := s.admin.Publish(ctx, fmt.Sprintf("Post %d", s.number), text)
	must(t.T, err)
	s.posts[post.Link] = text
	picture := picture(t.T, 30+s.number)
	file, err := s.admin.Upload(ctx, fmt.Sprintf("grey%d.png", s.number), picture)
	must(t.T, err)
	s.files[file.Source] = string(picture)
}

// whole wants the site to be of a version, with all its content, and to let its
// author in by password.
func (s *blogSite) whole(version string) {
	t, ctx := s.town, s.town.Context()
	t.Helper()
	guest := lamp.NewVisitor(t.web, s.host)
	if v, err := guest.Version(ctx); v != "WordPress "+version {
		t.Errorf("%s is %q (%v), want %s", s.host, v, err, version)
	}
	for address, text := range s.posts {
		if p, err := guest.Get(ctx, address); err != nil || p.Status != http.StatusOK || !strings.Contains(p.Body, text) || !strings.Contains(p.Body, "</html>") {
			t.Errorf("%s: status %d, %d bytes without its text (%v)", address, p.Status, len(p.Body), err)
		}
	}
	for address, content := range s.files {
		if p, err := guest.Get(ctx, address); err != nil || p.Status != http.StatusOK || p.Body != content {
			t.Errorf("%s: status %d, %d bytes, want %d (%v)", address, p.Status, len(p.Body), len(content), err)
		}
	}
	author := &lamp.Blog{Visitor: lamp.NewVisitor(t.web, s.host)}
	if err := author.LogIn(ctx, "author", "pass of author"); err != nil {
		t.Errorf("the author of %s cannot log in: %v", s.host, err)
	}
}

// maxWindow bounds how long visitors of a small site are refused; the design says
// 3 s on a quiet machine, tests run on busy ones and with the race detector.
const maxWindow = 20 * time.Second

// TestWordPress is the story of real sites: 5.7 to 6.1 to 6.8, as far as Debian's
// mirror has them, by the press of a button.
func TestWordPress(t *testing.T) {
	code := lamp.Code(t, lamp.WordPress)
	w := newTown(t)
	r := w.derive("wp", code, func(string) map[string][]byte { return nil })
	url, publish := w.forge(r)
	w.say("alice", "add wp --url "+url+` --tags \d+(\.\d+)+ --target auto --self-approval yes`)
	w.see("wp-"+r.Tags[0], "ready")
	shop, news := w.newBlogSite("shop.example", "wp"), w.newBlogSite("news.example", "wp")
	shop.whole(r.Tags[0])

	before := r.Tags[0]
	for i, tag := range r.Tags[1:] {
		publish(tag)
		w.press("bob", "Build", "wp "+tag+" is available")
		w.see("wp-"+tag, "upgrade target")
		if i == 0 {
			// One site alone, while the other is looked at: it never notices.
			watch, other := w.watch(shop.host, "WordPress "+before, "WordPress "+tag), w.watch(news.host, "WordPress "+before, "WordPress "+tag)
			w.upgrade(shop.host, before, tag)
			w.see("Upgrade "+shop.host, "upgraded to wp-"+tag)
			window := watch.close(t, "old held new")
			other.close(t, "old")
			t.Logf("%s to %s: visitors of %s were refused for %s", before, tag, shop.host, window.Round(time.Millisecond))
			if window > maxWindow {
				t.Errorf("the window was %s, above %s", window, maxWindow)
			}
			shop.whole(tag)
			news.whole(before)
			w.upgrade(news.host, before, tag)
			w.see("Upgrade "+news.host, "upgraded to wp-"+tag)
		} else {
			w.press("alice", "Confirm", "Upgrade 2 sites of wp from "+before+" to "+tag)
			w.see("2 sites were upgraded to wp-" + tag)
			shop.whole(tag)
		}
		news.whole(tag)
		// Who was logged in still is.
		shop.write()
		news.write()
		before = tag
	}
}
