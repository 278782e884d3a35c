package command_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting/command"
	"github.com/distrobot/distrobot/internal/run"
)

// A pantheon is the example that drives Pantheon, over a stub of Terminus whose
// environments are directories and served over HTTP.
type pantheon struct {
	t    *testing.T
	root string
	command.Program
}

const machine = "scratch-site"

func newPantheon(t *testing.T) *pantheon {
	p := &pantheon{t: t, root: t.TempDir()}
	site := filepath.Join(p.root, machine)
	for _, env := range []string{"dev", "test", "live"} {
		must(t, os.MkdirAll(filepath.Join(site, "env", env, "content"), 0o755))
	}
	p.git("", "init", "--quiet", "--bare", "--initial-branch=master", site+"/code.git")
	work := filepath.Join(p.root, "first")
	p.git("", "init", "--quiet", "--initial-branch=master", work)
	must(t, os.WriteFile(filepath.Join(work, "pantheon.yml"), []byte("api_version: 1\n"), 0o644))
	p.git(work, "add", "-A")
	p.git(work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "Begin")
	p.git(work, "push", "--quiet", site+"/code.git", "master")

	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	sites := filepath.Join(p.root, "sites")
	must(t, os.WriteFile(sites, []byte("# address machine-name\n"+string(command.ConformSite)+" "+machine+"\n"), 0o644))
	stub, err := filepath.Abs("testdata")
	must(t, err)
	program, err := filepath.Abs("../../examples/pantheon/backend")
	must(t, err)
	p.Program = command.Program{Argv: []string{program}, Env: append(run.Environ(
		"STUB_ROOT="+p.root, "PANTHEON_SITES="+sites, "PANTHEON_URL="+server.URL+"/live-NAME", "PANTHEON_CHECK_URL="+server.URL+"/ENV-NAME",
	), "PATH="+stub+":"+os.Getenv("PATH"))}
	return p
}

func (p *pantheon) git(dir string, args ...string) string {
	p.t.Helper()
	r, err := run.Run(p.t.Context(), run.Command{Program: "git", Args: args, Dir: dir, Env: run.Environ("HOME=" + p.root)})
	must(p.t, err)
	return r.Stdout
}

// ServeHTTP serves the front page of an environment: the code of its branch, or
// of live what was deployed, and 503 in maintenance.
func (p *pantheon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	env, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "-")
	dir := filepath.Join(p.root, machine, "env", env)
	if on, _ := os.ReadFile(filepath.Join(dir, "content", "maintenance")); strings.TrimSpace(string(on)) == "1" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if env == "live" {
		http.ServeFile(w, r, filepath.Join(dir, "code", "index.html"))
		return
	}
	got, err := run.Run(r.Context(), run.Command{Program: "git", Args: []string{"show", env + ":index.html"}, Dir: filepath.Join(p.root, machine, "code.git"), Env: run.Environ()})
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write([]byte(got.Stdout))
}

// TestPantheon runs the suite of the contract: all of it holds, but that a site
// is not deleted by a program.
func TestPantheon(t *testing.T) {
	var said strings.Builder
	findings, err := command.Conform(t.Context(), newPantheon(t).Program, func(line string) { said.WriteString(line + "\n") })
	must(t, err)
	if len(findings) == 0 || !strings.Contains(findings[0], "Sites are removed in Pantheon's dashboard") {
		t.Errorf("findings %q", findings)
	}
	for _, f := range findings[min(1, len(findings)):] {
		if !strings.Contains(f, "observe says") && !strings.Contains(f, "list has the site") { // because it is still there
			t.Errorf("finding %q\n%s", f, said.String())
		}
	}
}
