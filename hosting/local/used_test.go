package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/run"
)

// Names come from a directory of the site's user: what is no plain path below
// the view is left out, and there is an end.
func TestUsable(t *testing.T) {
	bad := []string{"", ".", "..", "/etc/passwd", "../a.php", "a/../../b.php", "a\x00.php", "a\r.php", strings.Repeat("a", maxUsedPath+1)}
	good := []string{"a b/c.inc", "a.php", "ä.module"}
	if got := usable(slices.Concat(bad, good, good)); !slices.Equal(got, good) {
		t.Errorf("usable are %q", got)
	}
	many := make([]string, maxUsed+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if got := len(usable(many)); got != maxUsed {
		t.Errorf("%d are usable", got)
	}
}

// What is learnt is what the cache holds of the copies' views: no link is
// followed, and an unreadable or empty cache leaves the list as it was.
func TestLearn(t *testing.T) {
	s := site(filepath.Join(t.TempDir(), "odd[1]*site"))
	gens := s.path("gen")
	write := func(at string) {
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(gens, "1", "site.json"))
	cache := filepath.Join(s.compiled(), cacheFiles, "0123")
	write(filepath.Join(cache, gens, "2", "root", "lib", "a.php.bin"))
	write(filepath.Join(cache, gens, "rehearsal", "root", "b.inc.bin"))
	write(filepath.Join(cache, gens, "2", "root", "lib", "no compiled file"))
	write(filepath.Join(cache, gens, "2", "root", "two\nlines.php.bin"))
	write(filepath.Join(cache, "usr", "bin", "wp.bin"))
	write(filepath.Join(cache, gens[:len(gens)-len("[1]*site/gen")]+"1site/gen", "2", "root", "other.php.bin"))
	elsewhere := t.TempDir()
	write(filepath.Join(elsewhere, "secret.php.bin"))
	if err := os.Symlink(elsewhere, filepath.Join(cache, gens, "2", "root", "link")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is no cache any more
		s.learn()
		if got, want := s.used(), []string{"b.inc", "lib/a.php"}; !slices.Equal(got, want) {
			t.Errorf("learnt %q, want %q", got, want)
		}
		if _, err := os.Lstat(s.compiled()); !os.IsNotExist(err) {
			t.Errorf("the cache is still there: %v", err)
		}
	}
}

// A PHP without opcache says so, as one does whose settings did not arrive.
func TestCompileWithoutOpcache(t *testing.T) {
	for _, args := range [][]string{{"-n"}, {"-d", "opcache.enable_cli=1"}} {
		r, err := run.Run(t.Context(), run.Command{
			Program: "php", Args: append(args, "-r", compileProgram), Env: []string{programPath}, Stdin: strings.NewReader("index.php\n"),
		})
		if err == nil || r.ExitCode != 1 || r.Stdout != "" {
			t.Errorf("php %q: exit code %d, %q, %v", args, r.ExitCode, r.Stdout, err)
		}
	}
}

// A path that PHP's settings cannot hold gets no cache.
func TestCacheOfAnOddPath(t *testing.T) {
	for _, name := range []string{"a:b", `a"b`, "a${HOME}", "a\nb"} {
		s := site(filepath.Join(t.TempDir(), name))
		if _, err := s.makeCache(&Backend{}); err == nil || s.cached() != nil {
			t.Errorf("%q: %v, %q", name, err, s.cached())
		}
	}
}
