package web_test

import (
	"os"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
)

func (w *world) view(gen, page string) hosting.Answer {
	w.t.Helper()
	a, err := w.front.View(w.t.Context(), shop, gen, page)
	if err != nil {
		w.t.Fatalf("view of generation %s, %s: %v", gen, page, err)
	}
	return a
}

// A browser gets of a generation that is not live what nginx would hand out: with
// its header, whole, and past the hold.
func TestView(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	long := strings.Repeat("wide { color: red }\n", hosting.MaxBody/10)
	w.generation(shop, 2, map[string]string{
		"index.php": `<?php header("X-A: b"); header("Set-Cookie: c=d"); echo "two ", $_SERVER["REQUEST_URI"];`, "gone.php": `<?php http_response_code(410); echo "gone";`,
		"there.php": `<?php header("Location: /elsewhere");`, "style.CSS": long, "logo.svg": "<svg/>", "news/index.html": "news", "odd.xyz": "?",
		"wp-admin/index.php": `<?php echo "admin";`, ".well-known/security.txt": "contact",
	})
	must(t, os.WriteFile(w.sitePath(shop, "shared", "uploads", "photo.png"), []byte("photo"), 0o644))
	must(t, os.Symlink("photo.png", w.sitePath(shop, "shared", "uploads", "same.png")))
	w.hold(shop)
	for page, want := range map[string]struct {
		status     int
		kind, body string
	}{
		"/": {200, "text/html", "two /"}, "/a/page?x=1": {200, "text/html", "two /a/page?x=1"}, "/gone.php": {410, "text/html", "gone"}, "/there.php": {302, "text/html", ""},
		"/style.CSS?ver=6.8": {200, "text/css", long}, "/logo.svg": {200, "image/svg+xml", "<svg/>"}, "/news/": {200, "text/html", "news"}, "/odd.xyz": {200, "", "?"},
		"/wp-admin/": {200, "text/html", "admin"}, "/pictures/photo.png": {200, "image/png", "photo"}, "/pictures/same.png": {200, "image/png", "photo"},
		"/.well-known/security.txt": {200, "text/plain", "contact"}, "/nothing.php": {404, "", ""}, "no-slash": {400, "", ""},
	} {
		a := w.view("2", page)
		if a.Status != want.status || string(a.Body) != want.body || !strings.HasPrefix(a.Header.Get("Content-Type"), want.kind) || a.Bytes != int64(len(want.body)) {
			t.Errorf("%s: %d %q, %d bytes, %.80q", page, a.Status, a.Header, a.Bytes, a.Body)
		}
	}
	if h := w.view("2", "/").Header; h.Get("X-A") != "b" || h.Get("Set-Cookie") != "c=d" || h.Get("Status") != "" {
		t.Errorf("header: %q", h)
	}
	if h := w.view("2", "/there.php").Header; h.Get("Location") != "/elsewhere" {
		t.Errorf("header: %q", h)
	}
	for _, gen := range []string{"3", "../../x", "..", ""} {
		if a, err := w.front.View(t.Context(), shop, gen, "/"); err == nil && strings.Contains(string(a.Body), "two") {
			t.Errorf("generation %q: %+v", gen, a)
		}
	}
	if !w.drained(shop) {
		t.Error("a view is in the way of a drain")
	}
}

// Whatever a page asks for, what visitors never get a browser does not get either,
// and no link leads out of the site's own directories.
func TestViewIsNoWayOut(t *testing.T) {
	w := start(t)
	s := w.site(shop, version)
	s.Private = []string{"app", "settings.cfg"}
	w.put(s)
	files := map[string]string{"index.php": `<?php echo "front";`, "wp-content/uploads/evil.php": evil, "images/a/evil.php": evil}
	for _, name := range neverShown() {
		files[name] = "top secret " + evil
	}
	w.generation(shop, 2, files)
	outside := w.path("outside")
	must(t, os.MkdirAll(outside+"/d", 0o755))
	for _, name := range []string{"/key.txt", "/d/index.html", "/evil.php"} {
		must(t, os.WriteFile(outside+name, []byte("a secret "+evil), 0o644))
	}
	must(t, os.WriteFile(w.sitePath(shop, "secrets.json.txt"), []byte("a secret"), 0o600))
	uploads, docroot := w.sitePath(shop, "shared", "uploads"), w.sitePath(shop, "gen", "2", "root", "web")
	must(t, os.WriteFile(uploads+"/evil.php", []byte(evil), 0o644))
	for name, to := range map[string]string{
		uploads + "/key.txt": outside + "/key.txt", uploads + "/far": outside, docroot + "/near.txt": outside + "/key.txt", docroot + "/dir": outside + "/d",
		uploads + "/up.txt": "../../secrets.json.txt", docroot + "/run.php": outside + "/evil.php", uploads + "/loop": "loop", uploads + "/root": "/",
	} {
		must(t, os.Symlink(to, name))
	}
	pages := []string{"pictures/evil.php", "pictures/evil.php/x.gif", "wp-content/uploads/evil.php", "images/a/evil.php", "pictures/key.txt", "pictures/far/key.txt", "near.txt", "dir/", "dir/index.html",
		"pictures/up.txt", "run.php", "pictures/loop", "pictures/root" + outside + "/key.txt", "pictures/root/etc/passwd", "../outside/key.txt", "%2e%2e/%2e%2e/%2e%2e/secrets.json.txt", "pictures/..%2f..%2fsecrets.json.txt"}
	for _, name := range neverShown() {
		pages = append(pages, name, "x/../"+name, name+"?a=b", strings.ReplaceAll(name, ".", "%2e"), "/"+name)
	}
	for _, page := range pages {
		a, err := w.front.View(t.Context(), shop, "2", "/"+page)
		if body := strings.ToLower(string(a.Body)); strings.Contains(body, "secret") || strings.Contains(body, "root:") || err == nil && a.Status == 200 && body != "front" {
			t.Errorf("/%s: %d %.80q (%v)", page, a.Status, a.Body, err)
		}
	}
}
