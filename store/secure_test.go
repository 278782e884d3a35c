package store_test

import (
	"os"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestTLS runs the suite over an encrypted connection with certificates of our
// own on both sides.
func TestTLS(t *testing.T) {
	url, files := storetest.StartTLS(t)
	storetest.Run(t, func(t *testing.T, o store.Options) (*store.Store, error) {
		o.URL, o.TLS = url, files
		return store.Open(t.Context(), o)
	})
	for _, tt := range []struct {
		name, url string
		files     store.TLSFiles
		code      fleet.Code
		text      string
	}{
		{"a server that nobody vouches for", url, store.TLSFiles{Cert: files.Cert, Key: files.Key}, fleet.Later, "cannot be reached"},
		{"no certificate of ours", url, store.TLSFiles{CA: files.CA}, fleet.Later, "cannot be reached"},
		{"no such file", url, store.TLSFiles{CA: files.CA + ".none"}, fleet.Invalid, "DISTROBOT_REDIS_CA"},
		{"not a certificate", url, store.TLSFiles{CA: files.Key}, fleet.Invalid, "DISTROBOT_REDIS_CA"},
		{"no key", url, store.TLSFiles{CA: files.CA, Cert: files.Cert}, fleet.Invalid, "DISTROBOT_REDIS_CERT_KEY"},
		{"not encrypted", strings.Replace(url, "rediss:", "redis:", 1), files, fleet.Invalid, "rediss://"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{URL: tt.url, TLS: tt.files, Key: []byte("k")})
			if err == nil {
				s.Close()
			}
			if fleet.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestAccount runs the suite under the account that docs/redis.md gives, and
// asserts that it may do nothing else, and that one which may do less is told
// so.
func TestAccount(t *testing.T) {
	server := storetest.Start(t)
	rules := strings.Replace(store.ACL, "~db:*", "~t*", 1) // the suite has prefixes of its own
	storetest.Run(t, openAt(server.Account("bot", rules)))

	url := server.Account("real", store.ACL)
	s, err := store.Open(t.Context(), store.Options{URL: url, Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if out, err := s.Forbidden(t.Context()); err != nil || len(out) > 0 {
		t.Errorf("the account lacks %v, %v", out, err)
	}
	if err := s.Keeps(t.Context()); err != nil {
		t.Error(err)
	}
	for _, line := range [][]any{{"flushall"}, {"keys", "*"}, {"config", "set", "appendonly", "no"}, {"get", "other"}, {"shutdown"}, {"script", "flush"}, {"acl", "list"}} {
		if err := s.Client().Do(t.Context(), line...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%v: %v", line, err)
		}
	}
	less := server.Account("less", store.ACL+" -evalsha -eval")
	p, err := store.Open(t.Context(), store.Options{URL: less, Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := putSite(t, p, "a"); fleet.CodeOf(err) != fleet.Later || !strings.Contains(err.Error(), "distrobot doctor") {
		t.Errorf("%v", err)
	}
	if out, err := p.Forbidden(t.Context()); err != nil || len(out) != 1 || out[0] != "EVAL" {
		t.Errorf("the account lacks %v, %v", out, err)
	}
}

// TestAccountIsDocumented holds the page for operators and the rules together.
func TestAccountIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), store.ACL) {
		t.Errorf("docs/redis.md lacks the rules of the account:\n%s", store.ACL)
	}
}
