package mirror_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
)

// modulesFile writes .gitmodules from path, url and further lines.
func modulesFile(modules ...[]string) mirrortest.File {
	var b strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&b, "[submodule \"%s\"]\n\tpath = %s\n\turl = %s\n\t%s\n", m[0], m[0], m[1], strings.Join(m[2:], "\n\t"))
	}
	return mirrortest.File{Content: b.String()}
}

func gitlink(commit string) mirrortest.File { return mirrortest.File{Mode: "160000", Content: commit} }

// Submodules in submodules, by relative and by whole addresses, at commits that
// no branch leads to any more, become what git clone --recurse-submodules makes
// of them; unchanged files of theirs are linked like all others.
func TestSubmodules(t *testing.T) {
	server := mirrortest.Serve(t)
	icons := server.Repo(t, "icons")
	icon := icons.CommitFiles("main", "i", files{"a.svg": {Content: "<svg/>"}, "run": {Mode: "100755", Content: "#!/bin/sh\n"}})
	theme := server.Repo(t, "theme")
	pinned := theme.CommitFiles("main", "t", files{
		".gitmodules": modulesFile([]string{"assets/icons", "./../icons.git"}), "assets/icons": gitlink(icon), "style.css": {Content: "b{}"},
		"to-top": {Mode: "120000", Content: "../../index.php"}, ".gitattributes": {Content: "*.txt text eol=crlf\n"}, "dos.txt": {Content: "a\nb\n"},
	})
	theme.Move("main", theme.CommitFiles("main", "t2", files{"style.css": {Content: "i{}"}}))
	shop := server.Repo(t, "shop")
	commit := shop.CommitFiles("main", "s", files{
		"index.php": {Content: "<?php\n"}, "themes/my theme": gitlink(pinned), "left": gitlink(icon),
		".gitmodules": modulesFile([]string{"themes/my theme", server.URL + "/theme.git"}, []string{"left", "../icons.git", "update = none"}),
	})
	theme.Delete("refs/heads/main") // the pinned commit is still in the repository
	s := newStore(t)
	mustFetch(t, s, shop.URL, "refs/heads/main")
	dir := filepath.Join(t.TempDir(), "p")
	var log []string
	tree, err := s.Lay(t.Context(), mirror.Layout{Repo: mirror.Repo{URL: shop.URL}, Commit: commit, Dir: dir, Log: func(l string) { log = append(log, l) }})
	if err != nil {
		t.Fatal(err)
	}
	got := readTree(t, dir)
	want := map[string]string{
		".gitmodules": got[".gitmodules"], "index.php": "-rw-r--r-- <?php\n", "left": "drwxr-xr-x", "themes": "drwxr-xr-x", "themes/my theme": "drwxr-xr-x",
		"themes/my theme/.gitmodules": got["themes/my theme/.gitmodules"], "themes/my theme/style.css": "-rw-r--r-- b{}", "themes/my theme/to-top": "-> ../../index.php",
		"themes/my theme/.gitattributes": "-rw-r--r-- *.txt text eol=crlf\n", "themes/my theme/dos.txt": "-rw-r--r-- a\r\nb\r\n",
		"themes/my theme/assets": "drwxr-xr-x", "themes/my theme/assets/icons": "drwxr-xr-x",
		"themes/my theme/assets/icons/a.svg": "-rw-r--r-- <svg/>", "themes/my theme/assets/icons/run": "-rwxr-xr-x #!/bin/sh\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if tree.Files != 9 {
		t.Errorf("counted %d files", tree.Files)
	}
	if diff := cmp.Diff([]string{"The submodule at left is left out, as .gitmodules asks.", "Submodule themes/my theme at " + pinned[:7] + ".", "Submodule themes/my theme/assets/icons at " + icon[:7] + "."}, log); diff != "" {
		t.Error(diff)
	}

	freeze(t, dir)
	before := server.Requests.Load()
	again, err := s.Lay(t.Context(), mirror.Layout{Repo: mirror.Repo{URL: shop.URL}, Commit: commit, Dir: filepath.Join(t.TempDir(), "q"), Beside: dir, Share: mirror.ShareFiles})
	if err != nil || again.Digest != tree.Digest || again.Shared != 4 { // those of the part that git converts are written
		t.Errorf("the second time: %+v, %v", again, err)
	}
	if n := server.Requests.Load() - before; n != 0 {
		t.Errorf("the second time took %d requests", n)
	}
}

func TestSubmodulesAreRefused(t *testing.T) {
	secret := ""
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/private.git") {
				secret = r.Header.Get("Authorization")
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	other := server.Repo(t, "other")
	there := other.CommitFiles("main", "o", files{"a": {Content: "1"}})
	evil := server.Repo(t, "evil")
	escaping := evil.CommitFiles("main", "e", files{"l": {Mode: "120000", Content: "../../../etc/passwd"}})
	colliding := evil.CommitFiles("case", "e", files{"README": {Content: "1"}})
	many := evil.CommitFiles("many", "e", files{"1": {Content: "1"}, "2": {Content: "1"}, "3": {Content: "1"}, "4": {Content: "1"}, "5": {Content: "1"}})
	mine, gone := t.TempDir(), strings.Repeat("1", 40)
	tests := []struct{ name, url, commit, reason string }{
		{"a path of this machine", mine, there, `The submodule at "sub/m" cannot be fetched: The address has no scheme such as https://; paths on this machine are not tracked.`},
		{"file", "file://" + mine, there, `The submodule at "sub/m" cannot be fetched: file:// would read this machine's disk.`},
		{"a program", "ext::sh -c touch% " + mine + "/ran", there, `The submodule at "sub/m" cannot be fetched: The address names a transport helper (such as ext:: or fd::), which can run programs.`},
		{"SSH", "git@127.0.0.1:other.git", there, `The submodule at "sub/m" cannot be fetched: This is the short form of an SSH address (user@host:path), which I do not read.`},
		{"another host", "https://evil.example/x.git", there, `The submodule at "sub/m" cannot be fetched: The host evil.example is not on the list of allowed hosts.`},
		{"above the host", "../../../x", there, `The submodule at "sub/m" cannot be fetched: Its address leads above the top of the host.`},
		{"a commit that is not there", "../other.git", gone, `The submodule at "sub/m" cannot be fetched: 127.0.0.1 does not have that commit any more.`},
		{"a repository that is not there", "../none.git", there, `The submodule at "sub/m" cannot be fetched: There is no such repository on 127.0.0.1, or it is private.`},
		{"a link out of the tree", "../evil.git", escaping, `The link "sub/m/l" in the repository leads out of it.`},
		{"too many files together", "../evil.git", many, "The repository has more than 6 files."},
		{"one that is private", "../private.git", there, `The submodule at "sub/m" cannot be fetched: There is no such repository on 127.0.0.1, or it is private.`},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			repo := server.Repo(t, fmt.Sprintf("r%d", i))
			repo.CommitFiles("main", "First", files{"a": {Content: "1"}, ".gitmodules": modulesFile([]string{"sub/m", tt.url}), "sub/m": gitlink(tt.commit)})
			s := newStore(t)
			s.Policy.Hosts = []string{"127.0.0.1"}
			s.Limits = mirror.Limits{Files: 6}
			ref := mustFetch(t, s, repo.URL, "refs/heads/main")
			checkRefusal(t, s, repo.URL, ref.Commit(), tt.reason)
		})
	}
	if secret != "" {
		t.Errorf("a credential was sent: %q", secret)
	}
	if entries, err := os.ReadDir(mine); err != nil || len(entries) != 0 {
		t.Errorf("a program ran: %v, %v", entries, err)
	}

	t.Run("files whose names differ in case, across repositories", func(t *testing.T) {
		repo := server.Repo(t, "case")
		repo.CommitFiles("main", "First", files{
			".gitmodules": modulesFile([]string{"sub", "../evil.git"}), "sub": gitlink(colliding), "Sub/x": {Content: "1"},
		})
		s := newStore(t)
		checkRefusal(t, s, repo.URL, mustFetch(t, s, repo.URL, "refs/heads/main").Commit(), `The repository has both "Sub" and "sub", which are the same where case does not count.`)
	})
	t.Run("nested too deep", func(t *testing.T) {
		below := there
		for i := range 6 {
			repo := server.Repo(t, fmt.Sprintf("deep%d", i))
			url := "../other.git"
			if i > 0 {
				url = fmt.Sprintf("../deep%d.git", i-1)
			}
			below = repo.CommitFiles("main", "d", files{".gitmodules": modulesFile([]string{"d", url}), "d": gitlink(below)})
		}
		s := newStore(t)
		url := server.URL + "/deep5.git"
		checkRefusal(t, s, url, mustFetch(t, s, url, "refs/heads/main").Commit(), `The submodules are nested more than 4 deep, at "d/d/d/d/d".`)
	})
}
