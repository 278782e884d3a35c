package aegir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/hosting/aegir"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
)

// A host is a machine with the stub of Aegir behind a real nginx.
type host struct {
	root    string
	backend *aegir.Backend
}

func newHost(t *testing.T) *host {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "aegir")
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) // nginx's user comes through
	must(t, os.Chmod(dir, 0o755))
	web := filepath.Join(root, "config", "server_master", "nginx")
	for _, d := range []string{"bin", "faults", "hosts", "config/server_master/nginx/pre.d", "config/server_master/nginx/vhost.d"} {
		must(t, os.MkdirAll(filepath.Join(root, d), 0o755))
	}
	public, check := freePort(t), freePort(t)
	must(t, os.WriteFile(filepath.Join(root, "port"), []byte(public), 0o644))
	sites := fmt.Sprintf("server { listen 127.0.0.1:%s; server_name _; location / { return 404; } }\ninclude %s/pre.d/*;\ninclude %s/vhost.d/*;\n", public, web, web)
	must(t, os.WriteFile(filepath.Join(root, "hosts", "aegir.conf"), []byte(sites), 0o644))
	nginx, err := lamp.StartNginx(filepath.Join(root, "hosts"))
	must(t, err)
	t.Cleanup(nginx.Stop)
	t.Cleanup(func() {
		_, _ = run.Run(context.Background(), run.Command{Program: "chmod", Args: []string{"-R", "u+w", dir}, Env: run.Environ()})
	})
	script(t, filepath.Join(root, "reload"), "exec "+run.Quote(nginx.Reload...))

	stub, err := filepath.Abs("testdata")
	must(t, err)
	php := []string{"php", "-n"}
	_, err = run.Run(t.Context(), run.Command{Program: "php", Args: []string{"-n", "-r", "new PDO('sqlite::memory:');"}, Env: run.Environ()})
	if err != nil { // its extensions are modules
		php = append(php, "-d", "extension=pdo", "-d", "extension=pdo_sqlite")
	}
	script(t, filepath.Join(root, "bin", "drush"), "exec "+run.Quote(append(php, filepath.Join(stub, "drush.php"), root)...)+` "$@"`)
	schema, err := os.ReadFile(filepath.Join(stub, "schema.sql"))
	must(t, err)
	program := append(append([]string{}, php[1:]...), "-r", "(new PDO('sqlite:'.$argv[1]))->exec('PRAGMA journal_mode=WAL;'.stream_get_contents(STDIN));", "--", filepath.Join(root, "hostmaster.db"))
	_, err = run.Run(t.Context(), run.Command{Program: "php", Args: program, Env: run.Environ(), Stdin: strings.NewReader(string(schema))})
	must(t, err)
	return &host{root: root, backend: &aegir.Backend{
		Tasks: &aegir.Runner{
			Drush: &aegir.Drush{Program: []string{filepath.Join(root, "bin", "drush")}, Home: root, Env: run.Environ()},
			Poll:  20 * time.Millisecond, Later: 20 * time.Millisecond,
		},
		Web: aegir.Web{
			Dir: web, Reload: []string{filepath.Join(root, "reload")}, PID: filepath.Join(nginx.Dir, "pid"),
			Check: "127.0.0.1:" + check, Public: "http://127.0.0.1:" + public,
		},
		Host: "local", Records: &local.Backend{Data: filepath.Join(dir, "data"), Host: "local"},
		New:  aegir.NewSite{Email: "admin@example.org"},
		Idle: 100 * time.Millisecond,
	}}
}

func script(t *testing.T, at, line string) {
	t.Helper()
	must(t, os.WriteFile(at, []byte("#!/bin/sh\n"+line+"\n"), 0o755))
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := lamp.FreePort()
	must(t, err)
	return fmt.Sprint(port)
}

// fault makes the stub go wrong, until mend.
func (h *host) fault(t *testing.T, name string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(h.root, "faults", name), nil, 0o644))
}

func (h *host) mend(t *testing.T, name string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(h.root, "faults", name)))
}

// calls counts the calls of drush that begin like this.
func (h *host) calls(t *testing.T, like string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.root, "calls"))
	must(t, err)
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, like) {
			n++
		}
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// overSSH serves the host by a real sshd.
func (h *host) overSSH(t *testing.T) *aegir.SSH {
	t.Helper()
	s := mirrortest.ServeSSH(t)
	port, err := strconv.Atoi(s.Port)
	must(t, err)
	dir, err := os.MkdirTemp("", "ssh") // a socket's path is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &aegir.SSH{Host: "127.0.0.1", User: s.User, Port: port, Key: s.Key, KnownHosts: s.KnownHosts, Control: filepath.Join(dir, "c")}
}
