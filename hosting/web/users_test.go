package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/run"
)

// Each site's PHP runs as its own user, who can neither read another site's
// settings, also not out of the cache of compiled files, nor call its PHP.
func TestSitesAreApart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("one user for all has nothing to keep apart")
		return
	}
	w := start(t)
	victim := w.site("victim.example", map[string]string{"index.php": `<?php include "config.php"; echo PASSWORD === "hunter2" ? "works" : "";`, "config.php": `<?php const PASSWORD = "hunter2";`})
	config := w.sitePath("victim.example", "gen", "1", "root", "web", "config.php")
	must(t, os.Chown(config, 0, int(victim.User.GID)))
	must(t, os.Chmod(config, 0o640))
	w.put(victim)
	thief := w.site(shop, map[string]string{
		"index.php": `<?php echo posix_geteuid(), " "; @include "` + config + `"; echo defined("PASSWORD") ? "stolen" : "kept";`,
		"talk.php":  `<?php echo @stream_socket_client("unix://` + "SOCKET" + `") ? "connected" : "refused";`,
	})
	w.put(thief)
	for range 3 {
		w.want("victim.example/", 200, "works")
		w.want(string(shop)+"/", 200, "kept")
	}
	talk := w.sitePath(shop, "gen", "1", "root", "web", "talk.php")
	b, err := os.ReadFile(talk)
	must(t, err)
	must(t, os.WriteFile(talk, []byte(strings.ReplaceAll(string(b), "SOCKET", w.poolSocket("victim.example"))), 0o644))
	w.want(string(shop)+"/talk.php", 200, "refused")
	if got := w.get(string(shop) + "/").body; !strings.HasPrefix(got, "20001 ") {
		t.Errorf("the site runs as %q", got)
	}
}

// What a site's own settings say does not take the gate away.
func TestSitesCannotRemoveTheGate(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, map[string]string{".user.ini": "auto_prepend_file=none\nlog_errors=0\n", "index.php": `<?php ini_set("auto_prepend_file", ""); echo ini_get("auto_prepend_file");`}))
	w.want(string(shop)+"/", 200, "gate.php")
	w.want(string(shop)+"/", 200, "gate.php")
}

func TestConfine(t *testing.T) {
	w := start(t)
	w.front.Confine = true
	w.put(w.site(shop, map[string]string{"index.php": `<?php echo @file_get_contents("/etc/hostname") === false ? "confined " : "free "; file_put_contents(sys_get_temp_dir() . "/x", "y"); echo count(scandir(__DIR__ . "/pictures"));`}))
	w.want(string(shop)+"/", 200, "confined 2")
	w.hold(shop)
	w.want(string(shop)+"/", 503, "Back in a moment")
}

// A site whose user cannot reach the gate is refused, and the others that are
// put at once are not.
func TestPHPThatCannotStart(t *testing.T) {
	w := start(t)
	w.put(w.site("b.example", version))
	before := w.files()
	w.front.Wait = 2 * 1e9
	must(t, os.WriteFile(w.path("data", "templates", "pool.conf.tmpl"), []byte(brokenPool(w)), 0o644))
	err := w.front.Put(t.Context(), w.site(shop, version))
	sentence(t, err, fleet.Failed, "PHP of the site shop.example.org does not start")
	if w.files() != before {
		t.Errorf("files changed:\n%s", w.files())
	}
	w.want("b.example/", 200, "front one")
}

// brokenPool is a template whose pools do not run the gate.
func brokenPool(w *world) string {
	who := ""
	if os.Geteuid() == 0 {
		who = "user = {{.User.UID}}\ngroup = {{.User.GID}}\n"
	}
	return "[{{.Name}}]\n" + who + "listen = {{ini .Socket}}\npm = ondemand\npm.max_children = 1\n"
}

func TestRotateLogs(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	log := w.sitePath(shop, "logs", "php.log")
	must(t, os.WriteFile(log, []byte("small"), 0o644))
	must(t, w.front.RotateLogs())
	if _, err := os.Stat(log); err != nil {
		t.Error("a small log was put aside")
	}
	must(t, os.Truncate(log, 17<<20))
	must(t, w.front.RotateLogs())
	if info, err := os.Stat(log + ".1"); err != nil || info.Size() != 17<<20 {
		t.Errorf("the large log: %v %v", info, err)
	}
}

// People who keep their own pools take the gate alone.
func TestWriteGate(t *testing.T) {
	w := newWorld(t)
	dir := w.path("own")
	must(t, web.WriteGate(dir))
	s := w.site(shop, map[string]string{"cron.php": `<?php echo "cron ran";`})
	must(t, os.WriteFile(filepath.Join(s.Dir, "serving.lock"), nil, 0o644))
	cron := func() string {
		cmd := exec.Command("php", "-d", "auto_prepend_file="+dir+"/gate.php", w.sitePath(shop, "live", "www", "cron.php"))
		cmd.Env = run.Environ()
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	if got := cron(); got != "cron ran" {
		t.Errorf("got %q", got)
	}
	w.hold(shop)
	if got := cron(); got != "" {
		t.Errorf("held: %q", got)
	}
}
