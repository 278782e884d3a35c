package command_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting/command"
	"github.com/distrobot/distrobot/hosting/hostingtest"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/run"
)

// example is the backend of examples/rsync-symlink behind a real nginx.
func example(t *testing.T) *command.Backend {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) // nginx's user comes through
	must(t, os.Mkdir(root, 0o755))
	port, err := lamp.FreePort()
	must(t, err)
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	config, err := os.ReadFile("../../examples/rsync-symlink/nginx.conf")
	must(t, err)
	config = bytes.ReplaceAll(bytes.ReplaceAll(config, []byte("ROOT"), []byte(root)), []byte("LISTEN"), []byte(listen))
	hosts := filepath.Join(dir, "hosts")
	must(t, os.Mkdir(hosts, 0o755))
	must(t, os.WriteFile(filepath.Join(hosts, "sites.conf"), config, 0o644))
	nginx, err := lamp.StartNginx(hosts)
	must(t, err)
	t.Cleanup(nginx.Stop)
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(p, 0o700)
			}
			return nil
		})
	})
	program, err := filepath.Abs("../../examples/rsync-symlink/backend")
	must(t, err)
	return &command.Backend{
		Program: command.Program{Argv: []string{program}, Env: run.Environ("BACKEND_ROOT="+root, "BACKEND_URL=http://"+listen)},
		Host:    "local", Records: &local.Backend{Data: filepath.Join(dir, "data"), Host: "local"},
	}
}

// pages is an application of static pages, which its update writes.
func pages(name, breaks string) map[string]string {
	update := "#!/bin/sh\nset -e\necho " + name + " wrote >> data/log\n"
	well := " all is well"
	switch breaks {
	case "update":
		update += "echo no such table >&2\nexit 1\n"
	case "page":
		well = " nothing is well"
	}
	return map[string]string{
		"distrobot.yml": "version: 1\ndatabase: {engine: mysql}\ncheck: {path: /, marker: all is well}\n",
		"index.html":    "version " + name + " all is well\nbegin\n",
		"data/log":      "begin\n",
		"update.sh":     update + "{ echo 'version " + name + well + "'; cat data/log; } > index.html\n",
	}
}

// TestRecipes runs the tasks of sites on the example.
func TestRecipes(t *testing.T) {
	hostingtest.Recipes(t, func(t *testing.T) hostingtest.Machine {
		return hostingtest.Machine{Backend: example(t), Code: pages}
	})
}

// TestExampleKeepsItsContract runs what "distrobot backend check" runs.
func TestExampleKeepsItsContract(t *testing.T) {
	b := example(t)
	var said strings.Builder
	findings, err := command.Conform(t.Context(), b.Program, func(line string) { said.WriteString(line + "\n") })
	must(t, err)
	if len(findings) > 0 {
		t.Errorf("findings: %q\n%s", findings, said.String())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
