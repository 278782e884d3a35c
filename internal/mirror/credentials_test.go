package mirror_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
)

// A private repository is read with its host's credential, by the lister and by
// git alike; nothing shows it.
func TestPrivateRepository(t *testing.T) {
	const token = "s3cret-token"
	var refused atomic.Int64
	server := mirrortest.Serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "oauth2" || password != token {
				refused.Add(1)
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	repo := server.Repo(t, "private")
	repo.Commit("main", "first", map[string]string{"a": "b"})
	host := strings.TrimPrefix(server.URL, "http://")
	credentials, err := mirror.ParseCredentials([]string{"elsewhere.example.org=x:y", host + "=" + token})
	if err != nil {
		t.Fatal(err)
	}
	policy := mirror.Policy{AllowPrivate: true, AllowHTTP: true, Credentials: credentials}
	listing, err := mirror.NewLister(policy).List(t.Context(), mirror.Repo{URL: repo.URL}, []string{"refs/heads/main"})
	if err != nil || len(listing.Refs) != 1 {
		t.Fatalf("%+v, %v", listing, err)
	}
	store := &mirror.Store{Dir: filepath.Join(t.TempDir(), "mirrors"), Policy: policy}
	if err := store.Fetch(t.Context(), mirror.Repo{URL: repo.URL}, listing.Refs[0]); err != nil {
		t.Fatal(err)
	}
	if refused.Load() > 0 {
		t.Errorf("%d requests went without", refused.Load())
	}
	policy.Credentials[host] = mirror.Credential{Username: "oauth2", Password: "wrong-token"}
	again := &mirror.Store{Dir: filepath.Join(t.TempDir(), "mirrors"), Policy: policy}
	err = again.Fetch(t.Context(), mirror.Repo{URL: repo.URL}, listing.Refs[0])
	if !mirror.Is(err, mirror.NotFound) || strings.Contains(fmt.Sprintf("%+v %v", err, policy), "wrong-token") {
		t.Errorf("%+v", err)
	}
}

func TestParseCredentials(t *testing.T) {
	got, err := mirror.ParseCredentials([]string{" GitHub.com=x-access-token:abc:d ", "*.example.org=tok", ""})
	if err != nil || len(got) != 2 || got["github.com"].Password != "abc:d" || got["*.example.org"].Username != "oauth2" {
		t.Errorf("%d credentials, %v", len(got), err)
	}
	if text := fmt.Sprintf("%v %+v", got, got); strings.Contains(text, "abc") || strings.Contains(text, "tok ") {
		t.Errorf("printed: %s", text)
	}
	for _, bad := range []string{"token", "=tok3n", "a b=tok3n", "host=", "host=u:", "host=u:tok3n\nx", "-x=tok3n"} {
		if _, err := mirror.ParseCredentials([]string{bad}); err == nil || strings.Contains(err.Error(), "tok3n") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
