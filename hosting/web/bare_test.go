package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting/web"
)

// People's own web server serves the site; a generation that is not live is
// asked by PHP's own.
func TestBare(t *testing.T) {
	data := t.TempDir()
	site := filepath.Join(data, "sites", "own.example")
	root := filepath.Join(site, "gen", "2", "root")
	for name, text := range map[string]string{
		"index.php":     `<?php echo "front ", $_SERVER["REQUEST_URI"], " ", basename(getcwd()), "</html>";`,
		"sub/index.php": `<?php echo "sub ", basename(getcwd());`,
		"broken.php":    `<?php http_response_code(200); no_such_function();`,
		"style.css":     "body{}",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("root", filepath.Join(site, "gen", "2", "www")); err != nil {
		t.Fatal(err)
	}
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "live %s%s", r.Host, r.URL.Path) }))
	defer own.Close()
	b := &web.Bare{Dir: filepath.Join(data, "web"), Sites: filepath.Join(data, "sites"), Address: own.Listener.Addr().String()}
	if err := b.Put(t.Context(), web.Served{URI: "own.example", Dir: site, PHP: true}); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]string{"/": "front / root</html>", "/a/clean/path?x=1": "front /a/clean/path?x=1 root</html>", "/sub/": "sub sub", "/style.css": "body{}"} {
		a, err := b.Check(t.Context(), "own.example", "2", page)
		if err != nil || a.Status != 200 || string(a.Body) != want {
			t.Errorf("%s: %d %q (%v)\n%s", page, a.Status, a.Body, err, a.Log)
		}
	}
	a, err := b.Check(t.Context(), "own.example", "2", "/broken.php")
	if err != nil || !strings.Contains(a.Log, "PHP Fatal error") {
		t.Errorf("a fatal error is not told: %d %q %q (%v)", a.Status, a.Body, a.Log, err)
	}
	if _, err := b.Check(t.Context(), "own.example", "3", "/"); err == nil {
		t.Error("a generation that is not there was checked")
	}
	if a, err := b.Probe(t.Context(), "own.example", "/x"); err != nil || string(a.Body) != "live own.example/x" {
		t.Errorf("visitors get %q (%v)", a.Body, err)
	}
	for _, name := range []string{"web/gate.php", "sites/own.example/serving.lock"} {
		if _, err := os.Stat(filepath.Join(data, name)); err != nil {
			t.Error(err)
		}
	}
}
