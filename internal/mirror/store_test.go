package mirror_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
)

func newStore(t testing.TB) *mirror.Store {
	return &mirror.Store{Dir: filepath.Join(t.TempDir(), "mirrors"), Policy: local}
}

// mustFetch lists ref and fetches it, as the watcher and a build do.
func mustFetch(t testing.TB, s *mirror.Store, url, ref string) mirror.Ref {
	t.Helper()
	l := mirror.NewLister(local)
	defer l.Close()
	listing, err := l.List(t.Context(), mirror.Repo{URL: url}, []string{ref})
	if err != nil {
		t.Fatal(err)
	}
	r, ok := listing.Find(ref)
	if !ok {
		t.Fatalf("%s is not listed", ref)
	}
	if err := s.Fetch(t.Context(), mirror.Repo{URL: url}, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// readTree returns path -> kind and content of everything below dir.
func readTree(t testing.TB, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			got[name] = info.Mode().String()
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			got[name] = "-> " + target
			return err
		default:
			b, err := os.ReadFile(p)
			got[name] = info.Mode().String() + " " + string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFetchAndCheckout(t *testing.T) {
	for _, tt := range []struct {
		name string
		init []string
		old  bool
	}{{name: "sha1"}, {name: "sha256", init: []string{"--object-format=sha256"}}, {name: "version 0 server", old: true}} {
		t.Run(tt.name, func(t *testing.T) {
			server := mirrortest.Serve(t)
			if tt.old {
				server = mirrortest.Serve(t, dropProtocol)
			}
			repo := server.Repo(t, "shop", tt.init...)
			commit := repo.CommitFiles("main", "First", map[string]mirrortest.File{
				"index.php":      {Content: "<?php\n"},
				"bin/run":        {Mode: "100755", Content: "#!/bin/sh\n"},
				"docs/readme":    {Mode: "120000", Content: "../index.php"},
				"docs/later":     {Mode: "120000", Content: "not-there-yet"},
				"crlf.txt":       {Content: "a\nb\n"},
				".gitattributes": {Content: "crlf.txt eol=crlf\nsecret.txt export-ignore\n"},
				"secret.txt":     {Content: "kept\n"},
				"dir/ä ö/x y":    {Content: "z"},
			})
			repo.AnnotatedTag("1.0.0", commit, "Version 1.0.0")
			s := newStore(t)
			t.Setenv("TMPDIR", t.TempDir()) // where nothing may be left
			ref := mustFetch(t, s, repo.URL, "refs/tags/1.0.0")

			platform := filepath.Join(t.TempDir(), "shop-1.0.0")
			tree, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), platform)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{
				"index.php": "-rw-r--r-- <?php\n", "bin": "drwxr-xr-x", "bin/run": "-rwxr-xr-x #!/bin/sh\n",
				"docs": "drwxr-xr-x", "docs/readme": "-> ../index.php", "docs/later": "-> not-there-yet",
				"crlf.txt": "-rw-r--r-- a\r\nb\r\n", "secret.txt": "-rw-r--r-- kept\n",
				".gitattributes": "-rw-r--r-- crlf.txt eol=crlf\nsecret.txt export-ignore\n",
				"dir":            "drwxr-xr-x", "dir/ä ö": "drwxr-xr-x", "dir/ä ö/x y": "-rw-r--r-- z",
			}
			if diff := cmp.Diff(want, readTree(t, platform)); diff != "" {
				t.Error(diff)
			}
			if tree.Files != 8 || tree.Bytes != 94 || len(tree.Digest) != 64 {
				t.Errorf("described as %+v", tree)
			}
			if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// The digest is of what is in the tree, not of where, when or from which commit
// it was built.
func TestDigest(t *testing.T) {
	server := mirrortest.Serve(t)
	digest := func(repo *mirrortest.Repo, branch string) string {
		t.Helper()
		s := newStore(t)
		ref := mustFetch(t, s, repo.URL, "refs/heads/"+branch)
		tree, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), filepath.Join(t.TempDir(), "p"))
		if err != nil {
			t.Fatal(err)
		}
		return tree.Digest
	}
	files := map[string]string{"a": "1", "b/c": "2"}
	one, two := server.Repo(t, "one"), server.Repo(t, "two")
	one.Commit("main", "First", files)
	two.Commit("main", "Before", map[string]string{"x": "y"})
	two.Commit("main", "Different history", map[string]string{"a": "1", "b/c": "2", "x": ""})
	two.Commit("content", "c", map[string]string{"a": "1", "b/c": "3"})
	two.Commit("name", "n", map[string]string{"a": "1", "b/d": "2"})
	two.CommitFiles("mode", "m", map[string]mirrortest.File{"a": {Content: "1", Mode: "100755"}, "b/c": {Content: "2"}})
	base := digest(one, "main")
	if got := digest(two, "main"); got != base {
		t.Errorf("equal trees have the digests %s and %s", base, got)
	}
	for _, branch := range []string{"content", "name", "mode"} {
		if got := digest(two, branch); got == base {
			t.Errorf("a tree with another %s has the same digest", branch)
		}
	}
}

func TestFetchIsByHash(t *testing.T) {
	server := mirrortest.Serve(t)
	repo := server.Repo(t, "shop")
	first := repo.Commit("main", "First", map[string]string{"a": "1"})
	s := newStore(t)
	at := mirror.Repo{URL: repo.URL}
	ref := mustFetch(t, s, repo.URL, "refs/heads/main")

	before := server.Requests.Load()
	if err := s.Fetch(t.Context(), at, ref); err != nil || server.Requests.Load() != before {
		t.Errorf("fetching what is there: %v, %d requests", err, server.Requests.Load()-before)
	}

	// The branch moves after it was listed; what was listed is fetched all the same.
	second := repo.Commit("main", "Second", map[string]string{"a": "2"})
	listed := mirror.Ref{Name: "refs/heads/main", Hash: second}
	repo.Move("main", first)
	if err := s.Fetch(t.Context(), at, listed); err != nil {
		t.Errorf("a commit that is no tip any more: %v", err)
	}
	if got, err := s.File(t.Context(), at, second, "a"); err != nil || string(got) != "2" {
		t.Errorf("got %q, %v", got, err)
	}

	tag := repo.AnnotatedTag("1.0", first, "one")
	wrong := mirror.Ref{Name: "refs/tags/1.0", Hash: tag, Peeled: second}
	if err := s.Fetch(t.Context(), at, wrong); !mirror.Is(err, mirror.Broken) {
		t.Errorf("a tag that leads elsewhere than listed: %v", err)
	}
	absent := mirror.Ref{Name: "refs/heads/main", Hash: strings.Repeat("ab", 20)}
	if err := s.Fetch(t.Context(), at, absent); !mirror.Is(err, mirror.Gone) {
		t.Errorf("a commit that the server does not have: %v", err)
	}
	if err := s.Fetch(t.Context(), at, mirror.Ref{Hash: "--upload-pack=touch /tmp/x"}); err == nil {
		t.Error("an option was taken for a hash")
	}
	if err := s.Fetch(t.Context(), mirror.Repo{URL: server.URL + "/absent.git"}, ref); !mirror.Is(err, mirror.NotFound) {
		t.Errorf("a missing repository: %v", err)
	}
	if err := s.Fetch(t.Context(), mirror.Repo{URL: "http://127.0.0.1:1/a.git"}, ref); !mirror.Is(err, mirror.Unreachable) {
		t.Errorf("a closed port: %v", err)
	}
	var refused *mirror.Refused
	if err := s.Fetch(t.Context(), mirror.Repo{URL: "ext::sh -c id"}, ref); !errors.As(err, &refused) {
		t.Errorf("a transport helper: %v", err)
	}
}

func TestLog(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	a := repo.Commit("main", "First", map[string]string{"f": "1"})
	b := repo.Commit("main", "Second: <!channel> & \x1b[31m\u202e *x*\n\nA body.", map[string]string{"f": "2"})
	c := repo.Commit("main", strings.Repeat("long ", 2000), map[string]string{"f": "3"})
	d := repo.Commit("main", "", map[string]string{"f": "4"})
	repo.Commit("side", "Elsewhere", map[string]string{"f": "5"})
	side := repo.Hash("refs/heads/side")
	s := newStore(t)
	at := mirror.Repo{URL: repo.URL}
	mustFetch(t, s, repo.URL, "refs/heads/main")
	mustFetch(t, s, repo.URL, "refs/heads/side")

	got, err := s.Log(t.Context(), at, a, d, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got.Total != 3 || got.Rewritten || len(got.List) != 3 {
		t.Fatalf("a..d is %+v", got)
	}
	want := mirror.Commit{
		Hash: b, Author: "Ann Author", Email: "ann@example.org", At: time.Unix(1_700_000_120, 0).UTC(),
		Subject: "Second: <!channel> &  [31m\u202e *x*",
	}
	if diff := cmp.Diff(want, got.List[2]); diff != "" {
		t.Error(diff)
	}
	if got.List[0].Hash != d || got.List[0].Subject != "" {
		t.Errorf("the commit without a message is %+v", got.List[0])
	}
	if n := len(got.List[1].Subject); got.List[1].Hash != c || n > 510 || n < 400 {
		t.Errorf("the long subject has %d bytes", n)
	}

	tests := []struct {
		name, from, to string
		limit          int
		total, listed  int
		rewritten      bool
	}{
		{name: "fewer than there are", from: a, to: d, limit: 2, total: 3, listed: 2},
		{name: "only the number", from: a, to: d, limit: 0, total: 3, listed: 0},
		{name: "nothing new", from: d, to: d, limit: 5, total: 0, listed: 0},
		{name: "first sight", from: "", to: d, limit: 5, total: 4, listed: 4},
		{name: "rewritten", from: side, to: d, limit: 5, total: 4, listed: 4, rewritten: true},
		{name: "back", from: d, to: b, limit: 5, total: 0, listed: 0, rewritten: true},
		{name: "from a commit nobody has", from: strings.Repeat("12", 20), to: d, limit: 5, total: 4, listed: 4, rewritten: true},
	}
	for _, tt := range tests {
		got, err := s.Log(t.Context(), at, tt.from, tt.to, tt.limit)
		if err != nil || got.Total != tt.total || len(got.List) != tt.listed || got.Rewritten != tt.rewritten {
			t.Errorf("%s: got %d of %d, rewritten %t, %v", tt.name, len(got.List), got.Total, got.Rewritten, err)
		}
	}
	if _, err := s.Log(t.Context(), at, a, strings.Repeat("12", 20), 5); !mirror.Is(err, mirror.Gone) {
		t.Errorf("to a commit nobody has: %v", err)
	}
	if _, err := s.Log(t.Context(), at, "--output=/tmp/x", d, 5); err == nil {
		t.Error("an option was taken for a commit")
	}
}

func TestDiffAndFiles(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	a := repo.Commit("main", "First", map[string]string{"keep": "1", "change": "1", "drop": "1", "big": strings.Repeat("x", 2000)})
	b := repo.CommitFiles("main", "Second", map[string]mirrortest.File{
		"change": {Content: "2"}, "drop": {Delete: true}, "new/file name": {Content: "n"}, "link": {Mode: "120000", Content: "keep"},
	})
	s := newStore(t)
	s.Limits.FileBytes = 1000
	at := mirror.Repo{URL: repo.URL}
	mustFetch(t, s, repo.URL, "refs/heads/main")

	got, err := s.Diff(t.Context(), at, a, b)
	want := []mirror.Change{{"M", "change"}, {"D", "drop"}, {"A", "link"}, {"A", "new/file name"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if same, err := s.Diff(t.Context(), at, b, b); err != nil || len(same) != 0 {
		t.Errorf("a commit differs from itself: %v, %v", same, err)
	}

	files, err := s.Files(t.Context(), at, b, []string{"new/file name", "drop", "change", "new", "link", "a missing"})
	keys := make([]string, 0, len(files))
	for k, v := range files {
		keys = append(keys, k+"="+string(v))
	}
	sort.Strings(keys)
	if diff := cmp.Diff([]string{"change=2", "link=keep", "new/file name=n"}, keys); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := s.File(t.Context(), at, a, "drop"); err != nil || string(got) != "1" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.File(t.Context(), at, b, "drop"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := s.File(t.Context(), at, b, "big"); !mirror.Is(err, mirror.TooBig) {
		t.Errorf("a big file: %v", err)
	}
	for _, path := range []string{"../x", "/etc/passwd", "", "a\nb", "./keep"} {
		if _, err := s.File(t.Context(), at, b, path); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", path, err)
		}
	}
}
