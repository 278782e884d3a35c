package web_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
)

// problem checks that one of the problems has all the parts.
func (w *world) problem(parts ...string) {
	w.t.Helper()
	all := w.front.Problems(w.t.Context())
	for _, p := range all {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(p, part)
		}
		if found {
			return
		}
	}
	w.t.Errorf("problems %q, want %q", all, parts)
}

func TestProblems(t *testing.T) {
	w := start(t)
	if all := w.front.Problems(t.Context()); len(all) != 0 {
		t.Errorf("before the first site: %q", all)
	}
	w.put(w.site(shop, version))
	if all := w.front.Problems(t.Context()); len(all) != 0 {
		t.Errorf("when all is well: %q", all)
	}
	nginx, fpm := w.front.Nginx, w.front.FPM

	var more sync.WaitGroup
	for i := range 10 {
		s := w.site(fleet.URI(fmt.Sprintf("s%d.example", i)), version)
		more.Go(func() { w.put(s) })
	}
	more.Wait()
	w.problem("room for 10000 files, too few for 11 sites", "opcache.max_accelerated_files=11000")
	w.replace("fpm.conf", "process_control_timeout = 20s", "")
	w.problem("breaks off requests", "process_control_timeout = 30s")
	w.replace("fpm.conf", "include=", ";include=")
	w.problem("does not read the sites' pools", "include="+w.path("data", "web", "pools", "*.conf"))
	w.replace("fpm.conf", ";include=", "process_control_timeout = x\ninclude=")
	w.problem("PHP-FPM refuses its configuration", "repair it")

	w.replace("nginx.conf", "include "+w.path("data"), "# include "+w.path("data"))
	w.problem("nginx does not read the sites", "include "+w.path("data", "web", "nginx.conf")+"*;")
	w.replace("nginx.conf", "http {", "http { nonsense;")
	w.problem("nginx refuses its configuration", `unknown directive "nonsense"`, "repair it")

	w.front.Nginx, w.front.FPM = web.Server{Test: []string{"no-nginx"}, Reload: []string{"x"}}, web.Server{Test: []string{"no-fpm"}, Reload: []string{"x"}}
	w.problem("no-nginx is not installed", "Install the package nginx")
	w.problem("no-fpm is not installed", "Install the package php-fpm")
	w.front.Nginx, w.front.FPM = web.Server{}, web.Server{}
	w.problem("No command lines for nginx")
	w.problem("No command lines for PHP-FPM")
	old := w.path("old-nginx")
	must(t, os.WriteFile(old, []byte("#!/bin/sh\necho 'nginx version: nginx/1.18.0' >&2\n"), 0o755))
	w.front.Nginx, w.front.FPM = web.Server{Test: []string{old, "-t"}, Reload: nginx.Reload}, fpm
	w.problem("nginx 1.18 is too old", "1.20 or later")
}

func TestProblemsOfServersThatAreNotRunning(t *testing.T) {
	w := start(t)
	w.put(w.site(shop, version))
	w.stop(w.nginx)
	w.stop(w.fpm)
	w.problem("nginx is not running", "Start it")
	w.problem("PHP-FPM is not running", "Start it")
	if os.Geteuid() == 0 {
		must(t, os.Chmod(w.path("data"), 0o700))
		w.problem("cannot pass "+w.path("data"), "chmod o+x")
	}
}
