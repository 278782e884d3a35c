package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
)

func TestRepeatedPutsChangeNothing(t *testing.T) {
	w := start(t)
	s := w.site(shop, version)
	w.put(s)
	nginx, fpm := w.reloads("nginx"), w.reloads("fpm")
	if nginx != 1 || fpm != 1 {
		t.Errorf("%d and %d reloads for the first site", nginx, fpm)
	}
	before := w.files()
	w.put(s)
	w.front = w.newFront()
	w.put(s)
	must(t, w.front.Refresh(t.Context()))
	if got := w.reloads("nginx") + w.reloads("fpm"); got != 2 || w.files() != before {
		t.Errorf("%d reloads after the first", got-2)
	}
	s.Private = []string{"hello.txt"}
	w.put(s)
	w.want(string(shop)+"/hello.txt", 404, "")
	if n, f := w.reloads("nginx"), w.reloads("fpm"); n != 2 || f != 1 {
		t.Errorf("a new rule took %d and %d reloads", n-1, f-1)
	}
	w.front.Children = 7
	w.put(s)
	if n, f := w.reloads("nginx"), w.reloads("fpm"); n != 2 || f != 2 {
		t.Errorf("a new size of the pool took %d and %d reloads", n-2, f-1)
	}
}

// files is everything the front wrote, as one text.
func (w *world) files() string {
	var b strings.Builder
	root := w.path("data", "web")
	must(w.t, filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, _ := os.ReadFile(p)
			fmt.Fprintf(&b, "%s:\n%s\n", p, text)
		}
		return err
	}))
	return b.String()
}

func TestDrop(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	w.put(w.site("b.example", version))
	socket := w.poolSocket(shop)
	must(t, w.front.Drop(t.Context(), shop))
	must(t, w.front.Drop(t.Context(), shop))
	w.want(string(shop)+"/", 404, "")
	w.want("b.example/", 200, "front one")
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket of the pool is left")
	}
	if files := w.files(); strings.Contains(files, string(shop)) {
		t.Errorf("something of the site is left:\n%s", files)
	}
	must(t, w.front.Drop(t.Context(), "b.example"))
	w.want("b.example/", 404, "")
}

// Many sites at once cost few reloads, and one that is refused keeps none of the
// others away. Two fronts stand for two processes.
func TestManySitesAtOnce(t *testing.T) {
	w := start(t)
	w.front.Children = 1
	other := w.newFront()
	other.Children = 1
	const n = 100
	sites := make([]web.Served, n)
	for i := range sites {
		sites[i] = w.site(fleet.URI(fmt.Sprintf("s%03d.example.org", i)), version)
		sites[i].PHP = i%10 == 0
	}
	bad := w.site("bad.example.org", version)
	bad.User = nil
	bad.PHP = false
	bad.Aliases = []fleet.URI{"s050.example.org"}
	var all sync.WaitGroup
	begin := time.Now()
	var refused error
	all.Go(func() { refused = w.front.Put(t.Context(), bad) })
	for i, s := range sites {
		front := []*web.Front{w.front, other}[i%2]
		all.Go(func() {
			if err := front.Put(t.Context(), s); err != nil && i != 50 {
				t.Errorf("%s: %v", s.URI, err)
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	if nginx, fpm := w.reloads("nginx"), w.reloads("fpm"); nginx > 8 || fpm > 8 {
		t.Errorf("%d reloads of nginx and %d of PHP-FPM", nginx, fpm)
	} else {
		t.Logf("%d sites in %v by %d reloads of nginx and %d of PHP-FPM", n, took, nginx, fpm)
	}
	for i, s := range sites {
		if i%10 == 0 && i != 50 {
			w.want(string(s.URI)+"/", 200, "front one")
		} else if i != 50 {
			w.want(string(s.URI)+"/hello.txt", 200, "plain one")
		}
	}
	if refused != nil {
		sentence(t, refused, fleet.Conflict, "belongs to the site s050.example.org")
	}
}

// A configuration that a server refuses is taken back as if nothing had been.
func TestRefusedConfiguration(t *testing.T) {
	for _, c := range []struct{ template, text, says string }{
		{"vhost.conf.tmpl", "server { listen unix:/nowhere/x; server_name x; nonsense on; }", `nginx refuses its configuration: unknown directive "nonsense" in shop.example.org.conf:1`},
		{"vhost.conf.tmpl", "server {{.Nonsense}} {}", "The template vhost.conf.tmpl is not right"},
		{"vhost.conf.tmpl", "server {", `nginx refuses its configuration: unexpected end of file`},
		{"pool.conf.tmpl", "[x]\nnonsense = 1\n", "PHP-FPM refuses its configuration: "},
		{"pool.conf.tmpl", "{{if}}", "The template pool.conf.tmpl is not right"},
	} {
		t.Run(c.says, func(t *testing.T) {
			w := start(t)
			s := w.site(shop, version)
			w.put(s)
			w.put(w.site("b.example", version))
			before, reloads := w.files(), w.reloads("nginx")+w.reloads("fpm")
			must(t, os.WriteFile(w.path("data", "templates", c.template), []byte(c.text), 0o644))
			s.Aliases = []fleet.URI{"www.example.org"}
			sentence(t, w.front.Put(t.Context(), s), fleet.Failed, c.says)
			sentence(t, w.front.Put(t.Context(), w.site("new.example", version)), fleet.Failed, c.says[:20])
			if w.files() != before {
				t.Errorf("files changed:\n%s\n---\n%s", before, w.files())
			}
			if n := w.reloads("nginx") + w.reloads("fpm"); n != reloads {
				t.Errorf("%d reloads", n-reloads)
			}
			w.want(string(shop)+"/", 200, "front one")
			must(t, os.Remove(w.path("data", "templates", c.template)))
			w.put(s)
			if a := w.get("www.example.org/"); a.status != 301 {
				t.Errorf("the alias after the repair: %v", a)
			}
		})
	}
}

// One of several sites that are put at once is refused; the others are served.
func TestOneRefusedOfMany(t *testing.T) {
	w := start(t)
	must(t, os.WriteFile(w.path("data", "templates", "vhost.conf.tmpl"),
		[]byte(`server { listen `+w.front.Listen[0]+`; server_name {{.Host}}; location / { return 200 "own template"; } {{if eq .Host "s3.example"}}nonsense;{{end}} }`), 0o644))
	must(t, w.front.Put(t.Context(), w.plain("s0.example"))) // so that the next ones meet a front at work
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		s := w.plain(fleet.URI(fmt.Sprintf("s%d.example", i)))
		all.Go(func() { errs[i] = w.front.Put(t.Context(), s) })
	}
	all.Wait()
	for i, err := range errs {
		host := fmt.Sprintf("s%d.example", i)
		if i == 3 {
			sentence(t, err, fleet.Failed, `unknown directive "nonsense" in s3.example.conf`)
			w.want(host+"/", 404, "")
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", host, err)
		}
		w.want(host+"/", 200, "own template")
	}
}

// plain is a site without PHP.
func (w *world) plain(uri fleet.URI) web.Served {
	s := web.Served{URI: uri, Dir: w.sitePath(uri)}
	must(w.t, os.MkdirAll(s.Dir, 0o755))
	return s
}

// A download over many reloads comes whole, and requests of other sites are all
// answered meanwhile.
func TestOtherSitesNeverNoticeAReload(t *testing.T) {
	w := start(t)
	s := w.site("b.example", version)
	const size = 8 << 20
	must(t, os.WriteFile(w.sitePath("b.example", "live", "www", "large.bin"), make([]byte, size), 0o644))
	w.put(s)
	req, err := http.NewRequest(http.MethodGet, "http://b.example/large.bin", nil)
	must(t, err)
	resp, err := w.transport().RoundTrip(req)
	must(t, err)
	defer resp.Body.Close()
	_, err = io.CopyN(io.Discard, resp.Body, 1000)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	asked := 0
	all.Go(func() {
		for ; ctx.Err() == nil; asked++ {
			if a, err := w.try(http.MethodGet, "b.example/", nil); err != nil || a.status != 200 {
				t.Errorf("a visitor got %v, %v", a, err)
				return
			}
		}
	})
	for i := range 5 {
		w.put(w.site(fleet.URI(fmt.Sprintf("n%d.example", i)), version))
	}
	stop()
	all.Wait()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size-1000 {
		t.Errorf("the download broke off: %d, %v", n, err)
	}
	if asked < 5 {
		t.Errorf("only %d requests", asked)
	}
}

// A process that died between writing and reloading left its journal: the next
// one takes it back.
func TestAfterACrash(t *testing.T) {
	w := start(t)
	s := w.site(shop, version)
	w.put(s)
	before := w.files()
	vhost := w.path("data", "web", "vhosts", string(shop)+".conf")
	good, err := os.ReadFile(vhost)
	must(t, err)
	undo, err := json.Marshal(map[string][]byte{"vhosts/" + string(shop) + ".conf": good, "vhosts/half.conf": nil, "../../outside": []byte("x")})
	must(t, err)
	must(t, os.WriteFile(w.path("data", "web", "undo.json"), undo, 0o600))
	must(t, os.WriteFile(vhost, []byte("half written"), 0o644))
	must(t, os.WriteFile(w.path("data", "web", "vhosts", "half.conf"), []byte("server {"), 0o644))
	reloads := w.reloads("nginx")
	w.front = w.newFront()
	w.put(s)
	w.want(string(shop)+"/", 200, "front one")
	if w.reloads("nginx") == reloads {
		t.Error("nginx was not told to read again")
	}
	if _, err := os.Stat(w.path("outside")); err == nil {
		t.Error("a journal wrote outside")
	}
	for name := range strings.SplitSeq("undo.json vhosts/half.conf", " ") {
		if _, err := os.Stat(w.path("data", "web", name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
	if b, _ := os.ReadFile(vhost); string(b) != string(good) {
		t.Error("the vhost is not what it was")
	}
	_ = before
}

// A caller who gives up before its change was begun gets nothing done.
func TestGivingUp(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.front.Put(ctx, w.plain(shop))
	if err == nil {
		t.Error("served without a server")
	}
}

func TestServersThatAreAway(t *testing.T) {
	t.Run("nginx is not running", func(t *testing.T) {
		w := newWorld(t)
		sentence(t, w.front.Put(t.Context(), w.plain(shop)), fleet.Failed, "nginx could not be reloaded")
		if _, err := os.Stat(w.path("data", "web", "vhosts", string(shop)+".conf")); err == nil {
			t.Error("its vhost is left")
		}
	})
	t.Run("nginx is missing", func(t *testing.T) {
		w := newWorld(t)
		w.front.Nginx = web.Server{Test: []string{"/nowhere/nginx", "-t"}, Reload: []string{"/nowhere/nginx"}}
		sentence(t, w.front.Put(t.Context(), w.plain(shop)), fleet.Failed, "The program that controls nginx is missing")
	})
	t.Run("the include line is missing", func(t *testing.T) {
		w := newWorld(t)
		w.replace("nginx.conf", "include DIR", "# include")
		w.replace("nginx.conf", "include "+w.path("data"), "# include "+w.path("data"))
		w.front.Wait = time.Second
		must(t, os.WriteFile(w.path("data", "web", "http.conf"), nil, 0o644))
		w.replace("nginx.conf", "default_type", "server { listen unix:"+w.path("http.sock")+"; location / { return 418; } }\n\tdefault_type")
		w.startNginx()
		err := w.front.Put(t.Context(), w.plain(shop))
		sentence(t, err, fleet.Failed, "does not use the new configuration")
		if !strings.Contains(err.Error(), "include "+w.path("data", "web", "nginx.conf")+"*;") {
			t.Errorf("no advice: %v", err)
		}
	})
}

// An operator's own default server and hash size stay in force.
func TestOperatorsOwnDefaults(t *testing.T) {
	w := newWorld(t)
	w.replace("nginx.conf", "default_type", "server { listen unix:"+w.path("http.sock")+" default_server; location / { return 418; } }\n\tserver_names_hash_bucket_size 128;\n\tdefault_type")
	w.startNginx()
	w.startFPM()
	w.put(w.site(shop, version))
	w.want(string(shop)+"/", 200, "front one")
	w.want("other.example/", 418, "")
	n := w.reloads("nginx")
	w.put(w.plain("b.example"))
	if w.reloads("nginx") != n+1 {
		t.Errorf("%d reloads", w.reloads("nginx")-n)
	}
}

func TestLongNames(t *testing.T) {
	w := start(t)
	uri := fleet.URI(strings.Repeat("a-very-long-label.", 9) + "example")
	w.put(w.site(uri, version))
	w.want(string(uri)+"/", 200, "front one")
}

// PHP-FPM waits for requests under way when it is reloaded, also where the
// operator did not ask for it.
func TestRequestInPHPOverAReload(t *testing.T) {
	for name, own := range map[string]string{"the operator's time": "process_control_timeout = 20s", "stock": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.replace("fpm.conf", "process_control_timeout = 20s", own)
			w.startNginx()
			w.startFPM()
			w.put(w.site(shop, waiting))
			got := make(chan answer, 1)
			go func() { a, _ := w.try(http.MethodGet, string(shop)+"/wait.php", nil); got <- a }()
			w.inside(shop)
			n, done := w.reloads("fpm"), make(chan error, 1)
			s := w.site("b.example", version)
			go func() { done <- w.front.Put(t.Context(), s) }()
			w.await("a reload", func() bool { return w.reloads("fpm") > n })
			w.want(string(shop)+"/hello.txt", 200, "plain")
			w.goOn(shop)
			must(t, <-done)
			if a := <-got; a.status != 200 || a.body != "waited " {
				t.Errorf("the request that was under way: %v", a)
			}
			w.want("b.example/", 200, "front one")
			if files := w.files(); strings.Contains(files, "process_control_timeout") == (own != "") {
				t.Errorf("whose time is in force:\n%s", files)
			}
		})
	}
}

// Values that a site brings are words to nginx, whatever they hold.
func TestHostileNames(t *testing.T) {
	w := start(t)
	names := []string{`x"; } server { listen 81; `, "$document_root", "a{b}", `q\`, `\n`, "(?:x)[a-z]*+^|", "#c", "'", "é ü"}
	files := map[string]string{"index.php": `<?php echo "front";`}
	for _, n := range names {
		files[n+"/a.txt"], files["up/"+n+"/e.php"], files[n+"x/a.txt"] = "top secret", evil, "other"
	}
	s := w.site(shop, files)
	s.Private = names
	for _, n := range names {
		s.Uploads = append(s.Uploads, "up/"+n)
	}
	w.put(s)
	for _, n := range names {
		at := string(shop) + "/" + url.PathEscape(n)
		w.want(at+"/a.txt", 404, "")
		w.want(at+"x/a.txt", 200, "other")
		w.want(string(shop)+"/up/"+url.PathEscape(n)+"/e.php", 404, "")
	}
}
