package web_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
)

func (w *world) check(gen, page string) hosting.Answer {
	w.t.Helper()
	a, err := w.front.Check(w.t.Context(), shop, gen, page)
	if err != nil {
		w.t.Fatalf("check of generation %s, %s: %v", gen, page, err)
	}
	return a
}

// A generation that is not live is asked past the hold, as a visitor would ask,
// and unseen by visitors.
func TestCheck(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	w.generation(shop, 2, map[string]string{
		"index.php":   `<?php header("X-A: b"); echo "two ", json_encode([$_GET, $_SERVER["REQUEST_URI"], $_SERVER["SCRIPT_NAME"], $_SERVER["HTTP_HOST"], $_SERVER["DOCUMENT_ROOT"], __FILE__, posix_geteuid()], JSON_UNESCAPED_SLASHES);`,
		"gone.php":    `<?php http_response_code(410); echo "gone";`,
		"there.php":   `<?php header("Location: /elsewhere");`,
		"a.txt":       "two text",
		"large.php":   `<?php for ($i = 0; $i < 3000; $i++) echo str_repeat("x", 1000);`,
		"d/index.php": `<?php echo "in d ", $_SERVER["PATH_INFO"] ?? "";`,
	})
	must(t, os.WriteFile(w.sitePath(shop, "shared", "uploads", "evil.php"), []byte(evil), 0o644))
	w.hold(shop)
	root := w.sitePath(shop, "gen", "2", "root", "web")
	a := w.check("2", "/page?x=1")
	for _, part := range []string{`two [{"x":"1"},"/page?x=1","/index.php","shop.example.org","` + root + `","` + root + `/index.php"`} {
		if !strings.Contains(string(a.Body), part) || a.Status != 200 || a.Bytes != int64(len(a.Body)) || a.Took <= 0 || a.Log != "" {
			t.Errorf("answer %d %s %q, want %s", a.Status, a.Body, a.Log, part)
		}
	}
	for page, want := range map[string]struct {
		status int
		body   string
		bytes  int64
	}{
		"/gone.php": {410, "gone", 4}, "/there.php": {302, "", 0}, "/a.txt": {200, "two text", 8}, "/large.php": {200, strings.Repeat("x", hosting.MaxBody), 3_000_000},
		"/d/": {200, "in d ", 5}, "/d": {200, "in d ", 5}, "/nothing.php": {404, "", 0}, "/pictures/evil.php": {404, "Not found.\n", 11}, "/../../etc/passwd": {200, "two ", -1},
	} {
		a := w.check("2", page)
		if a.Status != want.status || want.bytes >= 0 && (a.Bytes != want.bytes || string(a.Body) != want.body) {
			t.Errorf("%s: %d, %d bytes, %.100q", page, a.Status, a.Bytes, a.Body)
		}
	}
	w.want(string(shop)+"/", 503, "")
	if _, err := w.front.Check(t.Context(), shop, "../../x", "/"); err == nil {
		t.Error("a strange generation was checked")
	}
	if !w.drained(shop) {
		t.Error("a check is in the way of a drain")
	}
}

// A fatal error can hide behind 200: the answer tells of it, however the site
// treats errors, and not of what visitors of the live generation cause.
func TestCheckSeesFatals(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{"index.php": `<?php nonsense_of_the_live_one();`}))
	w.generation(shop, 2, map[string]string{
		"index.php":   `<?php echo "fine";`,
		"fatal.php":   `<?php http_response_code(200); missing_theme();`,
		"quiet.php":   `<?php error_reporting(0); ini_set("log_errors", "0"); ini_set("error_log", "/dev/null"); missing_theme();`,
		"parse.php":   `<?php this is no PHP`,
		"memory.php":  `<?php ini_set("memory_limit", "4M"); ob_start(); $a = str_repeat("x", 100000000);`,
		"caught.php":  `<?php register_shutdown_function(function () { http_response_code(200); while (ob_get_level()) ob_end_clean(); }); ob_start(); echo "x"; missing_theme();`,
		"warning.php": `<?php echo "page"; include "missing_part.php";`,
	})
	for page, want := range map[string]string{
		"/fatal.php": "PHP Fatal error:  Uncaught Error: Call to undefined function missing_theme()", "/quiet.php": "missing_theme()",
		"/parse.php": "syntax error", "/memory.php": "Allowed memory size", "/caught.php": "missing_theme()", "/warning.php": "missing_part.php",
	} {
		_, err := w.try("GET", string(shop)+"/", nil)
		must(t, err)
		a := w.check("2", page)
		if !strings.Contains(a.Log, want) || strings.Contains(a.Log, "nonsense_of_the_live_one") {
			t.Errorf("%s: status %d, %d bytes, log %q", page, a.Status, a.Bytes, a.Log)
		}
	}
	if a := w.check("2", "/caught.php"); a.Status != 200 || a.Bytes != 0 {
		t.Errorf("the trap is none: %d, %d bytes", a.Status, a.Bytes)
	}
	if a := w.check("2", "/"); a.Log != "" || string(a.Body) != "fine" {
		t.Errorf("%+v", a)
	}
}

// The site's user can put anything in place of the log; only a log is read.
func TestLogsOfTheSiteAreNotTrusted(t *testing.T) {
	w := start(t)
	s := w.site(shop, version)
	w.put(s)
	w.generation(shop, 2, map[string]string{"index.php": `<?php missing_theme();`})
	secret := w.path("secret")
	gen := w.sitePath(shop, "gen", "2")
	must(t, os.WriteFile(secret, []byte("[01-Jan-2026 00:00:00 UTC] secret of "+gen+"/x\n"), 0o600))
	log := w.sitePath(shop, "logs", "php.log")
	must(t, os.RemoveAll(log))
	must(t, os.Symlink(secret, log))
	if a := w.check("2", "/"); strings.Contains(a.Log, "secret") {
		t.Errorf("log %q", a.Log)
	}
	must(t, os.Remove(log))
	if os.Geteuid() == 0 {
		must(t, os.Link(secret, log))
		if a := w.check("2", "/"); strings.Contains(a.Log, "secret") {
			t.Errorf("log %q", a.Log)
		}
		must(t, os.Remove(log))
	}
	if a := w.check("2", "/"); !strings.Contains(a.Log, "missing_theme") {
		t.Errorf("log %q", a.Log)
	}
	info, err := os.Stat(filepath.Dir(log))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("logs are %v", info.Mode())
	}
}

func TestProbe(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	a, err := w.front.Probe(t.Context(), shop, "/x")
	must(t, err)
	if a.Status != 200 || !strings.HasPrefix(string(a.Body), "front one /x") || a.Bytes != int64(len(a.Body)) {
		t.Errorf("%+v", a)
	}
	w.hold(shop)
	if a, err = w.front.Probe(t.Context(), shop, "/"); err != nil || a.Status != 503 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := w.front.Probe(t.Context(), "b.example", "/"); err == nil {
		t.Error("a strange site was probed")
	}
	for listen, want := range map[string]string{
		"80": "http://127.0.0.1:80", "*:81": "http://127.0.0.1:81", "[::]:82": "http://[::1]:82", "192.0.2.1:83": "http://192.0.2.1:83",
		"192.0.2.1": "http://192.0.2.1:80", "8080 reuseport": "http://127.0.0.1:8080", "unix:/x/y.sock": "unix:/x/y.sock", "[2001:db8::1]": "http://[2001:db8::1]:80",
	} {
		w.front.Listen = []string{listen}
		if got, err := w.front.Address(shop); err != nil || got != want {
			t.Errorf("listen %s is reached at %s, %v", listen, got, err)
		}
	}
}

// What is compiled of a generation that goes is given up, and nothing else.
func TestForget(t *testing.T) {
	w := start(t)
	page := map[string]string{"index.php": `<?php require "a.php"; echo opcache_get_status(false)["memory_usage"]["wasted_memory"];`, "a.php": "<?php"}
	w.put(w.site(shop, page))
	w.generation(shop, 2, page)
	w.want(string(shop)+"/", 200, "0")
	w.point(shop, 2)
	w.want(string(shop)+"/", 200, "0")
	must(t, os.RemoveAll(w.sitePath(shop, "gen", "1")))
	if n, err := w.front.Forget(t.Context(), shop, "1"); err != nil || n != 2 {
		t.Errorf("%d files were forgotten, %v", n, err)
	}
	if a := w.get(string(shop) + "/"); a.status != 200 || a.body == "0" {
		t.Errorf("nothing was given up: %v", a)
	}
	if n, err := w.front.Forget(t.Context(), shop, "7"); err != nil || n != 0 {
		t.Errorf("%d files of a generation that never was, %v", n, err)
	}
}

// What visitors use of the live generation is compiled of the next one, as far as
// it is there and can be, and nothing of it is run.
func TestWarm(t *testing.T) {
	w := start(t)
	page := map[string]string{
		"index.php": `<?php require "a.php"; require "gone.php"; require "broken.php"; require "unused.php"; echo "one";`,
		"a.php":     "<?php function a() {}", "gone.php": "<?php", "broken.php": "<?php", "unused.php": "<?php",
	}
	w.put(w.site(shop, page))
	w.want(string(shop)+"/", 200, "one")
	page["a.php"] = `<?php file_put_contents(__DIR__ . "/ran", ""); function a() { return 2; } function a2() {}`
	page["index.php"] = `<?php require "a.php"; echo count(array_filter(array_keys(opcache_get_status()["scripts"]), fn($f) => str_contains($f, "/gen/2/")));`
	page["broken.php"] = "<?php this is no PHP"
	page["new.php"] = "<?php"
	delete(page, "gone.php")
	w.generation(shop, 2, page)
	docroot := w.sitePath(shop, "gen", "2", "root", "web")
	must(t, os.Chmod(docroot, 0o777))
	ran := func() bool { _, err := os.Stat(filepath.Join(docroot, "ran")); return err == nil }
	for range 2 {
		if n, err := w.front.Warm(t.Context(), shop, "2"); err != nil || n != 3 {
			t.Errorf("%d files were compiled, want index.php, a.php and unused.php; %v", n, err)
		}
	}
	if ran() {
		t.Error("what was compiled was run")
	}
	w.want(string(shop)+"/", 200, "one") // visitors notice nothing
	w.point(shop, 2)
	w.want(string(shop)+"/", 200, "3")
	if !ran() {
		t.Error("a visit did not run it either")
	}
	if n, err := w.front.Warm(t.Context(), shop, "7"); err != nil || n != 0 {
		t.Errorf("%d files of a generation that never was, %v", n, err)
	}
}

// What visitors use of the live generation is listed, and nothing else.
func TestCompiled(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{"index.php": `<?php require "lib/a.php"; echo "one";`, "lib/a.php": "<?php", "unused.php": "<?php"}))
	w.want(string(shop)+"/", 200, "one")
	for range 2 {
		got, err := w.front.Compiled(t.Context(), shop)
		slices.Sort(got)
		if want := []string{"web/index.php", "web/lib/a.php"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("compiled %q, want %q; %v", got, want, err)
		}
	}
	w.generation(shop, 2, map[string]string{"index.php": `<?php echo "two";`})
	w.point(shop, 2)
	if got, err := w.front.Compiled(t.Context(), shop); err != nil || len(got) != 0 {
		t.Errorf("compiled %q of a generation that nobody visited, %v", got, err)
	}
}
