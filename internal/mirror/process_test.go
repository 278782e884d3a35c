package mirror_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
)

// recordingGit puts a git before the real one in PATH that writes down its
// arguments, and its environment apart from them.
func recordingGit(t *testing.T, s *mirror.Store) (args, env func() string) {
	t.Helper()
	dir := t.TempDir()
	real, err := run.LookPath("git", os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nfor a; do echo \"$a\" >> %[1]s/args; done\nenv >> %[1]s/env\nexec %[2]s \"$@\"\n", dir, real)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s.Env = run.Environ("PATH=" + dir + ":/usr/bin:/bin")
	read := func(name string) func() string {
		return func() string {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
	return read("args"), read("env")
}

func needsToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "t0ken-0f-shop" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// The token reaches the server but no argument, no file and no error.
func TestCredentialStaysInTheEnvironment(t *testing.T) {
	repo := mirrortest.Serve(t, needsToken).Repo(t, "private")
	hash := repo.Commit("main", "First", map[string]string{"a": "1"})
	s := newStore(t)
	args, _ := recordingGit(t, s)
	ref := mirror.Ref{Name: "refs/heads/main", Hash: hash}
	token := "t0ken-0f-shop"
	encoded := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))

	if err := s.Fetch(t.Context(), mirror.Repo{URL: repo.URL}, ref); !mirror.Is(err, mirror.NotFound) {
		t.Errorf("without the token: %v", err)
	}
	wrong := mirror.Repo{URL: repo.URL, Credential: &mirror.Credential{Username: "x-access-token", Password: "another-t0ken"}}
	if err := s.Fetch(t.Context(), wrong, ref); !mirror.Is(err, mirror.NotFound) || strings.Contains(err.Error(), "another-t0ken") {
		t.Errorf("with a wrong token: %v", err)
	}
	private := mirror.Repo{URL: repo.URL, Credential: &mirror.Credential{Username: "x-access-token", Password: token}}
	if err := s.Fetch(t.Context(), private, ref); err != nil {
		t.Fatal(err)
	}
	found := args()
	for _, content := range readTree(t, s.Dir) {
		found += content
	}
	if strings.Contains(found, token) || strings.Contains(found, encoded) {
		t.Error("the token is in an argument or in the mirror")
	}
}

func TestGitSeesNoConfigurationOfTheMachine(t *testing.T) {
	home := t.TempDir()
	hook := filepath.Join(home, "hook-ran")
	config := fmt.Sprintf("[core]\n\tattributesFile = %[1]s/attributes\n\thooksPath = %[1]s/hooks\n[filter \"evil\"]\n\tsmudge = touch %[2]s\n\trequired = true\n", home, hook)
	writeFile(t, filepath.Join(home, ".gitconfig"), config)
	writeFile(t, filepath.Join(home, "attributes"), "* filter=evil\n")
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "filter.evil.smudge")
	t.Setenv("GIT_CONFIG_VALUE_0", "touch "+hook)
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-secret")

	repo := mirrortest.Serve(t).Repo(t, "shop")
	repo.Commit("main", "First", map[string]string{"a": "1", ".gitattributes": "a filter=evil ident\n"})
	s := newStore(t)
	_, env := recordingGit(t, s)
	ref := mustFetch(t, s, repo.URL, "refs/heads/main")
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), filepath.Join(t.TempDir(), "p")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(hook); !errors.Is(err, os.ErrNotExist) {
		t.Error("a filter of the user's configuration ran")
	}
	if strings.Contains(env(), "xoxb") {
		t.Error("a token of the parent reached git")
	}
}

func TestManyFetchesAtOnce(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	var refs []mirror.Ref
	for i := range 4 {
		hash := repo.Commit("main", "c", map[string]string{"a": fmt.Sprint(i)})
		refs = append(refs, mirror.Ref{Name: "refs/heads/main", Hash: hash})
	}
	dir := filepath.Join(t.TempDir(), "mirrors")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := &mirror.Store{Dir: dir, Policy: local} // as several processes would
			at, ref := mirror.Repo{URL: repo.URL}, refs[i%len(refs)]
			if err := s.Fetch(t.Context(), at, ref); err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Checkout(t.Context(), at, ref.Hash, filepath.Join(dir, fmt.Sprintf("p%d", i))); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

func TestFetchWaitsForTheLockOnlyAsLongAsAsked(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	hash := repo.Commit("main", "c", map[string]string{"a": "1"})
	s := newStore(t)
	mustFetch(t, s, repo.URL, "refs/heads/main")
	f, err := os.Open(strings.TrimSuffix(s.Path(repo.URL), ".git") + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = s.Fetch(ctx, mirror.Repo{URL: repo.URL}, mirror.Ref{Name: "refs/heads/main", Hash: hash})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
}

// What a killed git left behind must not stop the next fetch.
func TestLeftoversOfAKilledFetch(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	repo.Commit("main", "c", map[string]string{"a": "1"})
	s := newStore(t)
	mustFetch(t, s, repo.URL, "refs/heads/main")
	next := repo.Commit("main", "d", map[string]string{"a": "2"})
	dir := s.Path(repo.URL)
	left := []string{
		filepath.Join(dir, "refs/distrobot", next+".lock"), filepath.Join(dir, "shallow.lock"),
		filepath.Join(dir, "packed-refs.lock"), filepath.Join(dir, "objects/pack/tmp_pack_x1y2z3"),
	}
	for _, name := range left {
		writeFile(t, name, "left")
	}
	mustFetch(t, s, repo.URL, "refs/heads/main")
	for _, name := range left {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", filepath.Base(name))
		}
	}
	if err := os.RemoveAll(dir); err != nil { // killed while the mirror was made
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir+".tmp", "HEAD"), "half")
	mustFetch(t, s, repo.URL, "refs/heads/main")
}

func TestFetchLimits(t *testing.T) {
	release := make(chan struct{})
	stall := false
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if stall && r.Method == http.MethodPost {
				<-release
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	repo := server.Repo(t, "big")
	noise := make([]byte, 3<<20)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(noise)
	hash := repo.Commit("main", "big", map[string]string{"noise": string(noise)})
	ref := mirror.Ref{Name: "refs/heads/main", Hash: hash}
	at := mirror.Repo{URL: repo.URL}

	s := newStore(t)
	s.Limits.MirrorBytes = 1 << 20
	for range 2 { // neither the first time nor when it is there already
		if err := s.Fetch(t.Context(), at, ref); !mirror.Is(err, mirror.TooBig) {
			t.Errorf("3 MiB into a limit of 1 MiB: %v", err)
		}
	}
	stall = true
	s = newStore(t)
	s.Limits.FetchTime = 300 * time.Millisecond
	err := s.Fetch(t.Context(), at, ref)
	close(release)
	if !mirror.Is(err, mirror.Unreachable) || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a server that does not answer: %v", err)
	}
}

func TestMaintain(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	first := repo.Commit("main", "c", map[string]string{"a": "1"})
	s := newStore(t)
	at := mirror.Repo{URL: repo.URL}
	if err := s.Maintain(t.Context(), at, nil); err != nil {
		t.Errorf("without a mirror: %v", err)
	}
	mustFetch(t, s, repo.URL, "refs/heads/main")
	second := repo.Commit("main", "d", map[string]string{"a": "2"})
	mustFetch(t, s, repo.URL, "refs/heads/main")
	if err := s.Maintain(t.Context(), at, []string{second}); err != nil {
		t.Fatal(err)
	}
	got := mirrortest.Git(t, s.Path(repo.URL), "", "for-each-ref", "--format=%(refname)")
	if got != "refs/distrobot/"+second+"\n" {
		t.Errorf("kept %q", got)
	}
	if log, err := s.Log(t.Context(), at, first, second, 5); err != nil || log.Total != 1 {
		t.Errorf("the history of what was kept: %+v, %v", log, err)
	}
}

// Mirrors that something stands on lose what nothing stands on; others stay while
// they are used, and go when nothing has come by for long.
func TestTend(t *testing.T) {
	server := mirrortest.Serve(t)
	s, now := newStore(t), time.Now()
	if err := s.Tend(t.Context(), nil, now); err != nil {
		t.Errorf("without any mirror: %v", err)
	}
	fetched := func(name string) (string, []string) {
		repo := server.Repo(t, name)
		var hashes []string
		for _, version := range []string{"1", "2"} {
			hashes = append(hashes, repo.Commit("main", name, map[string]string{"a": version}))
			mustFetch(t, s, repo.URL, "refs/heads/main")
		}
		return s.Path(repo.URL), hashes
	}
	refs := func(dir string) int {
		return strings.Count(mirrortest.Git(t, dir, "", "for-each-ref", "--format=%(refname)"), "refs/distrobot/")
	}
	tracked, hashes := fetched("tracked")
	module, _ := fetched("module")
	used := []string{hashes[1], strings.Repeat("1", 40), ""}
	if err := s.Tend(t.Context(), used, now); err != nil {
		t.Fatal(err)
	}
	if refs(tracked) != 1 || refs(module) != 2 {
		t.Errorf("%d and %d refs are left, want 1 and 2", refs(tracked), refs(module))
	}
	if _, err := os.Stat(filepath.Join(tracked, "refs/distrobot", hashes[0])); err == nil {
		t.Error("the unused hash is the one that is left")
	}
	for _, day := range []int{59, 61} {
		if err := s.Tend(t.Context(), used, now.AddDate(0, 0, day)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(module); (err == nil) != (day < 60) {
			t.Errorf("on day %d: %v", day, err)
		}
		if refs(tracked) != 1 {
			t.Errorf("on day %d the tracked mirror has %d refs", day, refs(tracked))
		}
	}
	mirrortest.Git(t, tracked, "", "update-ref", "refs/distrobot/"+hashes[0], hashes[0])
	if err := s.Tend(t.Context(), used, now.AddDate(0, 0, 61).Add(time.Hour)); err != nil || refs(tracked) != 2 {
		t.Errorf("maintained again after an hour: %v", err)
	}
}

func TestGitRunsAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("not root: git can only run as ourselves, which every other test does")
		return
	}
	base := t.TempDir()
	for dir := base; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	repo := mirrortest.Serve(t).Repo(t, "shop")
	repo.Commit("main", "c", map[string]string{"d/a": "1"})
	s := &mirror.Store{Dir: filepath.Join(base, "mirrors"), Policy: local, As: &run.User{UID: 65534, GID: 65534}}
	ref := mustFetch(t, s, repo.URL, "refs/heads/main")
	platform := filepath.Join(base, "p")
	if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, ref.Commit(), platform); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{platform, filepath.Join(platform, "d/a"), filepath.Join(s.Path(repo.URL), "refs/distrobot", ref.Hash)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 65534 {
			t.Errorf("%s belongs to user %d", path, uid)
		}
	}
}

func TestWithoutGit(t *testing.T) {
	repo := mirrortest.Serve(t).Repo(t, "shop")
	hash := repo.Commit("main", "c", map[string]string{"a": "1"})
	s := newStore(t)
	s.Env = []string{"PATH=" + t.TempDir()}
	err := s.Fetch(t.Context(), mirror.Repo{URL: repo.URL}, mirror.Ref{Name: "refs/heads/main", Hash: hash})
	if !errors.Is(err, run.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
