package mirror_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// freeze makes a tree what a published platform is.
func freeze(t *testing.T, dir string) {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil || d.Type()&os.ModeSymlink != 0:
			return err
		case d.IsDir():
			dirs = append(dirs, path)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(path, info.Mode().Perm()&0o555)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range dirs {
			_ = os.Chmod(d, 0o755)
		}
	})
}

// inode tells files apart.
func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// A twoTrees is an earlier tree, frozen, and the commit of the next.
type twoTrees struct {
	store   *mirror.Store
	repo    mirror.Repo
	earlier string
	next    string
}

func newTwoTrees(t *testing.T, first, second files, initArgs ...string) twoTrees {
	t.Helper()
	repo := mirrortest.Serve(t).Repo(t, "shop", initArgs...)
	old := repo.CommitFiles("main", "First", first)
	tt := twoTrees{store: newStore(t), repo: mirror.Repo{URL: repo.URL}, earlier: filepath.Join(t.TempDir(), "earlier")}
	mustFetch(t, tt.store, repo.URL, "refs/heads/main")
	if _, err := tt.store.Checkout(t.Context(), tt.repo, old, tt.earlier); err != nil {
		t.Fatal(err)
	}
	freeze(t, tt.earlier)
	tt.next = repo.CommitFiles("main", "Second", second)
	mustFetch(t, tt.store, repo.URL, "refs/heads/main")
	return tt
}

// lay lays the next tree out beside the earlier one, and checks that it is what
// it would be without, and that the earlier one is what it was.
func (tt twoTrees) lay(t *testing.T, share mirror.Share) (string, mirror.Tree) {
	t.Helper()
	before := readTree(t, tt.earlier)
	dir, plain := filepath.Join(filepath.Dir(tt.earlier), "next"), filepath.Join(t.TempDir(), "plain")
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	got, err := tt.store.Lay(t.Context(), mirror.Layout{Repo: tt.repo, Commit: tt.next, Dir: dir, Beside: tt.earlier, Share: share})
	if err != nil {
		t.Fatal(err)
	}
	want, err := tt.store.Checkout(t.Context(), tt.repo, tt.next, plain)
	if err != nil {
		t.Fatal(err)
	}
	shared := got.Shared
	got.Shared = 0
	if got != want {
		t.Errorf("laid out %+v, want %+v", got, want)
	}
	if diff := cmp.Diff(before, readTree(t, tt.earlier)); diff != "" {
		t.Error("the earlier tree was changed: " + diff)
	}
	freeze(t, plain)
	freeze(t, dir)
	if diff := cmp.Diff(readTree(t, plain), readTree(t, dir)); diff != "" {
		t.Error(diff)
	}
	got.Shared = shared
	return dir, got
}

func TestUnchangedFilesAreLinked(t *testing.T) {
	first := files{
		"index.php": {Content: "<?php\n"}, "deep/er/file": {Content: strings.Repeat("x", 700_000)}, "exactly": {Content: strings.Repeat("y", 256<<10)},
		"bin/tool": {Mode: "100755", Content: "#!/bin/sh\n"}, "mode": {Content: "m"}, "same size": {Content: "aaaa"}, "gone": {Content: "1"},
		"link": {Mode: "120000", Content: "index.php"}, "moved": {Content: "1234567"}, "becomes/dir": {Content: "z"}, "empty": {Mode: "100644"},
	}
	second := files{
		"mode": {Mode: "100755", Content: "m"}, "same size": {Content: "bbbb"}, "gone": {Delete: true}, "new": {Content: "1"},
		"moved": {Delete: true}, "moved here": {Content: "1234567"}, "becomes/dir": {Delete: true}, "becomes/dir/now": {Content: "z"},
	}
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			tt := newTwoTrees(t, first, second, "--object-format="+format)
			dir, tree := tt.lay(t, mirror.ShareFiles)
			linked := []string{"index.php", "deep/er/file", "exactly", "bin/tool", "empty"}
			want := len(linked)
			if reflinks(t) {
				want++ // "mode" is a file of its own, with the blocks of the other
			}
			if tree.Shared != want {
				t.Errorf("%d files are shared, want %d", tree.Shared, want)
			}
			for _, name := range linked {
				if inode(t, filepath.Join(dir, name)) != inode(t, filepath.Join(tt.earlier, name)) {
					t.Errorf("%s was written anew", name)
				}
			}
			for _, name := range []string{"mode", "same size", "link"} {
				if inode(t, filepath.Join(dir, name)) == inode(t, filepath.Join(tt.earlier, name)) {
					t.Errorf("%s is shared", name)
				}
			}
		})
	}
}

// What somebody did to the earlier tree must not come into the next one, nor may
// a file be linked that somebody could write to.
func TestOnlyProvenFilesAreLinked(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	edit := func(t *testing.T, name string, at int64) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("!"), at); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		_ = os.Chmod(name, info.Mode().Perm())
		_ = os.Chtimes(name, info.ModTime(), info.ModTime())
	}
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "file"), content)
	if err := os.Chmod(filepath.Join(outside, "file"), 0o444); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		root bool // only root can make this
		harm func(t *testing.T, dir, file string)
	}{
		{name: "edited, with its time put back", harm: func(t *testing.T, _, file string) { edit(t, file, 500) }},
		{name: "edited in its last byte", harm: func(t *testing.T, _, file string) { edit(t, file, 999) }},
		{name: "longer", harm: func(t *testing.T, _, file string) { edit(t, file, 1000) }},
		{name: "writable for its owner", harm: func(t *testing.T, _, file string) { chmod(t, file, 0o644) }},
		{name: "writable for all", harm: func(t *testing.T, _, file string) { chmod(t, file, 0o446) }},
		{name: "set-user-ID", harm: func(t *testing.T, _, file string) { chmod(t, file, 0o444|os.ModeSetuid) }},
		{name: "executable", harm: func(t *testing.T, _, file string) { chmod(t, file, 0o555) }},
		{name: "somebody else's", root: true, harm: func(t *testing.T, _, file string) {
			if err := os.Chown(file, 12345, 12345); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a link to the like", harm: func(t *testing.T, _, file string) { relink(t, filepath.Join(outside, "file"), file) }},
		{name: "in a directory that is a link", harm: func(t *testing.T, dir, file string) {
			if err := os.RemoveAll(filepath.Dir(file)); err != nil {
				t.Fatal(err)
			}
			relink(t, outside, filepath.Dir(file))
		}},
		{name: "gone", harm: func(t *testing.T, _, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a pipe", harm: func(t *testing.T, _, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(file, 0o444); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.root && os.Getuid() != 0 {
				t.Log("not root: files of others cannot be made, and none can be there")
				return
			}
			tt := newTwoTrees(t, files{"dir/file": {Content: content}, "other": {Content: "1"}}, files{"n": {Content: fmt.Sprint(i)}})
			file := filepath.Join(tt.earlier, "dir/file")
			test.harm(t, tt.earlier, file)
			dir := filepath.Join(t.TempDir(), "next")
			tree, err := tt.store.Lay(t.Context(), mirror.Layout{Repo: tt.repo, Commit: tt.next, Dir: dir, Beside: tt.earlier, Share: mirror.ShareFiles})
			if err != nil {
				t.Fatal(err)
			}
			if tree.Shared == 0 || inode(t, filepath.Join(dir, "other")) != inode(t, filepath.Join(tt.earlier, "other")) {
				t.Error("the file that nothing was done to is not linked")
			}
			if info, err := os.Stat(file); err == nil && info.Sys().(*syscall.Stat_t).Ino == inode(t, filepath.Join(dir, "dir/file")) {
				t.Error("the file is linked")
			}
			if b, err := os.ReadFile(filepath.Join(dir, "dir/file")); err != nil || string(b) != content {
				t.Errorf("the new tree has %.40q, %v", b, err)
			}
		})
	}
}

// Blocks are shared where the volume can, between files that are each its own;
// where it cannot, and where there is no earlier tree, files are written anew.
func TestSharedBlocks(t *testing.T) {
	tt := newTwoTrees(t, files{"a": {Content: "1"}, "b": {Content: "2"}, "c": {Content: "4444"}, "tool": {Mode: "100755", Content: "t"}}, files{"b": {Content: "3"}})
	if err := os.Chmod(filepath.Join(tt.earlier, "c"), 0o644); err != nil { // blocks of what can be written to are as good
		t.Fatal(err)
	}
	want := 0
	if reflinks(t) {
		want = 3
	}
	dir, tree := tt.lay(t, mirror.ShareBlocks)
	if tree.Shared != want {
		t.Errorf("%d files share blocks, want %d", tree.Shared, want)
	}
	for _, name := range []string{"a", "c", "tool"} {
		if inode(t, filepath.Join(dir, name)) == inode(t, filepath.Join(tt.earlier, name)) {
			t.Errorf("%s is a hard link where blocks alone may be shared", name)
		}
	}
	nothing, err := tt.store.Lay(t.Context(), mirror.Layout{
		Repo: tt.repo, Commit: tt.next, Dir: filepath.Join(t.TempDir(), "n"), Beside: filepath.Join(t.TempDir(), "retired"), Share: mirror.ShareFiles,
	})
	if err != nil || nothing.Files != 4 || nothing.Shared != 0 {
		t.Errorf("without an earlier tree: %+v, %v", nothing, err)
	}
}

// reflinks reports whether the volume of temporary files knows them.
func reflinks(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "from"), "content")
	from, err := os.Open(filepath.Join(dir, "from"))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(dir, "to"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	err = unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
	t.Logf("reflinks: %v", err)
	return err == nil
}

func TestParseShare(t *testing.T) {
	for _, s := range []mirror.Share{mirror.ShareNothing, mirror.ShareBlocks, mirror.ShareFiles} {
		if got, err := mirror.ParseShare(s.String()); got != s || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := mirror.ParseShare("symlink"); err == nil {
		t.Error("an unknown name was accepted")
	}
}

func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// relink puts a symbolic link in the place of whatever name is.
func relink(t *testing.T, to, name string) {
	t.Helper()
	_ = os.Remove(name)
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}
