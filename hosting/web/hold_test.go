package web_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

const shop = fleet.URI("shop.example.org")

// waiting is a site with a page that stays in PHP until a file appears.
var waiting = map[string]string{
	"index.php": `<?php echo "front";`,
	"wait.php": `<?php
		file_put_contents(sys_get_temp_dir() . "/inside", "");
		while (!file_exists(sys_get_temp_dir() . "/go")) { usleep(2000); clearstatcache(); }
		echo "waited ", file_get_contents("php://input");`,
	"late.php": `<?php
		echo "answered"; fastcgi_finish_request();
		file_put_contents(sys_get_temp_dir() . "/inside", "");
		while (!file_exists(sys_get_temp_dir() . "/go")) { usleep(2000); clearstatcache(); }`,
	"hello.txt": "plain",
}

func (w *world) inside(uri fleet.URI) {
	w.t.Helper()
	w.await("the request in PHP", func() bool { _, err := os.Stat(w.sitePath(uri, "tmp", "inside")); return err == nil })
}

func (w *world) goOn(uri fleet.URI) {
	w.t.Helper()
	must(w.t, os.WriteFile(w.sitePath(uri, "tmp", "go"), nil, 0o644))
}

func TestHold(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, waiting))
	w.want("shop.example.org/", 200, "front")
	w.hold(shop)
	for _, path := range []string{"/", "/hello.txt", "/index.php/x", "/nothing", "/.git"} {
		a := w.want(string(shop)+path, 503, "Back in a moment")
		if a.header.Get("Retry-After") != "3" || a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	if a := w.do(http.MethodPost, string(shop)+"/index.php", strings.NewReader("a=b")); a.status != 503 || !strings.Contains(a.body, "Back in a moment") {
		t.Errorf("POST: %v", a)
	}
	if a := w.do(http.MethodHead, string(shop)+"/", nil); a.status != 503 || a.header.Get("Retry-After") != "3" {
		t.Errorf("HEAD: %v", a)
	}
	w.release(shop)
	w.want("shop.example.org/", 200, "front")
	w.want("shop.example.org/.distrobot-held", 404, "")
}

// A request in PHP is seen by a drain until it is over, also when the visitor
// has the whole answer already.
func TestDrainSeesRequests(t *testing.T) {
	for _, page := range []string{"wait.php", "late.php"} {
		t.Run(page, func(t *testing.T) {
			w := start(t)
			w.put(w.site(shop, waiting))
			got := make(chan answer, 1)
			go func() { a, _ := w.try(http.MethodGet, string(shop)+"/"+page, nil); got <- a }()
			w.inside(shop)
			if page == "late.php" {
				if a := <-got; a.body != "answered" {
					t.Errorf("answer %v", a)
				}
			}
			w.hold(shop)
			if w.drained(shop) {
				t.Error("drained while PHP runs")
			}
			w.want(string(shop)+"/", 503, "Back in a moment")
			w.goOn(shop)
			w.await("the end of the request", func() bool { return w.drained(shop) })
			if page == "wait.php" {
				if a := <-got; a.status != 200 || a.body != "waited " {
					t.Errorf("answer %v", a)
				}
			}
		})
	}
}

// nginx lets a request in before it has read its body. One whose body is still
// coming when the hold begins passes nginx, and must be stopped by the gate.
func TestUploadUnderWayWhenTheHoldBegins(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{"index.php": `<?php file_put_contents(sys_get_temp_dir() . "/written", "x"); echo "took ", strlen(file_get_contents("php://input"));`}))
	slow := func(meanwhile func()) answer {
		body, feed := io.Pipe()
		got := make(chan answer, 1)
		go func() {
			a, err := w.try(http.MethodPost, string(shop)+"/", body)
			if err != nil {
				t.Error(err)
			}
			got <- a
		}()
		if _, err := feed.Write(make([]byte, 20000)); err != nil { // returns when the first half left this process
			t.Fatal(err)
		}
		w.awaitBody()
		meanwhile()
		_, _ = feed.Write(make([]byte, 20000))
		_ = feed.Close()
		return <-got
	}
	if a := slow(func() {}); a.status != 200 || a.body != "took 40000" {
		t.Fatalf("without a hold: %v", a)
	}
	must(t, os.Remove(w.sitePath(shop, "tmp", "written")))
	a := slow(func() {
		w.hold(shop)
		if !w.drained(shop) {
			t.Error("a body that is still coming delays the drain")
		}
	})
	if a.status != 503 || a.header.Get("Retry-After") != "3" || !strings.Contains(a.body, "Back in a moment") {
		t.Errorf("answer %v %v", a, a.header)
	}
	if _, err := os.Stat(w.sitePath(shop, "tmp", "written")); err == nil {
		t.Error("the site wrote during the hold")
	}
}

// awaitBody waits until nginx keeps a body in a (nameless) file: it passed the
// rewrite phase then, where it looks for the hold.
func (w *world) awaitBody() {
	w.t.Helper()
	w.await("a request body in nginx", func() bool {
		fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
		return slices.ContainsFunc(fds, func(fd string) bool {
			to, _ := os.Readlink(fd)
			return strings.HasPrefix(to, w.path("tmp", "body")+"/")
		})
	})
}

// All workers of the pool are busy, so a request waits in front of PHP while the
// site is held, drained, switched and released. It was told the old script.
func TestRequestThatWaitedOverASwitch(t *testing.T) {
	w := start(t)
	w.front.Children = 1
	w.put(w.site(shop, waiting))
	w.generation(shop, 2, map[string]string{"index.php": `<?php echo "second";`, "wait.php": `<?php echo "second";`})
	first, second := make(chan answer, 1), make(chan answer, 1)
	go func() { a, _ := w.try(http.MethodGet, string(shop)+"/wait.php", nil); first <- a }()
	w.inside(shop)
	go func() { a, _ := w.try(http.MethodGet, string(shop)+"/index.php", nil); second <- a }()
	w.await("a request in the queue of the pool", func() bool { return w.queued(shop) })
	w.hold(shop)
	w.point(shop, 2)
	w.release(shop)
	w.goOn(shop)
	<-first
	if a := <-second; a.status != 503 {
		t.Errorf("a request for the old code was let in after the switch: %v", a)
	}
	w.want(string(shop)+"/", 200, "second")
}

// queued reports whether a second connection to a pool of one process is made:
// the kernel lists the listener and each connection by the socket's path.
func (w *world) queued(uri fleet.URI) bool {
	all, err := os.ReadFile("/proc/net/unix")
	must(w.t, err)
	return strings.Count(string(all), w.poolSocket(uri)+"\n") == 3
}

func (w *world) poolSocket(uri fleet.URI) string {
	b, err := os.ReadFile(w.path("data", "web", "pools", string(uri)+".conf"))
	must(w.t, err)
	_, rest, _ := strings.Cut(string(b), `listen = "`)
	sock, _, _ := strings.Cut(rest, `"`)
	return sock
}

func TestSwitchServesNewCodeAtOnce(t *testing.T) {
	w := start(t)
	lib := func(n string) map[string]string {
		return map[string]string{"index.php": `<?php require "lib/v.php"; echo VERSION, " ", opcache_get_status(false)["opcache_enabled"] ? "cached" : "";`, "lib/v.php": `<?php const VERSION = "` + n + `";`, "a.txt": n}
	}
	w.put(w.site(shop, lib("one")))
	w.generation(shop, 2, lib("two"))
	n := w.reloads("fpm") + w.reloads("nginx")
	for i := range 20 {
		want := []string{"one", "two"}[i%2]
		w.point(shop, i%2+1)
		w.want(string(shop)+"/", 200, want+" cached")
		w.want(string(shop)+"/a.txt", 200, want)
	}
	if w.reloads("fpm")+w.reloads("nginx") != n {
		t.Error("a switch reloaded something")
	}
}

// Whatever is wrong with the gate or the lock, PHP does not run.
func TestGateFailsClosed(t *testing.T) {
	for name, spoil := range map[string]func(w *world){
		"no gate": func(w *world) { must(w.t, os.Remove(w.path("data", "web", "gate.php"))) },
		"no lock": func(w *world) { must(w.t, os.Remove(w.sitePath(shop, "serving.lock"))) },
		"no live": func(w *world) { must(w.t, os.Remove(w.sitePath(shop, "live"))) },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.put(w.site(shop, map[string]string{"index.php": `<?php echo "php works";`}))
			w.want(string(shop)+"/", 200, "php works")
			spoil(w)
			if a := w.get(string(shop) + "/index.php"); a.status < 400 || strings.Contains(a.body, "php works") {
				t.Errorf("answer %v", a)
			}
		})
	}
}

// The hold is the gate's too, without nginx, and for programs of cron.
func TestGateOnTheCommandLine(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{"index.php": "", "cron.php": `<?php echo "cron ran";`}))
	php := func(env, script string, stdin io.Reader) (string, int) {
		cmd := exec.Command("php", "-d", "auto_prepend_file="+w.path("data", "web", "gate.php"), script)
		cmd.Env = append(run.Environ(), env)
		cmd.Stdin = stdin
		out, err := cmd.CombinedOutput()
		if _, ok := err.(*exec.ExitError); err != nil && !ok {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	site, script := "DISTROBOT_SITE="+w.sitePath(shop), w.sitePath(shop, "live", "www", "cron.php")
	check := func(name, env, script, want string, code int) {
		t.Helper()
		if out, got := php(env, script, strings.NewReader(`<?php echo "stdin ran";`)); got != code || out != want {
			t.Errorf("%s: %q, code %d", name, out, got)
		}
	}
	check("with the site", site, script, "cron ran", 0)
	check("without the site's name", "A=b", script, "cron ran", 0)
	check("from standard input", site, "--", "stdin ran", 0)
	w.hold(shop)
	check("held", site, script, "", 75)
	check("held, from standard input", site, "--", "", 75)
	w.release(shop)
	w.generation(shop, 2, nil)
	w.point(shop, 2)
	check("old code", site, w.sitePath(shop, "gen", "1", "www", "cron.php"), "", 75)
}

// The page is the one of the built-in server.
func TestHeldPageIsTheSameEverywhere(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(dir+"/sites/a.example", 0o755))
	must(t, os.WriteFile(dir+"/sites/a.example/hold", nil, 0o644))
	b := &local.Backend{Data: dir}
	a, err := b.Probe(t.Context(), "a.example", "/")
	must(t, err)
	ours, err := os.ReadFile("held.html")
	must(t, err)
	if a.Status != 503 || string(a.Body) != string(ours) {
		t.Errorf("%d\n%s", a.Status, a.Body)
	}
}

// Requests of all kinds go on while the site is held and switched again and
// again: the old generation never sees a request after a drain.
func TestNoRequestAfterADrain(t *testing.T) {
	w := start(t)
	page := map[string]string{"index.php": `<?php usleep(random_int(0, 4000)); file_put_contents(__DIR__ . "/../../data/log", "x", FILE_APPEND); echo "ok";`}
	s := w.site(shop, page)
	for n := 2; n <= 8; n++ {
		w.generation(shop, n, page)
	}
	for n := 1; n <= 8; n++ {
		d := w.sitePath(shop, "gen", fmt.Sprint(n), "data")
		must(t, os.Mkdir(d, 0o777))
		must(t, os.Chmod(d, 0o777))
	}
	w.put(s)
	stop, visitors := make(chan struct{}), make(chan int)
	for range 4 {
		go func() {
			served := 0
			for {
				select {
				case <-stop:
					visitors <- served
					return
				default:
				}
				switch a, err := w.try(http.MethodPost, string(shop)+"/", strings.NewReader("x")); {
				case err != nil:
					t.Error(err)
				case a.status == 200:
					served++
				case a.status != 503:
					t.Errorf("a visitor got %v", a)
				}
			}
		}()
	}
	size := func(n int) int64 {
		info, err := os.Stat(w.sitePath(shop, "gen", fmt.Sprint(n), "data", "log"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	written := map[int]int64{}
	for n := 1; n < 8; n++ {
		w.await("writes", func() bool { return size(n) > 5 })
		w.hold(shop)
		w.await("a drain", func() bool { return w.drained(shop) })
		written[n] = size(n)
		w.point(shop, n+1)
		time.Sleep(3 * time.Millisecond) // a held site that is read meanwhile
		w.release(shop)
	}
	close(stop)
	total := 0
	for range 4 {
		total += <-visitors
	}
	sum := size(8)
	for n, before := range written {
		if size(n) != before {
			t.Errorf("generation %d was written to after its drain: %d, then %d", n, before, size(n))
		}
		sum += before
	}
	if int64(total) != sum {
		t.Errorf("%d requests were answered, %d were written", total, sum)
	}
}
