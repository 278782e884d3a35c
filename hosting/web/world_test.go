package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/run"
)

// A world is one machine: a real nginx and a real PHP-FPM on sockets below a
// directory of the test's own, and a Front that configures them.
type world struct {
	t     *testing.T
	dir   string
	front *web.Front
	nginx *process
	fpm   *process
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel() // servers mostly wait
	dir, err := os.MkdirTemp("", "web")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir}
	w.configure()
	w.front = w.newFront()
	return w
}

// start begins with servers that include the front's files.
func start(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.startNginx()
	w.startFPM()
	return w
}

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

func (w *world) newFront() *web.Front {
	return &web.Front{
		Dir: w.path("data", "web"), Templates: w.path("data", "templates"),
		Listen:   []string{"unix:" + w.path("http.sock")},
		Nginx:    w.counted("nginx", program(w.t, "nginx"), "-c", w.path("nginx.conf"), "-e", w.path("nginx.log")),
		FPM:      w.fpmServer(),
		Children: 4, Wait: 20 * time.Second,
	}
}

// counted are the command lines of nginx, or of a program that notes each
// reload and then becomes nginx.
func (w *world) counted(name string, argv ...string) web.Server {
	script := w.path("reload-" + name)
	text := fmt.Sprintf("#!/bin/sh\necho >> %s.count\nexec %s -s reload\n", script, run.Quote(argv...))
	must(w.t, os.WriteFile(script, []byte(text), 0o755))
	with := func(more ...string) []string { return append(append([]string{}, argv...), more...) }
	return web.Server{Test: with("-t"), Reload: []string{script}, Dump: with("-T")}
}

func (w *world) fpmServer() web.Server {
	fpm := program(w.t, "php-fpm8.2")
	script := w.path("reload-fpm")
	text := fmt.Sprintf("#!/bin/sh\necho >> %s.count\nexec kill -USR2 $(cat %s)\n", script, w.path("fpm.pid"))
	must(w.t, os.WriteFile(script, []byte(text), 0o755))
	return web.Server{Test: []string{fpm, "-t", "-y", w.path("fpm.conf")}, Reload: []string{script}, Dump: []string{fpm, "-tt", "-y", w.path("fpm.conf")}}
}

// reloads counts the reloads of a server.
func (w *world) reloads(name string) int {
	b, _ := os.ReadFile(w.path("reload-" + name + ".count"))
	return bytes.Count(b, []byte("\n"))
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Fatalf("%s is missing: install the Debian packages nginx and php-fpm", name)
	}
	return path
}

// configure writes the main files an operator has.
func (w *world) configure() {
	for _, d := range []string{"data", "data/web", "data/web/vhosts", "data/web/pools", "data/templates", "data/sites", "tmp"} {
		must(w.t, os.MkdirAll(w.path(d), 0o755))
	}
	who := ""
	if os.Geteuid() == 0 {
		who = "user www-data;\n"
	}
	must(w.t, os.WriteFile(w.path("nginx.conf"), []byte(who+strings.ReplaceAll(`
daemon off;
worker_processes 2;
pid DIR/nginx.pid;
error_log DIR/nginx.log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path DIR/tmp/body;
	fastcgi_temp_path DIR/tmp/fastcgi;
	proxy_temp_path DIR/tmp/proxy;
	uwsgi_temp_path DIR/tmp/uwsgi;
	scgi_temp_path DIR/tmp/scgi;
	types { text/html html; text/css css; text/plain txt; }
	default_type application/octet-stream;
	include DIR/data/web/nginx.conf*;
}
`, "DIR", w.dir)), 0o644))
	must(w.t, os.WriteFile(w.path("fpm.conf"), []byte(strings.ReplaceAll(`
[global]
daemonize = no
pid = DIR/fpm.pid
error_log = DIR/fpm.log
process_control_timeout = 20s
[test]
USERlisten = DIR/test.sock
pm = ondemand
pm.max_children = 1
include=DIR/data/web/pools/*.conf
`, "DIR", w.dir)), 0o644))
	w.replace("fpm.conf", "USER", map[bool]string{true: "user = nobody\ngroup = nogroup\n"}[os.Geteuid() == 0])
}

func (w *world) replace(file, old, new string) {
	w.t.Helper()
	b, err := os.ReadFile(w.path(file))
	must(w.t, err)
	must(w.t, os.WriteFile(w.path(file), bytes.ReplaceAll(b, []byte(old), []byte(new)), 0o644))
}

func (w *world) startNginx() {
	w.nginx = w.run("nginx", program(w.t, "nginx"), "-c", w.path("nginx.conf"), "-e", w.path("nginx.log"))
	w.await("nginx", func() bool { _, err := os.Stat(w.path("nginx.pid")); return err == nil })
}

func (w *world) startFPM() {
	w.fpm = w.run("fpm", program(w.t, "php-fpm8.2"), "-F", "-y", w.path("fpm.conf"))
	w.await("fpm", func() bool {
		c, err := net.Dial("unix", w.path("test.sock"))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// A process is a server that was started.
type process struct {
	*exec.Cmd
	gone chan struct{} // closed when it has ended
}

// run starts a server in the foreground. It ends with the test, and its
// children end with it; if the test process is killed, the kernel ends it.
func (w *world) run(name string, argv ...string) *process {
	w.t.Helper()
	p := &process{Cmd: exec.Command(argv[0], argv[1:]...), gone: make(chan struct{})}
	var out bytes.Buffer
	p.Stdout, p.Stderr = &out, &out
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	p.Env = run.Environ()
	must(w.t, p.Start())
	go func() { _ = p.Wait(); close(p.gone) }()
	w.t.Cleanup(func() {
		w.stop(p)
		if w.t.Failed() {
			log, _ := os.ReadFile(w.path(name + ".log"))
			w.t.Logf("%s: %s%s", name, out.String(), log)
		}
	})
	return p
}

// stop ends a server and waits for its end.
func (w *world) stop(p *process) {
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(10 * time.Second):
		_ = p.Process.Kill()
		<-p.gone
	}
}

func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	over := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(over) {
			w.t.Fatalf("%s does not come", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// site lays a site out as hosting/local does, with generation 1 live.
func (w *world) site(uri fleet.URI, files map[string]string) web.Served {
	w.t.Helper()
	s := web.Served{URI: uri, PHP: true, Dir: w.sitePath(uri)}
	if os.Geteuid() == 0 {
		id := uint32(20000 + len(w.sites()))
		s.User = &run.User{UID: id, GID: id}
	}
	w.generation(uri, 1, files)
	w.point(uri, 1)
	return s
}

func (w *world) sites() []os.DirEntry {
	all, err := os.ReadDir(w.path("data", "sites"))
	must(w.t, err)
	return all
}

func (w *world) sitePath(uri fleet.URI, parts ...string) string {
	name := strings.NewReplacer(":", "@", "/", "+").Replace(string(uri))
	return w.path(append([]string{"data", "sites", name}, parts...)...)
}

// generation makes gen/N with its docroot in "web" and uploads that are shared.
// The files are old: PHP does not cache what was written in the last two seconds.
func (w *world) generation(uri fleet.URI, n int, files map[string]string) {
	w.t.Helper()
	gen := w.sitePath(uri, "gen", strconv.Itoa(n))
	must(w.t, os.MkdirAll(filepath.Join(gen, "root", "web"), 0o755))
	must(w.t, os.MkdirAll(w.sitePath(uri, "shared", "uploads"), 0o755))
	must(w.t, os.Symlink("root/web", filepath.Join(gen, "www")))
	must(w.t, os.Symlink("../../../../shared/uploads", filepath.Join(gen, "root", "web", "pictures")))
	for name, text := range files {
		p := filepath.Join(gen, "root", "web", name)
		must(w.t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(w.t, os.WriteFile(p, []byte(text), 0o644))
		must(w.t, os.Chtimes(p, time.Time{}, time.Now().Add(-time.Hour)))
	}
}

// point moves the pointer by one rename.
func (w *world) point(uri fleet.URI, n int) {
	w.t.Helper()
	tmp := w.sitePath(uri, ".live")
	must(w.t, os.Symlink("gen/"+strconv.Itoa(n), tmp))
	must(w.t, os.Rename(tmp, w.sitePath(uri, "live")))
}

func (w *world) hold(uri fleet.URI)    { must(w.t, os.WriteFile(w.sitePath(uri, "hold"), nil, 0o644)) }
func (w *world) release(uri fleet.URI) { must(w.t, os.Remove(w.sitePath(uri, "hold"))) }

// drained reports whether no request is in the site.
func (w *world) drained(uri fleet.URI) bool {
	w.t.Helper()
	f, err := os.OpenFile(w.sitePath(uri, "serving.lock"), os.O_RDWR, 0)
	must(w.t, err)
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func (w *world) put(s web.Served) {
	w.t.Helper()
	if err := w.front.Put(w.t.Context(), s); err != nil {
		w.t.Fatalf("put %s: %v", s.URI, err)
	}
}

// An answer is what a visitor got.
type answer struct {
	status int
	body   string
	header http.Header
}

func (a answer) String() string { return fmt.Sprintf("%d %.300q", a.status, a.body) }

// get asks as a visitor's browser does; address is host and path.
func (w *world) get(address string) answer { return w.do(http.MethodGet, address, nil) }

func (w *world) do(method, address string, body io.Reader) answer {
	w.t.Helper()
	a, err := w.try(method, address, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, address, err)
	}
	return a
}

func (w *world) try(method, address string, body io.Reader) (answer, error) {
	req, err := http.NewRequest(method, "http://"+address, body)
	if err != nil {
		return answer{}, err
	}
	resp, err := w.transport().RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(b), resp.Header}, err
}

func (w *world) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return w.dial() }}
}

func (w *world) dial() (net.Conn, error) { return net.Dial("unix", w.path("http.sock")) }

// want checks status and a text of an answer.
func (w *world) want(address string, status int, text string) answer {
	w.t.Helper()
	a := w.get(address)
	if a.status != status || !strings.Contains(a.body, text) {
		w.t.Errorf("%s answers %v, want %d %q", address, a, status, text)
	}
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sentence checks that an error can be shown to people.
func sentence(t *testing.T, err error, code fleet.Code, text string) {
	t.Helper()
	var e *fleet.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Text, text) {
		t.Errorf("error %v, want %s and %q", err, code, text)
	}
}

func account(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(name)
	must(t, err)
	a, _ := strconv.ParseUint(u.Uid, 10, 32)
	b, _ := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(a), uint32(b)
}
