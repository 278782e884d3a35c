package mirrortest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// LFS serves the objects of Git LFS in memory: the batch API of every repository
// at .../info/lfs, and the objects themselves at /lfs/OID, for reading and, since
// the real git-lfs fills it, for writing.
type LFS struct {
	mu      sync.Mutex
	objects map[string]string

	// Answer, if set, may change what the batch API says of an object.
	Answer func(r *http.Request, object map[string]any)
	// Content, if set, may change what an object's download gives.
	Content func(w http.ResponseWriter, oid, content string) string
	// Batches and Downloads count requests.
	Batches, Downloads int
}

// Wrap puts l before a server of repositories; see Serve.
func (l *LFS) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		oid, direct := strings.CutPrefix(r.URL.Path, "/lfs/")
		switch {
		case direct:
			l.object(w, r, oid)
		case strings.HasSuffix(r.URL.Path, "/info/lfs/objects/batch"):
			l.batch(w, r)
		case strings.Contains(r.URL.Path, "/info/lfs/"):
			http.NotFound(w, r) // locks, which are optional
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Put stores an object under its name.
func (l *LFS) Put(oid, content string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.objects == nil {
		l.objects = map[string]string{}
	}
	l.objects[oid] = content
}

// Len counts the objects.
func (l *LFS) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.objects)
}

func (l *LFS) object(w http.ResponseWriter, r *http.Request, oid string) {
	if r.Method == http.MethodPut {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		l.Put(oid, string(b))
		return
	}
	l.mu.Lock()
	content := l.objects[oid]
	l.Downloads++
	l.mu.Unlock()
	if l.Content != nil {
		content = l.Content(w, oid, content)
	}
	_, _ = io.WriteString(w, content)
}

func (l *LFS) batch(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Operation string
		Objects   []struct {
			OID  string
			Size int64
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Batches++
	objects := []map[string]any{}
	for _, o := range ask.Objects {
		_, have := l.objects[o.OID]
		out := map[string]any{"oid": o.OID, "size": o.Size}
		href := map[string]any{"href": "http://" + r.Host + "/lfs/" + o.OID}
		switch {
		case ask.Operation == "upload" && !have:
			out["actions"] = map[string]any{"upload": href}
		case ask.Operation == "download" && have:
			out["actions"] = map[string]any{"download": href}
		case ask.Operation == "download":
			out["error"] = map[string]any{"code": 404, "message": "not here"}
		}
		if l.Answer != nil {
			l.Answer(r, out)
		}
		objects = append(objects, out)
	}
	w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"transfer": "basic", "objects": objects})
}

// PushLFS fills the repository and l with files by the real git-lfs, which keeps
// those that match pattern in LFS, and returns the commit on main.
func (r *Repo) PushLFS(t testing.TB, l *LFS, pattern string, files map[string]string) string {
	t.Helper()
	work := t.TempDir()
	Git(t, work, "", "init", "--quiet", "--initial-branch=main")
	Git(t, work, "", "lfs", "install", "--local")
	Git(t, work, "", "lfs", "track", pattern)
	for name, content := range files {
		write(t, work+"/"+name, content)
	}
	Git(t, work, "", "add", ".")
	Git(t, work, "", "commit", "--quiet", "-m", "With LFS")
	Git(t, work, "", "-c", "lfs.locksverify=false", "-c", "lfs.allowincompletepush=true", "-c", "lfs.url="+strings.TrimSuffix(r.URL, ".git")+".git/info/lfs", "lfs", "push", "--all", r.URL, "main")
	if l.Len() == 0 {
		t.Fatal("git-lfs pushed no object")
	}
	Git(t, work, "", "push", "--quiet", "--no-verify", r.Dir, "main")
	return strings.TrimSpace(Git(t, work, "", "rev-parse", "main"))
}
