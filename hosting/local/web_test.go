package local_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/local"
)

// page asks a server for a path as it is written, dots and all.
func page(t *testing.T, base, method, path string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base, nil)
	must(t, err)
	req.URL.Opaque = path // not cleaned
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		}
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, string(body)
}

func webSite(t *testing.T) (*local.Backend, string) {
	t.Helper()
	b := newBackend(t)
	secret := filepath.Join(t.TempDir(), "secret.txt")
	must(t, os.WriteFile(secret, []byte("TOP SECRET"), 0o644))
	makeSite(t, b, "a.example", map[string]string{
		"distrobot.yml":    "version: 1\nshared: [files]\nversioned: [data]\nsettings: {tpl: conf/settings.txt}\n",
		"tpl":              "password",
		"index.html":       "<h1>home</h1>",
		"style.css":        "body{}",
		"sub/index.html":   "sub",
		"empty/readme.md":  "r",
		".env":             "hidden",
		".git-x/config":    "hidden",
		"data/db":          "private",
		"files/a.txt":      "upload",
		"env.cgi":          "#!/bin/sh\nprintf 'Content-Type: text/plain\\nX-Made: by-hand\\n\\n'\nenv | sort\ncat\n",
		"fail.cgi":         "#!/bin/sh\necho oops >&2\nexit 1\n",
		"header.cgi":       "#!/bin/sh\necho no header\n",
		"go.cgi":           "#!/bin/sh\nprintf 'Location: /sub/\\n\\n'\n",
		"plain->style.css": "",
	})
	must(t, os.Symlink(secret, filepath.Join(b.Data, "sites/a.example/shared/files/leak.txt")))
	must(t, os.Symlink("/", filepath.Join(b.Data, "sites/a.example/shared/files/all")))
	must(t, os.WriteFile(filepath.Join(b.Data, "sites/a.example/shared/files/evil.cgi"), []byte("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nUPLOADED'\n"), 0o755))
	w := local.NewWeb(b, "")
	t.Cleanup(w.Close)
	base, err := w.URL("a.example")
	must(t, err)
	return b, base
}

func TestWebServesFiles(t *testing.T) {
	_, base := webSite(t)
	for path, want := range map[string]string{
		"/": "<h1>home</h1>", "/index.html": "<h1>home</h1>", "/style.css": "body{}", "/plain": "body{}", "/sub/": "sub", "/files/a.txt": "upload",
	} {
		if resp, body := page(t, base, "GET", path, nil); resp.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
	}
	resp, _ := page(t, base, "GET", "/style.css", nil)
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/css") {
		t.Errorf("content type %q", ct)
	}
	if resp.Header.Get("Last-Modified") != "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("header %v", resp.Header)
	}
	if again, body := page(t, base, "GET", "/style.css", map[string]string{"If-None-Match": resp.Header.Get("ETag")}); again.StatusCode != 304 || body != "" {
		t.Errorf("unchanged: %d", again.StatusCode)
	}
	if resp, body := page(t, base, "HEAD", "/", nil); resp.StatusCode != 200 || body != "" {
		t.Errorf("HEAD: %d %q", resp.StatusCode, body)
	}
	if resp, _ := page(t, base, "GET", "/sub", nil); resp.StatusCode != 302 || resp.Header.Get("Location") != "/sub/" {
		t.Errorf("directory: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if resp, _ := page(t, base, "POST", "/style.css", nil); resp.StatusCode != 405 {
		t.Errorf("POST to a file: %d", resp.StatusCode)
	}
}

// Nothing is shown that is not meant to be, whatever the path.
func TestWebHides(t *testing.T) {
	_, base := webSite(t)
	for _, path := range []string{
		"/distrobot.yml", "/.env", "/.git-x/config", "/data/db", "/data/", "/conf/settings.txt", "/empty/", "/missing",
		"/files/leak.txt", "/files/all/etc/passwd", "/files/evil.cgi", "/../site.json", "/%2e%2e/site.json", "/..%2fsite.json",
		"/sub/../.env", "/./distrobot.yml", "/sub//../distrobot.yml", "/style.css%00.html", "/..%5csite.json", "/files/../../site.json", "/sub/%2e%2e/data/db",
	} {
		resp, body := page(t, base, "GET", path, nil)
		if resp.StatusCode != 404 && resp.StatusCode != 400 {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
		for _, secret := range []string{"SECRET", "hidden", "private", "password", "root:", "UPLOADED", "versioned"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
}

func TestWebRunsPrograms(t *testing.T) {
	t.Setenv("DISTROBOT_KEY", "worker-secret")
	_, base := webSite(t)
	resp, body := page(t, base, "GET", "/env.cgi?a=1&b", map[string]string{"Proxy": "http://evil", "X-Thing": "y", "Host": "a.example:99"})
	for _, want := range []string{"QUERY_STRING=a=1&b\n", "REQUEST_METHOD=GET\n", "SITE_URI=a.example\n", "SITE_PLATFORM=p\n", "HTTP_X_THING=y\n", "SERVER_NAME=a.example\n", "SERVER_PORT=99\n", "SCRIPT_NAME=/env.cgi\n", "GATEWAY_INTERFACE=CGI/1.1\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if resp.StatusCode != 200 || resp.Header.Get("X-Made") != "by-hand" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	for _, bad := range []string{"HTTP_PROXY", "worker-secret"} {
		if strings.Contains(body, bad) {
			t.Errorf("the program sees %s", bad)
		}
	}
	for path, want := range map[string]int{"/fail.cgi": 500, "/header.cgi": 500, "/go.cgi": 302} {
		if resp, body := page(t, base, "GET", path, nil); resp.StatusCode != want || strings.Contains(body, "oops") {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
	}
	large, err := http.NewRequestWithContext(t.Context(), "POST", base+"/env.cgi", strings.NewReader(strings.Repeat("x", 2<<20)))
	must(t, err)
	got, err := http.DefaultTransport.RoundTrip(large)
	if err == nil {
		defer got.Body.Close()
		if got.StatusCode != 413 {
			t.Errorf("a large request: %d", got.StatusCode)
		}
	}
}

// While a site is held, visitors are told to wait and when to come back.
func TestWebHeld(t *testing.T) {
	b, base := webSite(t)
	must(t, os.WriteFile(filepath.Join(b.Data, "sites/a.example/hold"), []byte("{}"), 0o644))
	for _, path := range []string{"/", "/env.cgi", "/missing"} {
		resp, body := page(t, base, "GET", path, nil)
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "Back in a moment") || !strings.Contains(body, `http-equiv="refresh"`) {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
}

// A hold waits for a program that is running, and for no visitor's connection.
func TestDrainWaitsForPrograms(t *testing.T) {
	b := newBackend(t)
	c := makeSite(t, b, "a.example", map[string]string{
		"distrobot.yml": "version: 1\nversioned: [data]\n", "data/x": "",
		"slow.cgi": "#!/bin/sh\ncd \"$SITE_ROOT/data\"\ntouch begun\nwhile [ ! -e go ]; do sleep 0.01; done\necho written > x\nprintf 'Status: 204 Done\\nX-A: b\\n\\n'\n",
	})
	w := local.NewWeb(b, "")
	t.Cleanup(w.Close)
	base, err := w.URL("a.example")
	must(t, err)
	data := filepath.Join(b.Data, "sites/a.example/gen/1/versioned/data")
	answered := make(chan int, 1)
	go func() {
		resp, _ := page(t, base, "GET", "/slow.cgi", nil)
		answered <- resp.StatusCode
	}()
	for {
		if _, err := os.Stat(filepath.Join(data, "begun")); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	_, err = b.Hold(t.Context(), c)
	must(t, err)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Drain(short, c); err == nil {
		t.Fatal("drained while a program was writing")
	}
	must(t, os.WriteFile(filepath.Join(data, "go"), nil, 0o644))
	must(t, b.Drain(t.Context(), c))
	if got, err := os.ReadFile(filepath.Join(data, "x")); err != nil || string(got) != "written\n" {
		t.Errorf("after the drain: %q %v", got, err)
	}
	if status := <-answered; status != 204 {
		t.Errorf("the visitor got %d", status)
	}
}

// Sites are told apart by Host header and path; ports are kept over restarts.
func TestWebAddresses(t *testing.T) {
	b := newBackend(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := makeSite(t, b, "a.example", map[string]string{"index.html": "at the door"})
	for _, uri := range []fleet.URI{"b.example", "b.example/shop", "c.example:8081"} {
		c := first
		c.URI = uri
		must(t, b.Lay(ctx, c))
		_, err := b.Fill(ctx, c)
		must(t, err)
		must(t, b.Switch(ctx, c))
	}
	w := local.NewWeb(b, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()
	base := "http://" + l.Addr().String()
	for _, c := range []struct {
		host, path string
		want       int
	}{
		{"a.example", "/", 200}, {"A.EXAMPLE:1234", "/", 200}, {"b.example", "/shop/", 200}, {"b.example", "/shop/index.html", 200},
		{"b.example", "/shopping", 404}, {"c.example:8081", "/", 200}, {"c.example", "/", 404}, {"d.example", "/", 404}, {"..", "/", 404},
	} {
		if resp, _ := page(t, base, "GET", c.path, map[string]string{"Host": c.host}); resp.StatusCode != c.want {
			t.Errorf("%s%s: %d, want %d", c.host, c.path, resp.StatusCode, c.want)
		}
	}
	own, err := w.URL("b.example")
	must(t, err)
	if _, err := w.URL("none.example"); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("an unknown site: %v", err)
	}
	cancel()
	must(t, <-served)
	if _, err := w.URL("b.example"); fleet.CodeOf(err) != fleet.Later {
		t.Errorf("after the end: %v", err)
	}
	again := local.NewWeb(b, "")
	t.Cleanup(again.Close)
	if got, err := again.URL("b.example"); err != nil || got != own {
		t.Errorf("the port was %s and is %s (%v)", own, got, err)
	}
}
