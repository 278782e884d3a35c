package lamp_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/distrobot/distrobot/internal/lamp"
)

func git(t *testing.T, repository string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"--git-dir", repository}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

func TestWordPress(t *testing.T) {
	r := lamp.Code(t, lamp.WordPress)
	if len(r.Tags) < 2 {
		t.Fatalf("tags %v", r.Tags)
	}
	for _, tag := range r.Tags {
		files := git(t, r.Repository, "ls-tree", "-r", tag)
		if n := strings.Count(files, "\n"); n < 1500 || strings.Contains(files, "120000") || strings.Contains(files, "\twp-config.php\n") {
			t.Errorf("%s: %d files, or a link, or Debian's settings:\n%.300s", tag, n, files)
		}
		for _, want := range []string{"\twp-load.php\n", "\twp-admin/includes/upgrade.php\n"} {
			if !strings.Contains(files, want) {
				t.Errorf("%s lacks %q", tag, want)
			}
		}
		if v := git(t, r.Repository, "show", tag+":wp-includes/version.php"); !strings.Contains(v, "$wp_version = '"+tag+"'") {
			t.Errorf("%s is another version:\n%s", tag, v)
		}
		// The first version's theme is in all, so that a site can move.
		first := git(t, r.Repository, "ls-tree", "--name-only", r.Tags[0]+":wp-content/themes")
		here := git(t, r.Repository, "ls-tree", "--name-only", tag+":wp-content/themes")
		for theme := range strings.Lines(first) {
			if !strings.Contains(here, theme) {
				t.Errorf("%s lacks theme %s", tag, theme)
			}
		}
	}
	t.Log(r.Tags)
}

func TestMediaWiki(t *testing.T) {
	r := lamp.Code(t, lamp.MediaWiki)
	if len(r.Tags) != 2 || !strings.HasPrefix(r.Tags[0], "1.39.") || !strings.HasPrefix(r.Tags[1], "1.43.") {
		t.Fatalf("tags %v", r.Tags)
	}
	for _, tag := range r.Tags {
		files := git(t, r.Repository, "ls-tree", "-r", tag)
		for _, want := range []string{"\textensions/Cite/extension.json\n", "\tmaintenance/install.php\n", "\tincludes/Defines.php\n", "\tskins/Vector/skin.json\n"} {
			if !strings.Contains(files, want) {
				t.Errorf("%s lacks %q", tag, want)
			}
		}
		for line := range strings.Lines(files) {
			if strings.HasPrefix(line, "120000") && strings.HasPrefix(git(t, r.Repository, "cat-file", "blob", strings.Fields(line)[2]), "/") {
				t.Errorf("%s: an absolute link: %s", tag, line)
			}
		}
	}
	t.Log(r.Tags)
}

// What is in the cache needs neither apt nor network, and many may ask at once.
func TestCodeIsKept(t *testing.T) {
	first := lamp.Code(t, lamp.WordPress)
	t.Setenv("PATH", t.TempDir())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if again, err := lamp.WordPress(t.Context()); err != nil || again.Repository != first.Repository {
				t.Errorf("%+v, %v", again, err)
			}
		})
	}
	wg.Wait()
}

func TestDerive(t *testing.T) {
	r := lamp.Code(t, lamp.WordPress)
	dir := filepath.Join(t.TempDir(), "mine.git")
	mine, err := r.Derive(t.Context(), dir, func(tag string) map[string][]byte {
		return map[string][]byte{"new/file.txt": []byte("for " + tag), "wp-admin": nil}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range mine.Tags {
		if got := git(t, mine.Repository, "show", tag+":new/file.txt"); got != "for "+tag {
			t.Errorf("%s: %q", tag, got)
		}
		if got := git(t, mine.Repository, "ls-tree", "--name-only", tag); strings.Contains(got, "wp-admin\n") || !strings.Contains(got, "wp-content\n") {
			t.Errorf("%s has\n%s", tag, got)
		}
		if got := git(t, r.Repository, "ls-tree", "--name-only", tag); !strings.Contains(got, "wp-admin\n") {
			t.Errorf("the original of %s was changed", tag)
		}
	}
}
