package local_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

// A kitchen is a site on a machine with a real PHP.
type kitchen struct {
	t *testing.T
	b *local.Backend
	c hosting.Copy
}

// cached is what a front says that PHP has compiled for visitors.
type cached struct {
	stove
	files []string
}

func (f *cached) Compiled(context.Context, fleet.URI) ([]string, error) { return f.files, nil }

// newKitchen has a site whose programs load a.php and tell which cache they use,
// and which one the programs use that they start.
func newKitchen(t *testing.T, front *cached) *kitchen {
	t.Helper()
	b := newBackend(t)
	if os.Geteuid() == 0 {
		b.As = &run.User{UID: 65534, GID: 65534}
	}
	front.backend, b.Front = b, front
	c, err := layOut(t, b, "shop.example", map[string]string{
		"a.php": "<?php function a() { return 'old'; }", "b.php": "<?php", "broken.php": "<?php this is no PHP",
	})
	must(t, err)
	long := time.Now().Add(-time.Hour) // what was just written could change in the same second
	for _, f := range []string{"a.php", "b.php", "broken.php"} {
		must(t, os.Chtimes(filepath.Join(c.Tree.Dir, f), long, long))
	}
	c.App.PHP = true
	says := `require "a.php"; echo a(), " ", ini_get("opcache.file_cache"), "\n"; passthru("php -r 'echo \"and \", ini_get(\"opcache.file_cache\"), PHP_EOL;'");`
	c.App.Install = argv([]string{"php", "-r", says})
	c.App.Update = c.App.Install
	return &kitchen{t: t, b: b, c: c}
}

func (k *kitchen) path(parts ...string) string {
	return filepath.Join(append([]string{k.b.Data, "sites", string(k.c.URI)}, parts...)...)
}

// lay lays a generation out and fills it.
func (k *kitchen) lay(n int64) hosting.Copy {
	k.t.Helper()
	c := k.c
	c.Generation, c.From, c.Fence = n, n-1, n
	must(k.t, k.b.Lay(k.t.Context(), c))
	_, err := k.b.Fill(k.t.Context(), c)
	must(k.t, err)
	return c
}

// runs wants the programs to find what a.php says and a cache, or none.
func (k *kitchen) runs(c hosting.Copy, a, cache string) {
	k.t.Helper()
	var said []string
	must(k.t, k.b.Run(k.t.Context(), c, c.App.Update, func(l string) { said = append(said, l) }))
	if want := []string{a + " " + cache, "and " + cache}; !slices.Equal(said[1:], want) {
		k.t.Errorf("the program said %q, want %q", said[1:], want)
	}
}

// has wants the cache to hold these files of a generation; nil wants no cache.
func (k *kitchen) has(gen string, want []string) {
	k.t.Helper()
	if _, err := os.Lstat(k.path("compiled")); (err == nil) != (want != nil) {
		k.t.Fatalf("a cache, of %q: %v", want, err)
	}
	got := []string{}
	_ = filepath.WalkDir(k.path("compiled", "files"), func(p string, d os.DirEntry, err error) error {
		if _, rel, ok := strings.Cut(p, k.path("gen", gen, "root")+"/"); ok && err == nil && !d.IsDir() {
			got = append(got, rel)
		}
		return nil
	})
	if want != nil && !slices.Equal(got, want) {
		k.t.Errorf("compiled %q of generation %s, want %q", got, gen, want)
	}
}

// What the programs of a site used is compiled for the next update, before
// visitors wait; what does not compile, or is not there, hinders nobody. After
// the update nothing is left but the list.
func TestUpdatesFindFilesCompiled(t *testing.T) {
	k := newKitchen(t, &cached{})
	files := k.path("compiled", "files")
	c := k.lay(1)
	k.has("1", []string{})
	k.runs(c, "old", files)
	k.has("1", []string{"a.php.bin"})
	must(t, k.b.Switch(t.Context(), c))
	must(t, k.b.Tidy(t.Context(), c))
	k.has("1", nil)
	list, err := os.ReadFile(k.path("used"))
	must(t, err)
	if string(list) != "a.php\n" {
		t.Fatalf("used %q", list)
	}
	must(t, os.WriteFile(k.path("used"), append(list, "broken.php\ngone.php\n../../../user.json\nb.php\n"...), 0o644))

	c = k.lay(2)
	k.has("2", []string{"a.php.bin", "b.php.bin"})
	k.private(files)
	k.runs(c, "old", files)
	must(t, k.b.Lay(t.Context(), c)) // again, after a crash
	k.has("2", []string{"a.php.bin", "b.php.bin"})
	// A file that changed since is compiled again.
	a := k.path("gen", "2", "root", "a.php")
	must(t, os.Remove(a))
	must(t, os.WriteFile(a, []byte("<?php function a() { return 'new'; }"), 0o644))
	k.runs(c, "new", files)
	must(t, k.b.Abandon(t.Context(), c))
	k.has("2", nil)
}

// private wants that only the site's user gets at the cache, and cannot choose
// the settings.
func (k *kitchen) private(files string) {
	k.t.Helper()
	for at, want := range map[string]os.FileMode{files: os.ModeDir | 0o700, filepath.Dir(files): os.ModeDir | 0o755, k.path("compiled", "opcache.ini"): 0o644} {
		info, err := os.Lstat(at)
		must(k.t, err)
		if info.Mode() != want {
			k.t.Errorf("%s has mode %v, want %v", at, info.Mode(), want)
		}
	}
	if k.b.As == nil {
		return
	}
	tries := []string{"sh", "-c", `test -w "$1" && ! test -w "$2" && ! test -w "$2"/opcache.ini && echo private`, "sh", files, filepath.Dir(files)}
	r, err := run.Run(k.t.Context(), run.Command{Program: tries[0], Args: tries[1:], Env: run.Environ(), As: k.b.As})
	if err != nil || r.Stdout != "private\n" {
		k.t.Errorf("the site's user: %q %v", r.Stdout, err)
	}
}

// Where nothing can be gained, or PHP cannot use the cache, there is none, and
// programs run as ever.
func TestUpdatesWithoutCompiledFiles(t *testing.T) {
	front := &cached{}
	k := newKitchen(t, front)
	must(t, k.b.Switch(t.Context(), k.c))
	c := k.lay(2) // nobody knows what it uses
	k.has("2", nil)
	k.runs(c, "old", "")
	front.files = []string{"b.php"} // visitors' files are a beginning
	k.lay(2)
	k.has("2", []string{"b.php.bin"})
	must(t, os.WriteFile(k.path("used"), []byte("broken.php\n"), 0o644))
	k.runs(k.lay(2), "old", k.path("compiled", "files"))
	must(t, os.WriteFile(k.path("used"), []byte("broken.php\n"), 0o644))
	must(t, os.RemoveAll(k.path("compiled")))
	c = k.lay(2) // an opcache that compiles nothing
	k.has("2", nil)
	k.runs(c, "old", "")

	must(t, os.WriteFile(k.path("used"), []byte("a.php\n"), 0o644))
	c = k.lay(2)
	must(t, os.RemoveAll(k.path("compiled", "files"))) // PHP would not start
	k.runs(c, "old", "")
	c.Takes = true // a way back runs no programs
	must(t, k.b.Lay(t.Context(), c))
	k.has("2", nil)
}
