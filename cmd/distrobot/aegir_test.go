package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
)

// cmdAegir makes the stub of an Aegir at $WORK/aegir behind a real nginx on a port,
// and the settings of a worker that drives it.
func cmdAegir(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: aegir PORT CHECKPORT")
	}
	root := filepath.Join(ts.Getenv("WORK"), "aegir")
	web := filepath.Join(root, "config", "server_master", "nginx")
	for _, d := range []string{"bin", "faults", "hosts", "config/server_master/nginx/pre.d", "config/server_master/nginx/vhost.d"} {
		ts.Check(os.MkdirAll(filepath.Join(root, d), 0o755))
	}
	ts.Check(os.WriteFile(filepath.Join(root, "port"), []byte(args[0]), 0o644))
	sites := fmt.Sprintf("server { listen 127.0.0.1:%s; server_name _; location / { return 404; } }\ninclude %s/pre.d/*;\ninclude %s/vhost.d/*;\n", args[0], web, web)
	ts.Check(os.WriteFile(filepath.Join(root, "hosts", "aegir.conf"), []byte(sites), 0o644))
	nginx, err := lamp.StartNginx(filepath.Join(root, "hosts"))
	ts.Check(err)
	ts.Defer(nginx.Stop)
	ts.Defer(func() {
		_ = filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(p, 0o700)
			}
			return nil
		})
	})
	stub, err := filepath.Abs("../../hosting/aegir/testdata")
	ts.Check(err)
	php := []string{"php", "-n"}
	if ts.Exec("php", "-n", "-r", "new PDO('sqlite::memory:');") != nil { // its extensions are modules
		php = append(php, "-d", "extension=pdo", "-d", "extension=pdo_sqlite")
	}
	line := func(at, line string) {
		ts.Check(os.WriteFile(filepath.Join(root, at), []byte("#!/bin/sh\n"+line+"\n"), 0o755))
	}
	line("reload", "exec "+run.Quote(nginx.Reload...))
	line("bin/drush", "exec "+run.Quote(append(php, filepath.Join(stub, "drush.php"), root)...)+` "$@"`)
	ts.Check(ts.Exec(php[0], append(php[1:], "-r", "(new PDO('sqlite:'.$argv[1]))->exec('PRAGMA journal_mode=WAL;'.file_get_contents($argv[2]));",
		"--", filepath.Join(root, "hostmaster.db"), filepath.Join(stub, "schema.sql"))...))
	for name, value := range map[string]string{
		"BACKEND": "aegir", "AEGIR_HOME": root, "AEGIR_DRUSH": filepath.Join(root, "bin", "drush"), "AEGIR_USER": "root", "AEGIR_EMAIL": "hosting@example.org",
		"AEGIR_RELOAD": filepath.Join(root, "reload"), "AEGIR_PID": filepath.Join(nginx.Dir, "pid"),
		"AEGIR_CHECK": "127.0.0.1:" + args[1], "AEGIR_PUBLIC": "http://127.0.0.1:" + args[0], "AEGIR_SYNC": "10s",
	} {
		ts.Setenv("DISTROBOT_"+name, value)
	}
}

// cmdSSHD has the worker reach the Aegir of the script by a real sshd.
func cmdSSHD(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		s := mirrortest.ServeSSH(t)
		ts.Setenv("DISTROBOT_AEGIR_SSH", s.User+"@127.0.0.1:"+s.Port)
		ts.Setenv("DISTROBOT_AEGIR_SSH_KEY", s.Key)
		ts.Setenv("DISTROBOT_AEGIR_KNOWN_HOSTS", s.KnownHosts)
	}
}

// TestFlavours holds what is set for each distribution of Aegir, and that devshop
// is refused by name.
func TestFlavours(t *testing.T) {
	base := AegirConfig{Flavour: "aegir", Sync: time.Minute}
	if a, err := base.flavoured(); err != nil || a.Drush != "drush" || a.Home != "/var/aegir" || a.User != "aegir" || a.Serial {
		t.Errorf("aegir: %+v, %v", a, err)
	}
	boa := base
	boa.Flavour, boa.Home = "boa", "/data/disk/o1"
	if a, err := boa.flavoured(); err != nil || a.Drush != "drush8" || a.User != "o1" || !a.Serial || a.Platforms != "/data/disk/o1/static/platforms" {
		t.Errorf("boa: %+v, %v", a, err)
	}
	for name, c := range map[string]struct {
		change func(*AegirConfig)
		says   string
	}{
		"devshop":        {func(a *AegirConfig) { a.Flavour = "devshop" }, "in place"},
		"boa, no home":   {func(a *AegirConfig) { a.Flavour = "boa" }, "DISTROBOT_AEGIR_HOME"},
		"another":        {func(a *AegirConfig) { a.Flavour = "plesk" }, "aegir or boa"},
		"a hasty worker": {func(a *AegirConfig) { a.Sync = time.Second }, "ten seconds"},
	} {
		a := base
		c.change(&a)
		if _, err := a.flavoured(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRunUser holds that the user aegir runs with its supplementary groups: Aegir
// hands settings to the web server's group, of which only members can.
func TestRunUser(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	want, err := me.GroupIds()
	if err != nil || len(want) == 0 {
		t.Fatalf("groups of %s: %v, %v", me.Username, want, err)
	}
	as, err := runUser(me.Username)
	if err != nil || len(as.Groups) != len(want) {
		t.Errorf("%s runs with %+v, %v; its groups are %v", me.Username, as, err, want)
	}
}
