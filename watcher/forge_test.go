package watcher_test

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
)

// A forge serves many repositories from memory as git does, on several hosts,
// and some real ones through git http-backend. It can misbehave.
type forge struct {
	hosts []*httptest.Server
	real  []*mirrortest.Repo
	n     int // repositories in memory; repository i >= n is real[i-n]

	faults   atomic.Bool
	requests atomic.Int64
	mu       sync.Mutex
	heads    map[string]string // by path
}

const forgeHosts, forgeReal = 8, 6

func newForge(t *testing.T, n int) *forge {
	f := &forge{n: n, heads: map[string]string{}}
	for range forgeHosts {
		s := httptest.NewServer(http.HandlerFunc(f.serve))
		t.Cleanup(s.Close)
		f.hosts = append(f.hosts, s)
	}
	backend := mirrortest.Serve(t)
	for i := range forgeReal {
		r := backend.Repo(t, fmt.Sprintf("real%d", i))
		r.Commit("main", "first", map[string]string{"a": fmt.Sprint("repository ", i)})
		f.real = append(f.real, r)
	}
	for i := range n {
		f.heads[fmt.Sprintf("/r%d.git", i)] = headOf(i, 0)
	}
	return f
}

// headOf is a hash that tells repository and move apart.
func headOf(i, move int) string { return fmt.Sprintf("%020x%020x", i+1, move+1) }

func (f *forge) url(i int) string {
	if i >= f.n {
		return f.real[i-f.n].URL
	}
	return fmt.Sprintf("%s/r%d.git", f.hosts[i%forgeHosts].URL, i)
}

// move moves a repository's branch and gives where it points now.
func (f *forge) move(i, move int) string {
	if i >= f.n {
		return f.real[i-f.n].Commit("main", fmt.Sprint("move ", move), map[string]string{"a": fmt.Sprintf("repository %d, move %d", i, move)})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heads[fmt.Sprintf("/r%d.git", i)] = headOf(i, move)
	return headOf(i, move)
}

func (f *forge) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n := f.requests.Add(1)
	path, service := r.URL.Path, ""
	for _, s := range []string{"/info/refs", "/git-upload-pack"} {
		if p, ok := strings.CutSuffix(path, s); ok {
			path, service = p, s
		}
	}
	f.mu.Lock()
	hash, ok := f.heads[path]
	f.mu.Unlock()
	if !ok || service == "" {
		http.NotFound(w, r)
		return
	}
	old := strings.HasSuffix(path, "7.git") // every tenth knows version 0 alone
	kind, body := "result", pkt(hash+" refs/heads/main\n")+"0000"
	if service == "/info/refs" {
		kind, body = "advertisement", pkt("version 2\n")+pkt("agent=git/2.39.5\n")+pkt("ls-refs\n")+pkt("object-format=sha1\n")+"0000"
	}
	if old || service == "/info/refs" && r.Header.Get("Git-Protocol") == "" {
		kind, body = "advertisement", pkt("# service=git-upload-pack\n")+"0000"+pkt(hash+" HEAD\x00symref=HEAD:refs/heads/main\n")+pkt(hash+" refs/heads/main\n")+"0000"
	}
	if f.faults.Load() && f.misbehave(w, r, n, &body) {
		return
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-"+kind)
	_, _ = io.WriteString(w, body)
}

// misbehave plays a fault for one request in eight: it answers itself, or spoils
// the body.
func (f *forge) misbehave(w http.ResponseWriter, r *http.Request, n int64, body *string) bool {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, n)
	switch h.Sum64() % 56 {
	case 0:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	case 1:
		http.Error(w, "broken", http.StatusInternalServerError)
	case 2:
		http.Redirect(w, r, "https://elsewhere.example.org"+r.URL.Path, http.StatusFound)
	case 3:
		*body = (*body)[:len(*body)/2]
		return false
	case 4:
		*body = strings.Replace(*body, "0000", "000z", 1)
		return false
	case 6: // a hash that is none
		*body = strings.Replace(*body, " refs/heads/main", "g refs/heads/main", 1)
		return false
	case 5:
		time.Sleep(200 * time.Millisecond) // the slow answer that is played
		return false
	default:
		return false
	}
	return true
}

func pkt(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }

// forgeSize is how many repositories are played: the number in
// DISTROBOT_FORGE, or a short form of the thousand.
func forgeSize(t *testing.T, setting string) int {
	if setting == "" {
		return 40
	}
	n, err := strconv.Atoi(setting)
	if err != nil || n < 1 || n > 5000 {
		t.Fatalf("DISTROBOT_FORGE=%s is no number of repositories", setting)
	}
	return n
}
