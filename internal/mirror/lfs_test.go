package mirror_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
)

// What the real git-lfs has pushed is laid out as it checks it out itself, and
// costs no network the second time.
func TestLFS(t *testing.T) {
	lfs := &mirrortest.LFS{}
	server := mirrortest.Serve(t, lfs.Wrap)
	repo := server.Repo(t, "shop")
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("a", 64) + "\nsize 12345\n"
	commit := repo.PushLFS(t, lfs, "*.bin", map[string]string{
		"a.bin": strings.Repeat("large ", 100_000), "b.bin": "small", "same.bin": "small", "doc.txt": pointer, "index.php": "<?php\n",
	})
	theirs := filepath.Join(t.TempDir(), "theirs")
	mirrortest.Git(t, t.TempDir(), "", "clone", "--quiet", repo.URL, theirs)
	mirrortest.Git(t, theirs, "", "lfs", "install", "--local")
	mirrortest.Git(t, theirs, "", "lfs", "pull", "--include", "*.bin") // git-lfs takes the document for a pointer too, and fails without this
	if err := os.RemoveAll(filepath.Join(theirs, ".git")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	mustFetch(t, s, repo.URL, "refs/heads/main")
	ours, lay := filepath.Join(t.TempDir(), "ours"), mirror.Layout{Repo: mirror.Repo{URL: repo.URL}, Commit: commit}
	lay.Dir = ours
	first, err := s.Lay(t.Context(), lay)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readTree(t, theirs), readTree(t, ours)); diff != "" {
		t.Error(diff)
	}
	if want := int64(600_000 + 5 + 5 + len(pointer) + 6); first.Bytes < want || first.Bytes > want+100 { // and .gitattributes
		t.Errorf("counted %d bytes, want a little more than %d", first.Bytes, want)
	}
	freeze(t, ours)
	downloads, batches := lfs.Downloads, lfs.Batches
	lay.Dir, lay.Beside, lay.Share = filepath.Join(t.TempDir(), "again"), ours, mirror.ShareFiles
	again, err := s.Lay(t.Context(), lay)
	if err != nil || again.Digest != first.Digest || again.Shared != 6 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
	if lfs.Downloads != downloads || lfs.Batches != batches {
		t.Error("the second time took the network")
	}
	if got := readTree(t, filepath.Join(s.Path(repo.URL), "lfs")); strings.Contains(strings.Join(keys(got), " "), "tmp_lfs_") {
		t.Errorf("left behind: %v", keys(got))
	}
}

// With attributes that git converts by, git writes the tree, and the objects take
// their places in it.
func TestLFSBesideConversions(t *testing.T) {
	lfs := &mirrortest.LFS{}
	repo := mirrortest.Serve(t, lfs.Wrap).Repo(t, "shop")
	repo.PushLFS(t, lfs, "*.bin", map[string]string{"a.bin": "content\n", "dos.txt": "a\nb\n"})
	repo.Commit("main", "Line ends", map[string]string{".gitattributes": "*.bin filter=lfs -text\n*.txt text eol=crlf\n"})
	s := newStore(t)
	ref, dir := mustFetch(t, s, repo.URL, "refs/heads/main"), filepath.Join(t.TempDir(), "p")
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), dir); err != nil {
		t.Fatal(err)
	}
	got := readTree(t, dir)
	if got["a.bin"] != "-rw-r--r-- content\n" || got["dos.txt"] != "-rw-r--r-- a\r\nb\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestLFSIsRefused(t *testing.T) {
	const content = "the content of the file"
	elsewhere := func(url string) func(*http.Request, map[string]any) {
		return func(_ *http.Request, o map[string]any) {
			o["actions"] = map[string]any{"download": map[string]any{"href": url}}
		}
	}
	body := func(s string) func(http.ResponseWriter, string, string) string {
		return func(http.ResponseWriter, string, string) string { return s }
	}
	tests := []struct {
		name    string
		config  string // .lfsconfig
		limits  mirror.Limits
		answer  func(*http.Request, map[string]any)
		content func(http.ResponseWriter, string, string) string
		reason  string
	}{
		{name: "another content of the same size", content: body(strings.Repeat("x", len(content))), reason: `127.0.0.1 sent something else than the file "a.bin".`},
		{name: "cut short", content: body(content[:5]), reason: `127.0.0.1 sent something else than the file "a.bin".`},
		{name: "without end", content: body(strings.Repeat(content, 1000)), reason: `127.0.0.1 sent something else than the file "a.bin".`},
		{name: "not there", answer: func(_ *http.Request, o map[string]any) {
			delete(o, "actions")
			o["error"] = map[string]any{"code": 404, "message": "gone"}
		}, reason: `127.0.0.1 does not have the file "a.bin".`},
		{name: "forbidden", answer: func(_ *http.Request, o map[string]any) {
			o["error"] = map[string]any{"code": 403, "message": "quota\x1b[31m used up"}
		}, reason: `127.0.0.1 refuses a file: quota [31m used up (code 403).`},
		{name: "another size", answer: func(_ *http.Request, o map[string]any) { o["size"] = 7 }, reason: "127.0.0.1 has a file of another size than the repository says."},
		{name: "at an address of another scheme", answer: elsewhere("file:///etc/passwd"), reason: "file:// would read this machine's disk."},
		{name: "on a host that is not allowed", answer: elsewhere("http://169.254.169.254/latest/meta-data"), reason: "The host 169.254.169.254 is not on the list of allowed hosts."},
		{name: "redirected to such a host", content: func(w http.ResponseWriter, _, _ string) string {
			w.Header().Set("Location", "http://10.0.0.1/x")
			w.WriteHeader(http.StatusFound)
			return ""
		}, reason: "The host 10.0.0.1 is not on the list of allowed hosts."},
		{name: "server on such a host", config: "[lfs]\n\turl = http://169.254.169.254/lfs\n", reason: "The host 169.254.169.254 is not on the list of allowed hosts."},
		{name: "server over SSH", config: "[lfs]\n\turl = ssh://git@127.0.0.1/lfs\n", reason: "The URL contains a user name or a password."},
		{name: "larger than a platform may be", limits: mirror.Limits{Bytes: 150}, reason: "The repository has more than 0 MiB of files."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lfs := &mirrortest.LFS{}
			repo := mirrortest.Serve(t, lfs.Wrap).Repo(t, "shop")
			commit := repo.PushLFS(t, lfs, "*.bin", map[string]string{"a.bin": content})
			if tt.config != "" {
				commit = repo.Commit("main", "Config", map[string]string{".lfsconfig": tt.config})
			}
			lfs.Answer, lfs.Content = tt.answer, tt.content
			s := newStore(t)
			s.Policy.Hosts, s.Limits = []string{"127.0.0.1"}, tt.limits
			if tt.limits.Bytes > 0 {
				s.Limits.Bytes = 60 // .gitattributes and the 23 bytes of the object
			}
			mustFetch(t, s, repo.URL, "refs/heads/main")
			reason := tt.reason
			if tt.limits.Bytes == 0 {
				reason = `The repository keeps "a.bin" in Git LFS: ` + reason
			}
			checkRefusal(t, s, repo.URL, commit, reason)
			if err := filepath.WalkDir(filepath.Join(s.Path(repo.URL), "lfs"), func(p string, d os.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					t.Errorf("%s was kept", p)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The token of the repository goes to its own host with the batch request, and to
// no other host.
func TestLFSCredential(t *testing.T) {
	lfs, strange := &mirrortest.LFS{}, []string{}
	seen := map[string]string{}
	storage := mirrortest.Serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			strange = append(strange, r.Header.Get("Authorization"), r.Header.Get("X-Signature"))
			_, _ = w.Write([]byte("content"))
		})
	})
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			seen[filepath.Base(r.URL.Path)] = password
			next.ServeHTTP(w, r)
		})
	}, lfs.Wrap)
	repo := server.Repo(t, "shop")
	repo.PushLFS(t, lfs, "*.bin", map[string]string{"a.bin": "content"})
	lfs.Answer = func(_ *http.Request, o map[string]any) {
		o["actions"] = map[string]any{"download": map[string]any{"href": storage.URL + "/a?sig=1", "header": map[string]string{"X-Signature": "s"}}}
	}
	s := newStore(t)
	ref := mustFetch(t, s, repo.URL, "refs/heads/main")
	private := mirror.Repo{URL: repo.URL, Credential: &mirror.Credential{Username: "u", Password: "t0ken"}}
	if _, err := s.Checkout(t.Context(), private, ref.Commit(), filepath.Join(t.TempDir(), "p")); err != nil {
		t.Fatal(err)
	}
	if seen["batch"] != "t0ken" {
		t.Error("the LFS server was asked without the token")
	}
	if diff := cmp.Diff([]string{"", "s"}, strange); diff != "" {
		t.Error("the storage was sent: " + diff)
	}
}

// Over SSH the host tells where its objects are, and with which header.
func TestLFSOverSSH(t *testing.T) {
	lfs := &mirrortest.LFS{}
	var sent []string
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/batch") {
				sent = append(sent, r.Header.Get("X-Token"))
			}
			next.ServeHTTP(w, r)
		})
	}, lfs.Wrap)
	ssh := mirrortest.ServeSSH(t)
	repo := server.Repo(t, "shop")
	commit := repo.PushLFS(t, lfs, "*.bin", map[string]string{"a.bin": "content"})
	tell := filepath.Join(ssh.Bin, "git-lfs-authenticate")
	script := func(answer string) {
		t.Helper()
		if err := os.WriteFile(tell, []byte("#!/bin/sh\n[ \"$1 $2\" = \""+repo.Dir+" download\" ] && echo '"+answer+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := newStore(t)
	s.Policy = sshPolicy(ssh.Key, ssh.KnownHosts)
	s.Policy.Hosts = []string{"127.0.0.1"}
	url := ssh.URL(repo.Dir)
	if err := s.Fetch(t.Context(), mirror.Repo{URL: url}, mirror.Ref{Name: "refs/heads/main", Hash: commit}); err != nil {
		t.Fatal(err)
	}
	const keeps = `The repository keeps "a.bin" in Git LFS: `
	checkRefusal(t, s, url, commit, keeps+"127.0.0.1 does not tell over SSH where the files are.") // no such program
	script("not JSON")
	checkRefusal(t, s, url, commit, keeps+"127.0.0.1 does not tell over SSH where the files are.")
	script(`{"href": "http://169.254.169.254/lfs"}`)
	checkRefusal(t, s, url, commit, keeps+"The host 169.254.169.254 is not on the list of allowed hosts.")
	script(`{"href": "` + repo.URL + `/info/lfs", "header": {"X-Token": "t0ken"}, "expires_in": 60}`)
	sent = nil
	dir := filepath.Join(t.TempDir(), "p")
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: url}, commit, dir); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a.bin")); err != nil || string(b) != "content" {
		t.Errorf("got %q, %v", b, err)
	}
	if diff := cmp.Diff([]string{"t0ken"}, sent); diff != "" {
		t.Error(diff)
	}
}

// Objects that no layout has used for a month go with the next maintenance.
func TestMaintainDropsOldObjects(t *testing.T) {
	lfs := &mirrortest.LFS{}
	repo := mirrortest.Serve(t, lfs.Wrap).Repo(t, "shop")
	repo.PushLFS(t, lfs, "*.bin", map[string]string{"a.bin": "content", "b.bin": "other"})
	s := newStore(t)
	ref, at := mustFetch(t, s, repo.URL, "refs/heads/main"), mirror.Repo{URL: repo.URL}
	if _, err := s.Checkout(t.Context(), at, ref.Commit(), filepath.Join(t.TempDir(), "p")); err != nil {
		t.Fatal(err)
	}
	objects := func() (out []string) {
		for name, content := range readTree(t, filepath.Join(s.Path(repo.URL), "lfs")) {
			if !strings.HasPrefix(content, "d") {
				out = append(out, filepath.Join(s.Path(repo.URL), "lfs", name))
			}
		}
		return out
	}
	old := objects()[0]
	long := mustStat(t, old).ModTime().AddDate(0, -2, 0)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), at, []string{ref.Hash}); err != nil {
		t.Fatal(err)
	}
	if left := objects(); len(left) != 1 || left[0] == old {
		t.Errorf("left: %v", left)
	}
}

func mustStat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func keys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}
