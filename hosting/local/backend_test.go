package local_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/hostingtest"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

func newBackend(t *testing.T) *local.Backend {
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) // other users come through
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(p, 0o700)
			}
			return nil
		})
	})
	return &local.Backend{Data: dir, Host: "local"}
}

func TestSuite(t *testing.T) {
	hostingtest.Backend(t, func(t *testing.T) hosting.Backend { return newBackend(t) })
}

func TestRecipes(t *testing.T) {
	hostingtest.Recipes(t, func(t *testing.T) hostingtest.Machine {
		b := newBackend(t)
		web := local.NewWeb(b, "")
		t.Cleanup(web.Close)
		b.Public = web.URL
		return hostingtest.Machine{Backend: b, Code: guestBook}
	})
}

// guestBook is an application of one page and one file.
func guestBook(name, breaks string) map[string]string {
	update := "#!/bin/sh\nset -e\necho " + name + " wrote >> \"$SITE_ROOT/data/log\"\n"
	switch breaks {
	case "update":
		update += "exit 1\n"
	case "page":
		update += "touch \"$SITE_ROOT/data/bad\"\n"
	}
	return map[string]string{
		"distrobot.yml": "version: 1\ndocroot: web\nversioned: [data]\nupdate:\n  - [./update.sh]\ncheck: {path: /index.cgi, marker: all is well}\n",
		"web/index.cgi": "#!/bin/sh\nset -e\ncd \"$SITE_ROOT/data\"\ntest ! -e bad\nprintf 'Content-Type: text/plain\\n\\nversion " + name + " all is well\\n'\ncat log\n",
		"data/log":      "begin\n",
		"update.sh":     update,
	}
}

// As root, the sites' programs run as a user of their own, who owns the data and
// cannot write anything else. Without root there is only one user to test with.
func TestSuiteAsAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("not root: the sites have no user of their own here")
		return
	}
	nobody := &run.User{UID: 65534, GID: 65534}
	hostingtest.Backend(t, func(t *testing.T) hosting.Backend {
		b := newBackend(t)
		b.As = nobody
		return b
	})
	b := newBackend(t)
	b.As = nobody
	c := makeSite(t, b, "a.example", map[string]string{
		"distrobot.yml": "version: 1\nversioned: [data]\nsettings: {tpl: settings.txt}\n", "data/x": "x", "tpl": "${SITE_URI}", "index.html": "i",
	})
	c.Generation, c.From, c.Fence = 2, 1, 2
	must(t, b.Lay(t.Context(), c))
	_, err := b.Fill(t.Context(), c)
	must(t, err)
	var said []string
	must(t, b.Run(t.Context(), c, argv([]string{"sh", "-c",
		"id -u; id -G; cat settings.txt; echo; echo y > data/y; cat data/y; for f in settings.txt new index.html ../site.json ../../../hold; do (echo x >> $f) 2>/dev/null && echo wrote $f; done; :"}),
		func(line string) { said = append(said, line) }))
	if got := strings.Join(said[1:], " "); got != "65534 65534 a.example y" {
		t.Errorf("the program said %q", got)
	}
}

// argv makes programs of an argument vector.
func argv(command []string) func(hosting.Place) []hosting.Program {
	return func(hosting.Place) []hosting.Program { return []hosting.Program{{Argv: command, Says: command[0]}} }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeSite publishes files as a platform and makes a live site of it. A name with
// "->" is a link; programs are executable.
func makeSite(t *testing.T, b *local.Backend, uri fleet.URI, files map[string]string) hosting.Copy {
	t.Helper()
	ctx := t.Context()
	c, err := layOut(t, b, uri, files)
	must(t, err)
	_, err = b.Fill(ctx, c)
	must(t, err)
	must(t, b.Switch(ctx, c))
	return c
}

func layOut(t *testing.T, b *local.Backend, uri fleet.URI, files map[string]string) (hosting.Copy, error) {
	t.Helper()
	ctx := t.Context()
	stage, err := b.Stage(ctx, "p", 1)
	must(t, err)
	for name, text := range files {
		name, link, isLink := strings.Cut(name, "->")
		at := filepath.Join(stage, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case isLink:
			must(t, os.Symlink(link, at))
		case strings.HasSuffix(name, ".cgi") || strings.HasSuffix(name, ".sh"):
			must(t, os.WriteFile(at, []byte(text), 0o755))
		default:
			must(t, os.WriteFile(at, []byte(text), 0o644))
		}
	}
	dir, err := b.Publish(ctx, "p", stage)
	must(t, err)
	spec, err := hosting.ReadSpec(dir)
	must(t, err)
	c := hosting.Copy{
		URI: uri, ID: "01s", Platform: "p", Tree: hosting.Tree{Dir: dir, Spec: spec}, App: kind.All()[len(kind.All())-1].App(hosting.Tree{Dir: dir, Spec: spec}), Generation: 1, Fence: 1, Task: "01t",
	}
	return c, b.Lay(ctx, c)
}

// Paths of a site's own lie in real directories, everything else is the
// platform's; the platform is not written.
func TestFarm(t *testing.T) {
	b := newBackend(t)
	makeSite(t, b, "a.example", map[string]string{
		"distrobot.yml":                "version: 1\ndocroot: web\nshared: [web/sites/default/files]\nversioned: [var/db, new/place]\nsettings: {tpl/s.php: web/sites/default/settings.php}\n",
		"web/index.php":                "x",
		"web/sites/default/default.md": "d",
		"web/sites/default/files/a":    "shipped",
		"web/sites/all/b":              "b",
		"var/db/x.sqlite":              "data",
		"tpl/s.php":                    "<?php $uri = '${SITE_URI}'; $x = \"${other}\"; // ${SITE_GENERATION}",
		"link->web/index.php":          "",
	})
	root := filepath.Join(b.Data, "sites/a.example/live/root")
	kinds := map[string]os.FileMode{
		"web": os.ModeDir, "web/sites": os.ModeDir, "web/sites/default": os.ModeDir, "web/sites/all": os.ModeSymlink,
		"web/index.php": os.ModeSymlink, "web/sites/default/files": os.ModeSymlink, "web/sites/default/settings.php": 0,
		"web/sites/default/default.md": os.ModeSymlink, "var": os.ModeDir, "var/db": os.ModeSymlink, "new/place": os.ModeSymlink,
	}
	for name, want := range kinds {
		info, err := os.Lstat(filepath.Join(root, name))
		if err != nil || info.Mode().Type() != want {
			t.Errorf("%s: %v %v, want %v", name, info, err, want)
		}
	}
	for name, want := range map[string]string{
		"web/sites/default/settings.php": "<?php $uri = 'a.example'; $x = \"${other}\"; // 1",
		"web/sites/default/files/a":      "shipped", "var/db/x.sqlite": "data", "link": "x", "web/sites/all/b": "b",
	} {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	must(t, os.WriteFile(filepath.Join(root, "var/db/y"), []byte("new"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "new/place/z"), []byte("new"), 0o644))
	if _, err := os.Stat(filepath.Join(b.Data, "platforms/p/var/db/y")); !os.IsNotExist(err) {
		t.Errorf("the platform was written (%v)", err)
	}
	// All of it can be moved to another place.
	moved := filepath.Join(t.TempDir(), "moved")
	must(t, os.Rename(b.Data, moved))
	if got, err := os.ReadFile(filepath.Join(moved, "sites/a.example/live/root/web/index.php")); err != nil || string(got) != "x" {
		t.Errorf("after a move: %q %v", got, err)
	}
	must(t, os.Rename(moved, b.Data))
}

func TestFarmRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"way through a link": {map[string]string{"distrobot.yml": "version: 1\nversioned: [a/b]\n", "a->.": ""}, "is no directory"},
		"missing template":   {map[string]string{"distrobot.yml": "version: 1\nsettings: {t: s}\n"}, "template t is not in the platform"},
		"unknown variable":   {map[string]string{"distrobot.yml": "version: 1\nsettings: {t: s}\n", "t": "${SITE_PASSWORD}"}, "uses ${SITE_PASSWORD}"},
		"template outside":   {map[string]string{"distrobot.yml": "version: 1\nsettings: {t: s}\n", "t->/etc/passwd": ""}, "template t is not in the platform"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := layOut(t, newBackend(t), "a.example", c.files)
			if err == nil || !strings.Contains(hosting.Sentence(err), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A holder of the lock with a lower fence, and what it started, is ended by a
// newer claimer; one with a higher fence is not disturbed.
func TestStaleHolderIsEnded(t *testing.T) {
	b := newBackend(t)
	c := makeSite(t, b, "a.example", map[string]string{"index.html": "x"})
	path := filepath.Join(b.Data, "sites/a.example/lock")
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	ended := make(chan error, 1)
	started := make(chan struct{})
	go func() { // a program that inherited the lock of a worker that is gone
		_, err := run.Run(context.Background(), run.Command{
			Program: "sh", Args: []string{"-c", "echo ready; exec sleep 600"}, Env: run.Environ(), Files: []*os.File{lock},
			Lines: func(string) { close(started) },
		})
		ended <- err
	}()
	<-started
	must(t, lock.Close())
	c.Fence = 5
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, b.Drain(ctx, c))
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the stale holder ended with %v", err)
	}
	c.Fence = 4
	if err := b.Drain(ctx, c); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("an older fence: %v", err)
	}
}

// What a site's program left in its data is copied as it is, never followed,
// and nothing that is no file, directory or link is copied at all.
func TestHostileData(t *testing.T) {
	b := newBackend(t)
	c := makeSite(t, b, "a.example", map[string]string{"distrobot.yml": "version: 1\nversioned: [data]\n", "data/x": "x"})
	data := filepath.Join(b.Data, "sites/a.example/live/versioned/data")
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	must(t, os.Symlink(secret, filepath.Join(data, "link")))
	must(t, syscall.Mkfifo(filepath.Join(data, "pipe"), 0o644))
	c.Generation, c.From, c.Fence = 2, 1, 2
	must(t, b.Lay(t.Context(), c))
	a, err := b.Fill(t.Context(), c)
	must(t, err)
	if a.Files != 1 {
		t.Errorf("%d files were copied", a.Files)
	}
	copied := filepath.Join(b.Data, "sites/a.example/gen/2/versioned/data")
	if to, err := os.Readlink(filepath.Join(copied, "link")); err != nil || to != secret {
		t.Errorf("link %q %v", to, err)
	}
	if _, err := os.Lstat(filepath.Join(copied, "pipe")); !os.IsNotExist(err) {
		t.Errorf("the pipe was copied (%v)", err)
	}
}

// A specification that wants no network gets none where the machine can.
func TestOffline(t *testing.T) {
	b := newBackend(t)
	c := makeSite(t, b, "a.example", map[string]string{"distrobot.yml": "version: 1\nnetwork: false\n"})
	probe := run.Command{Program: "unshare", Args: []string{"--net", "--", "true"}, Env: run.Environ()}
	if os.Geteuid() != 0 {
		probe.Args = []string{"--user", "--map-current-user", "--net", "--", "true"}
	}
	_, cannot := run.Run(t.Context(), probe)
	c.Generation, c.Fence = 2, 2
	must(t, b.Lay(t.Context(), c))
	var said []string
	must(t, b.Run(t.Context(), c, argv([]string{"sh", "-c", "grep -c : /proc/net/dev"}), func(l string) { said = append(said, l) }))
	isolated := len(said) == 2 && said[1] == "1" // only its own loopback
	if cannot == nil && !isolated {
		t.Errorf("the program saw %q", said)
	}
	t.Logf("isolated: %t (unshare: %v)", isolated, cannot)
}
