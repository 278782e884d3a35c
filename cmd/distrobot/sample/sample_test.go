package sample_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/internal/run"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	res, err := run.Run(context.Background(), run.Command{Program: "git", Args: args, Dir: dir, Env: run.Environ(), OutputLimit: 1 << 20})
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(res.Stdout)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// history makes the repository with all releases and a checkout of each.
func history(t *testing.T) (repo string, trees map[string]string) {
	t.Helper()
	ctx := t.Context()
	repo = filepath.Join(t.TempDir(), sample.Repository)
	must(t, sample.Make(ctx, repo))
	if got := git(t, repo, "tag", "--list"); got != "1.0.0\n1.1.0" {
		t.Fatalf("tags at first: %q", got)
	}
	if err := sample.Publish(ctx, repo, "1.3.0"); err == nil {
		t.Error("1.3.0 was published before 1.2.0")
	}
	if err := sample.Publish(ctx, repo, "--help"); err == nil {
		t.Error("a release that is none was published")
	}
	for _, tag := range []string{"1.2.0", "1.2.0", "1.3.0"} {
		must(t, sample.Publish(ctx, repo, tag))
	}
	trees = map[string]string{}
	all, err := sample.Releases(ctx, repo)
	must(t, err)
	for _, r := range all {
		if !r.Published {
			t.Errorf("%s is not published", r.Tag)
		}
		trees[r.Tag] = t.TempDir()
		git(t, repo, "--work-tree="+trees[r.Tag], "checkout", "--quiet", "--force", r.Tag, "--", ".")
	}
	return repo, trees
}

// generic is the kind of the sample.
func generic(t *testing.T) hosting.Kind {
	t.Helper()
	for _, k := range kind.All() {
		if k.Name() == "generic" {
			return k
		}
	}
	t.Fatal("there is no kind generic")
	return nil
}

func TestHistory(t *testing.T) {
	repo, trees := history(t)
	git(t, repo, "fsck", "--strict")
	if n := git(t, repo, "rev-list", "--count", "main"); n != "15" {
		t.Errorf("%s commits", n)
	}
	if authors := strings.Split(git(t, repo, "log", "--format=%an", "main"), "\n"); len(authors) != 15 || !strings.Contains(strings.Join(authors, " "), "Tomasz Lind") {
		t.Errorf("authors %v", authors)
	}
	// The same history every time: hashes in messages and pictures stay.
	other := filepath.Join(t.TempDir(), "b.git")
	must(t, sample.Make(t.Context(), other))
	if a, b := git(t, repo, "rev-parse", "1.1.0"), git(t, other, "rev-parse", "1.1.0"); a != b {
		t.Errorf("1.1.0 is %s and %s", a, b)
	}
	for tag, tree := range trees {
		spec, err := hosting.ReadSpec(tree)
		must(t, err)
		facts, err := generic(t).Read(t.Context(), hosting.Tree{Dir: tree, Spec: spec})
		must(t, err)
		var have []string
		for _, p := range facts.Packages {
			have = append(have, p.Name+" "+p.Version)
		}
		if !strings.Contains(strings.Join(have, ","), "atrium/atrium "+tag) || len(have) < 4 {
			t.Errorf("%s: packages %v", tag, have)
		}
		for _, page := range []string{"index.html", "about.html"} {
			b, err := os.ReadFile(filepath.Join(tree, "web", page))
			if err != nil || !strings.Contains(string(b), "Atrium "+tag) {
				t.Errorf("%s of %s does not say its version (%v)", page, tag, err)
			}
		}
		cgi, err := os.Stat(filepath.Join(tree, "web/guestbook.cgi"))
		if err != nil || cgi.Mode()&0o111 == 0 {
			t.Errorf("%s: the guest book cannot be run: %v %v", tag, cgi, err)
		}
	}
	if _, err := os.Stat(filepath.Join(trees["1.2.0"], "packages/visitor-counter")); !os.IsNotExist(err) {
		t.Errorf("1.2.0 still has the visitor counter (%v)", err)
	}
}

// Every embedded file is part of its release: none was forgotten in the list of
// commits.
func TestEveryFileIsCommitted(t *testing.T) {
	_, trees := history(t)
	for tag, tree := range trees {
		err := fs.WalkDir(os.DirFS(filepath.Join("files", tag)), ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			want, err := os.ReadFile(filepath.Join("files", tag, p))
			must(t, err)
			if got, err := os.ReadFile(filepath.Join(tree, p)); err != nil || string(got) != string(want) {
				t.Errorf("%s of %s was not committed (%v)", p, tag, err)
			}
			return nil
		})
		must(t, err)
	}
}

// site lays a release out with the data of a start, and runs its programs.
type site struct {
	t    *testing.T
	root string
}

func (s site) cgi(method, form string) (string, error) {
	s.t.Helper()
	res, err := run.Run(context.Background(), run.Command{
		Program: filepath.Join(s.root, "web/guestbook.cgi"), Dir: filepath.Join(s.root, "web"), Stdin: strings.NewReader(form), OutputLimit: 1 << 20,
		Env: run.Environ("SITE_ROOT="+s.root, "REQUEST_METHOD="+method, fmt.Sprint("CONTENT_LENGTH=", len(form))),
	})
	return res.Stdout, err
}

func newSite(t *testing.T, tree string, start sample.Start) site {
	t.Helper()
	s := site{t: t, root: tree}
	must(t, sample.Seed(t.Context(), start.URI, tree))
	must(t, os.MkdirAll(filepath.Join(tree, "conf"), 0o755))
	must(t, os.WriteFile(filepath.Join(tree, "conf/site.conf"), []byte("SITE_NAME='"+string(start.URI)+"'\n"), 0o644))
	return s
}

func TestGuestBook(t *testing.T) {
	_, trees := history(t)
	s := newSite(t, trees["1.0.0"], sample.Starts()[0])
	for form, want := range map[string]string{
		"name=A&text=B": "Status: 303",
		"name=%C3%84nne+%3Cb%3E&text=50%25+%26+more%0": "Status: 303",
		"name=x&text=a%09b%0D%0Ac%00d":                 "Status: 303",
		"name=&text=B":                                 "Status: 422",
		"name=A":                                       "Status: 422",
		"":                                             "Status: 422",
		"name=A&text=" + strings.Repeat("x", 9000): "Status: 413",
	} {
		out, err := s.cgi("POST", form)
		if err != nil || !strings.HasPrefix(out, want) {
			t.Errorf("%.40q: %.60q %v, want %s", form, out, err, want)
		}
	}
	out, err := s.cgi("GET", "")
	must(t, err)
	for _, want := range []string{"<b>A</b><p>B</p>", "<b>Änne &lt;b&gt;</b><p>50% &amp; more%0</p>", "<b>x</b><p>a b c d</p>", "Lena &amp; Björn", "here at harbour.example."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := strings.Count(out, `class="entry"`); n != 6 {
		t.Errorf("%d entries", n)
	}
}

// 1.3.0 breaks the guest book of exactly one of the sites, the last by name.
func TestTheFaultOf130(t *testing.T) {
	_, trees := history(t)
	starts := sample.Starts()
	for i, start := range starts {
		dir := t.TempDir()
		must(t, os.CopyFS(dir, os.DirFS(trees["1.0.0"])))
		old := newSite(t, dir, start)
		if out, err := old.cgi("GET", ""); err != nil || !strings.Contains(out, "Atrium 1.0.0") {
			t.Fatalf("%s on 1.0.0: %v", start.URI, err)
		}
		for _, tag := range []string{"1.2.0", "1.3.0"} {
			next := t.TempDir()
			must(t, os.CopyFS(next, os.DirFS(trees[tag])))
			must(t, os.RemoveAll(filepath.Join(next, "data")))
			must(t, os.CopyFS(filepath.Join(next, "data"), os.DirFS(filepath.Join(dir, "data"))))
			must(t, os.CopyFS(filepath.Join(next, "conf"), os.DirFS(filepath.Join(dir, "conf"))))
			_, err := run.Run(t.Context(), run.Command{Program: filepath.Join(next, "update.sh"), Dir: next, Env: run.Environ("SITE_ROOT=" + next)})
			must(t, err)
			out, err := (site{t: t, root: next}).cgi("GET", "")
			breaks := tag == "1.3.0" && i == len(starts)-1
			if (err != nil) != breaks || err == nil && strings.Count(out, `class="entry"`) != len(start.Entries) {
				t.Errorf("%s on %s: %v\n%s", start.URI, tag, err, out)
			}
			dir = next
		}
		if i > 0 && starts[i-1].URI >= start.URI {
			t.Errorf("%s does not sort after %s", start.URI, starts[i-1].URI)
		}
	}
}
