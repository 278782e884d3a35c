package web_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
)

const evil = `<?php echo "executed " . strtoupper("secret");`

// neverShown are paths below a docroot that no visitor gets; app and settings.cfg
// are private paths of the site.
func neverShown() []string {
	return []string{
		".git/config", ".env", "a/.htaccess", "sites/default/settings.php~", "sites/default/settings.php.bak", "dump.sql", "backup/dump.SQL.gz",
		"db.sqlite", "db.sqlite-wal", "composer.json", "composer.lock", "distrobot.yml", "site.json", "includes/common.inc", "modules/x/x.module", "modules/x/x.install",
		"x.profile", "y.theme", "y.tpl.php", "z.html.twig", "services.yml", "config/sync/system.site.yml", "wp-config.php", "wp-config.php.orig",
		"files/config_abc/active/system.core.json", "sites/a/files/config_abc/x.json", "sites/default/private/doc.txt", "images/deleted/a/photo.txt",
		"vendor/phpunit/eval-stdin.php", "wp-content/plugins/p/vendor/a.php", "maintenance/eval.php", "wp-content/debug.log", ".well-knownx/a.txt",
		"app/private.txt", "settings.cfg", "index.cgi", "lib.phps", "package-lock.json",
	}
}

// What must never be shown, whoever asks for it.
func TestNeverShown(t *testing.T) {
	secret := neverShown()
	w := start(t)
	files := map[string]string{
		"index.php": `<?php echo "front ", $_SERVER["PATH_INFO"];`, ".well-known/security.txt": "contact", "style.css": "css", "docs/readme.txt": "read me",
		"wp-admin/index.php": `<?php echo "admin";`, "wp-admin/network/settings.php": `<?php echo "network";`, "core/install.php": `<?php echo "installer ", $_SERVER["PATH_INFO"];`,
		"news/index.html": "news", "empty/a.txt": "a",
	}
	for _, name := range secret {
		files[name] = "top secret " + evil
	}
	s := w.site(shop, files)
	s.Private = []string{"app", "settings.cfg"}
	w.put(s)
	for _, name := range secret {
		for _, path := range []string{name, "/" + name, "x/../" + name, name + "?a=b", strings.ReplaceAll(name, ".", "%2e")} {
			if a := w.get(string(shop) + "/" + path); a.status != http.StatusNotFound || strings.Contains(strings.ToLower(a.body), "secret") {
				t.Errorf("/%s: %v", path, a)
			}
		}
	}
	for path, text := range map[string]string{
		"/.well-known/security.txt": "contact", "/style.css": "css", "/docs/readme.txt": "read me", "/wp-admin/": "admin", "/wp-admin/network/settings.php": "network",
		"/core/install.php/a/b": "installer /a/b", "/news/": "news", "/a-page": "front", "/index.php/Main_Page": "front", "/app.txt": "front", "/application/x": "front",
		// Pages of a wiki that have such names.
		"/index.php/.NET": "front /.NET", "/index.php/Robots.ini": "front /Robots.ini", "/.NET": "front", "/Dump.sql": "front", "/sites/default/private/no": "front",
	} {
		w.want(string(shop)+path, 200, text)
	}
	if a := w.get(string(shop) + "/wp-admin"); a.status != 301 || a.header.Get("Location") != "/wp-admin/" {
		t.Errorf("a directory without its slash: %v %v", a, a.header)
	}
	w.want(string(shop)+"/empty/", 403, "")
	w.want(string(shop)+"/nothing.php", 404, "")
}

// PHP that visitors uploaded is neither run nor shown: where rules know the
// place, and where only the gate can.
func TestUploadsAreNotRun(t *testing.T) {
	w := start(t)
	s := w.site(shop, map[string]string{
		"index.php": `<?php echo "front";`, "wp-content/uploads/evil.php": evil, "wp-content/uploads/2026/evil.PHP": evil,
		"wp-content/uploads/evil.phtml": evil, "sites/a/files/evil.php": evil, "files/evil.php5": evil, "images/a/evil.php": evil, "mine/evil.php": evil, "wp-content/uploads/ok.txt": "fine",
	})
	s.Uploads = []string{"mine"}
	w.put(s)
	must(t, os.WriteFile(w.sitePath(shop, "shared", "uploads", "evil.php"), []byte(evil), 0o644))
	must(t, os.WriteFile(w.sitePath(shop, "shared", "uploads", "photo.txt"), []byte("photo"), 0o644))
	must(t, os.Symlink("/etc/passwd", w.sitePath(shop, "shared", "uploads", "link.php")))
	for _, path := range []string{
		"wp-content/uploads/evil.php", "wp-content/uploads/2026/evil.PHP", "wp-content/uploads/evil.php/x.gif", "wp-content/uploads/evil.phtml", "wp-content/uploads/evil.php/",
		"sites/a/files/evil.php", "files/evil.php5", "images/a/evil.php", "mine/evil.php", "mine/evil.php/x", "pictures/evil.php", "pictures/evil.php/x", "pictures/link.php", "index.php/../pictures/evil.php",
	} {
		if a := w.get(string(shop) + "/" + path); a.status != 404 || strings.Contains(strings.ToLower(a.body), "secret") || strings.Contains(a.body, "root:") {
			t.Errorf("/%s: %v", path, a)
		}
	}
	w.want(string(shop)+"/wp-content/uploads/ok.txt", 200, "fine")
	w.want(string(shop)+"/pictures/photo.txt", 200, "photo")
}

// What a visitor sends opens nothing.
func TestVisitorsCannotOpenTheGate(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{"index.php": `<?php echo "front ", getenv("HTTP_PROXY");`}))
	w.generation(shop, 2, map[string]string{"index.php": `<?php echo "hidden";`})
	send := func(name, value string) answer {
		req, err := http.NewRequest(http.MethodGet, "http://"+string(shop)+"/", nil)
		must(t, err)
		req.Header[name] = []string{value}
		resp, err := w.transport().RoundTrip(req)
		must(t, err)
		defer resp.Body.Close()
		b := make([]byte, 4096)
		n, _ := resp.Body.Read(b)
		return answer{status: resp.StatusCode, body: string(b[:n])}
	}
	names := []string{"DISTROBOT_CHECK", "Distrobot-Check", "Proxy"}
	for _, name := range names {
		if a := send(name, "pool"); a.status != 200 || a.body != "front " {
			t.Errorf("%s: %v", name, a)
		}
	}
	w.hold(shop)
	for _, name := range names {
		if a := send(name, "2"); a.status != 503 {
			t.Errorf("%s while held: %v", name, a)
		}
	}
}

// Several sites share a host name; each has its own code, hold and rules.
func TestSitesBelowAPath(t *testing.T) {
	w := start(t)
	page := func(name string) map[string]string {
		return map[string]string{
			"index.php": `<?php echo "` + name + ` ", $_SERVER["REQUEST_URI"], " ", $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"];`,
			"a.txt":     name + " text", "dir/index.php": `<?php echo "` + name + ` dir";`, "dir/b.txt": name + " b", ".env": "secret", "files/evil.php": evil,
		}
	}
	uris := map[fleet.URI]string{"a.example/shop": "shop", "a.example": "root", "a.example/shop/blog.v2": "blog"}
	for _, uri := range []fleet.URI{"a.example/shop", "a.example", "a.example/shop/blog.v2"} {
		w.put(w.site(uri, page(uris[uri])))
	}
	for uri, name := range uris {
		prefix := strings.TrimPrefix(string(uri), "a.example")
		at := string(uri)
		w.want(at+"/", 200, name+" "+prefix+"/ "+prefix+"/index.php")
		w.want(at+"/x/y?z=1", 200, name+" "+prefix+"/x/y?z=1 "+prefix+"/index.php")
		w.want(at+"/index.php/Page", 200, name+" "+prefix+"/index.php/Page "+prefix+"/index.php /Page")
		w.want(at+"/a.txt", 200, name+" text")
		w.want(at+"/dir/", 200, name+" dir")
		w.want(at+"/dir/b.txt", 200, name+" b")
		w.want(at+"/.env", 404, "")
		w.want(at+"/files/evil.php", 404, "")
		if a := w.get(at + "/dir"); a.status != 301 || a.header.Get("Location") != prefix+"/dir/" {
			t.Errorf("%s/dir: %v %v", at, a, a.header)
		}
	}
	if a := w.get("a.example/shop?x=1"); a.status != 301 || a.header.Get("Location") != "/shop/?x=1" {
		t.Errorf("%v %v", a, a.header)
	}
	w.want("a.example/shopping", 200, "root /shopping")
	w.want("a.example/shop/blogxv2/", 200, "shop /shop/blogxv2/")
	w.hold("a.example/shop")
	w.want("a.example/shop/", 503, "Back in a moment")
	w.want("a.example/shop/a.txt", 503, "Back in a moment")
	w.want("a.example/shop/blog.v2/", 200, "blog")
	w.want("a.example/", 200, "root")
	must(t, w.front.Drop(t.Context(), "a.example"))
	w.want("a.example/", 404, "")
	w.want("a.example/shop/blog.v2/", 200, "blog")
}

func TestAliasesAndPorts(t *testing.T) {
	w := start(t)
	s := w.site("a.example/shop", version)
	s.Aliases = []fleet.URI{"www.a.example", "old.example"}
	w.put(s)
	w.put(w.site("b.example:8080", version))
	for _, alias := range []string{"www.a.example", "old.example"} {
		if a := w.get(alias + "/x?y=1"); a.status != 301 || a.header.Get("Location") != "http://a.example/shop/x?y=1" {
			t.Errorf("%s: %v %v", alias, a, a.header)
		}
	}
	w.want("b.example:8080/", 200, "front one")
	other := w.site("c.example", version)
	other.Aliases = []fleet.URI{"old.example"}
	sentence(t, w.front.Put(t.Context(), other), fleet.Conflict, "old.example of c.example belongs to the site a.example/shop")
	sentence(t, w.front.Put(t.Context(), w.site("old.example", version)), fleet.Conflict, "is an alias of the site a.example/shop")
	other.Aliases = []fleet.URI{"d.example/path"}
	sentence(t, w.front.Put(t.Context(), other), fleet.Invalid, "must be a host name")
	s.Aliases = s.Aliases[:1]
	w.put(s)
	w.want("old.example/", 404, "")
}

// On the network as on sockets: each port answers for its sites only.
func TestPortsOfTheNetwork(t *testing.T) {
	w := newWorld(t)
	port, other := freePort(t), freePort(t)
	w.front.Listen = []string{"127.0.0.1:" + port}
	w.startNginx()
	w.startFPM()
	w.put(w.site(shop, version))
	uri := fleet.URI("b.example:" + other)
	w.put(w.site(uri, map[string]string{"index.php": `<?php echo "second ", $_SERVER["SERVER_PORT"];`}))
	at := func(port, host string) answer {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		must(t, err)
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		must(t, err)
		return answer{status: resp.StatusCode, body: string(b)}
	}
	for _, c := range []struct {
		port, host string
		status     int
		text       string
	}{
		{port, string(shop), 200, "front one"}, {other, string(uri), 200, "second " + other}, {other, "b.example", 200, "second"},
		{port, "b.example", 404, ""}, {other, string(shop), 404, ""}, {port, "strange.example", 404, ""}, {other, "strange.example", 404, ""}, {other, "127.0.0.1", 404, ""},
	} {
		if a := at(c.port, c.host); a.status != c.status || !strings.Contains(a.body, c.text) {
			t.Errorf("port %s, host %s: %v, want %d", c.port, c.host, a, c.status)
		}
	}
	a, err := w.front.Probe(t.Context(), uri, "/")
	if err != nil || a.Status != 200 || string(a.Body) != "second "+other {
		t.Errorf("probe: %d %s %v", a.Status, a.Body, err)
	}
	if base, err := w.front.Address(uri); err != nil || base != "http://127.0.0.1:"+other {
		t.Errorf("address %s, %v", base, err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return port
}

// Sites without PHP are files; programs are neither run nor shown.
func TestPlainSite(t *testing.T) {
	w := start(t)
	s := w.site("a.example", map[string]string{"index.html": "home", "x.php": evil, "y.cgi": evil})
	s.PHP = false
	w.put(s)
	w.want("a.example/", 200, "home")
	w.want("a.example/x.php", 404, "")
	w.want("a.example/y.cgi", 404, "")
	w.want("a.example/nothing", 404, "")
	w.hold("a.example")
	w.want("a.example/", 503, "Back in a moment")
	if _, err := w.front.Check(t.Context(), "b.example", "1", "/"); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("check of a strange site: %v", err)
	}
}

func TestPutRefuses(t *testing.T) {
	w := newWorld(t)
	good := w.site(shop, version)
	for name, edit := range map[string]func(s *web.Served){
		"address":         func(s *web.Served) { s.URI = "a b" },
		"braces":          func(s *web.Served) { s.URI = "a.example;}server{" },
		"alias":           func(s *web.Served) { s.Aliases = []fleet.URI{`x"; return 200`} },
		"newline":         func(s *web.Served) { s.Private = []string{"a\n}\nserver { listen 81; }"} },
		"the whole site":  func(s *web.Served) { s.Uploads = []string{"."} },
		"root's PHP":      func(s *web.Served) { s.User = nil; s.PHP = os.Geteuid() == 0 || s.PHP; s.Aliases = []fleet.URI{"/"} },
		"too many things": func(s *web.Served) { s.Private = make([]string, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			edit(&s)
			if err := w.front.Put(t.Context(), s); fleet.CodeOf(err) == "" {
				t.Errorf("error %v", err)
			}
		})
	}
	if all, _ := os.ReadDir(w.path("data", "web", "vhosts")); len(all) > 0 {
		t.Errorf("written: %v", all)
	}
}
