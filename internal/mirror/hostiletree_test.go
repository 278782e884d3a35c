package mirror_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
)

type files = map[string]mirrortest.File

func TestHostileTreesAreRefused(t *testing.T) {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("a", 64) + "\nsize 12345\n"
	link := func(target string) mirrortest.File { return mirrortest.File{Mode: "120000", Content: target} }
	tests := []struct {
		name   string
		files  files
		reason string // "" means that the tree is fine
	}{
		{name: "absolute link", files: files{"a/l": link("/etc/passwd")}, reason: `The link "a/l" in the repository leads out of it.`},
		{name: "link upwards", files: files{"a/l": link("../../etc")}, reason: `The link "a/l" in the repository leads out of it.`},
		{name: "link to the parent of the root", files: files{"l": link("..")}, reason: `The link "l" in the repository leads out of it.`},
		{name: "link that goes out and comes back", files: files{"l": link("../x/f"), "f": {Content: "1"}}, reason: `The link "l" in the repository leads out of it.`},
		{
			name:   "link out through another link",
			files:  files{"a/b/c/f": {Content: "1"}, "deep": link("a/b/c"), "x/y/z/l": link("../../../deep/../../../../etc/passwd")},
			reason: `The link "x/y/z/l" in the repository leads out of it.`,
		},
		{
			name:   "link out through a link to a higher directory",
			files:  files{"f": {Content: "1"}, "a/b/up": link("../.."), "a/b/l": link("up/../secret")},
			reason: `The link "a/b/l" in the repository leads out of it.`,
		},
		{name: "links in a circle", files: files{"a": link("b"), "b": link("a")}, reason: `The link "a" in the repository leads to itself.`},
		{name: "links inside", files: files{"d/f": {Content: "1"}, "l": link("d"), "e/l": link("../d/f"), "dangling": link("d/none"), "self": link(".")}},
		{
			name: "submodule", files: files{"lib/x": {Mode: "160000", Content: strings.Repeat("1", 40)}},
			reason: `The repository has a submodule at "lib/x", and .gitmodules does not say where it comes from.`,
		},
		{
			name:   "LFS pointer",
			files:  files{"media/.gitattributes": {Content: "*.psd filter=lfs diff=lfs merge=lfs -text\n"}, "media/a.psd": {Content: pointer}},
			reason: `The repository keeps "media/a.psd" in Git LFS: There is no LFS server for it on 127.0.0.1, or it is private (status 404).`,
		},
		{name: "text that looks like a pointer", files: files{"docs/lfs.txt": {Content: pointer}, ".gitattributes": {Content: "* text=auto\n"}}},
		{name: "LFS set up but not used", files: files{".gitattributes": {Content: "*.psd filter=lfs\n"}, "a.txt": {Content: strings.Repeat("x", 200)}}},
		{
			name: "names that differ in case", files: files{"src/Readme": {Content: "1"}, "src/README": {Content: "2"}},
			reason: `The repository has both "src/README" and "src/Readme", which are the same where case does not count.`,
		},
		{
			name: "directories that differ in case", files: files{"Lib/a": {Content: "1"}, "lib/b": {Content: "2"}},
			reason: `The repository has both "Lib" and "lib", which are the same where case does not count.`,
		},
		{
			name: "a link beside a file of another case", files: files{"Été": {Content: "1"}, "été": link("Été")},
			reason: `The repository has both "Été" and "été", which are the same where case does not count.`,
		},
		{name: "newline in a name", files: files{`"a\nb"`: {Content: "1"}}, reason: `The repository has a file name with control characters: "a b".`},
		{name: "escape character in a name", files: files{`"a\033[31m"`: {Content: "1"}}, reason: `The repository has a file name with control characters: "a [31m".`},
		{name: "long name", files: files{strings.Repeat("n", 256): {Content: "1"}}, reason: "The repository has a file name of more than 255 bytes."},
		{name: "long path", files: files{strings.Repeat("directory/", 301): {Content: "1"}}, reason: "The repository has a path of more than 3000 bytes."},
		{name: "too many files", files: files{"1": {Content: "x"}, "2": {Content: "x"}, "3": {Content: "x"}, "4": {Content: "x"}, "5": {Content: "x"}, "6": {Content: "x"}, "7": {Content: "x"}}, reason: "The repository has more than 6 files."},
		{name: "too much content", files: files{"1": {Content: strings.Repeat("x", 1<<20)}, "2": {Content: "y"}}, reason: "The repository has more than 1 MiB of files."},
		{name: "not UTF-8", files: files{"caf\xe9": {Content: "1"}}},
	}
	server := mirrortest.Serve(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "long path" {
				tt.files = files{strings.Repeat("directory/", 301) + "f": {Content: "1"}}
			}
			repo := server.Repo(t, fmt.Sprintf("r%d", i))
			repo.CommitFiles("main", "First", tt.files)
			s := newStore(t)
			s.Limits = mirror.Limits{Files: 6, Bytes: 1 << 20}
			ref := mustFetch(t, s, repo.URL, "refs/heads/main")
			checkRefusal(t, s, repo.URL, ref.Commit(), tt.reason)
		})
	}
}

// checkRefusal checks out commit and expects reason, and that a refused tree
// leaves nothing behind, neither in a new directory nor in one that was there.
func checkRefusal(t *testing.T, s *mirror.Store, url, commit, reason string) {
	t.Helper()
	fresh, there := filepath.Join(t.TempDir(), "new"), t.TempDir()
	for _, dir := range []string{fresh, there} {
		_, err := s.Checkout(t.Context(), mirror.Repo{URL: url}, commit, dir)
		if reason == "" {
			if err != nil {
				t.Errorf("refused: %v", err)
			}
			continue
		}
		if got := text(err); got != reason {
			t.Errorf("got %q, want %q", got, reason)
		}
	}
	if reason == "" {
		return
	}
	if _, err := os.Lstat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Error("a refused checkout left its directory behind")
	}
	if entries, err := os.ReadDir(there); err != nil || len(entries) != 0 {
		t.Errorf("a refused checkout left %v, %v", entries, err)
	}
}

// text returns the sentence for people in err, which must have one.
func text(err error) string {
	var refused *mirror.Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	var e *mirror.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return fmt.Sprintf("not for people: %v", err)
}

// Trees that git would never make, written object by object: the fetch must not
// let them in.
func TestForbiddenTreesAreNotFetched(t *testing.T) {
	type item struct{ mode, name, content string }
	tests := []struct {
		name  string
		items []item
	}{
		{"hooks of a .git directory", []item{{"40000", ".git", ""}}},
		{"another case of .git", []item{{"40000", ".GIT", ""}}},
		{"dot dot", []item{{"40000", "..", ""}}},
		{"slash in a name", []item{{"100644", "../x", "1"}}},
		{"empty name", []item{{"100644", "", "1"}}},
		{"link and directory of one name", []item{{"120000", "a", "/etc"}, {"40000", "a", ""}}},
		{".gitmodules that is a link", []item{{"120000", ".gitmodules", "/etc/passwd"}}},
	}
	server := mirrortest.Serve(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			repo := server.Repo(t, fmt.Sprintf("r%d", i))
			object := func(kind, content string) string {
				return strings.TrimSpace(mirrortest.Git(t, repo.Dir, content, "hash-object", "-t", kind, "-w", "--literally", "--stdin"))
			}
			raw := func(hash string) string { b, _ := hex.DecodeString(hash); return string(b) }
			sub := object("tree", "100644 config\x00"+raw(object("blob", "evil")))
			tree := ""
			for _, e := range tt.items {
				hash := sub
				if e.mode != "40000" {
					hash = object("blob", e.content)
				}
				tree += e.mode + " " + e.name + "\x00" + raw(hash)
			}
			commit := object("commit", "tree "+object("tree", tree)+"\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n")
			mirrortest.Git(t, repo.Dir, "", "update-ref", "refs/heads/main", commit)
			err := newStore(t).Fetch(t.Context(), mirror.Repo{URL: repo.URL}, mirror.Ref{Name: "refs/heads/main", Hash: commit})
			if !mirror.Is(err, mirror.Broken) {
				t.Errorf("got %v, want it refused as broken", err)
			}
		})
	}
}

func TestCheckoutKeepsWhatIsThere(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	repo.Commit("main", "First", map[string]string{"a": "1"})
	s := newStore(t)
	ref := mustFetch(t, s, repo.URL, "refs/heads/main")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), dir); err == nil {
		t.Error("checked out over other files")
	}
	if _, err := os.Stat(filepath.Join(dir, "precious")); err != nil {
		t.Errorf("the file that was there: %v", err)
	}
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), filepath.Join(dir, "no", "parent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a parent directory: %v", err)
	}
}
