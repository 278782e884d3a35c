package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/lamp"
)

// cmdFront: front PORT starts a real nginx with the configuration of the example
// of a backend's program, over the directory kept.
func cmdFront(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: front PORT")
	}
	config, err := os.ReadFile(filepath.Join(ts.Getenv("EXAMPLES"), "rsync-symlink", "nginx.conf"))
	ts.Check(err)
	text := strings.NewReplacer("ROOT", filepath.Join(ts.Getenv("WORK"), "kept"), "LISTEN", "127.0.0.1:"+args[0]).Replace(string(config))
	hosts := filepath.Join(ts.Getenv("WORK"), "hosts")
	ts.Check(os.Mkdir(hosts, 0o755))
	ts.Check(os.WriteFile(filepath.Join(hosts, "sites.conf"), []byte(text), 0o644))
	nginx, err := lamp.StartNginx(hosts)
	ts.Check(err)
	ts.Defer(nginx.Stop)
}
