package mirror

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// A name that passes the check of the URL is refused when it turns out to lead
// inside, at the moment of the connection.
func TestDialRefusesPrivateAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"localhost", "127.0.0.1", "0.0.0.0", "::1", "169.254.169.254", "10.0.0.1"} {
		conn, err := Policy{}.dial(t.Context(), "tcp", net.JoinHostPort(host, port))
		var refused *Refused
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a refusal", host, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	conn, err := Policy{AllowPrivate: true}.dial(t.Context(), "tcp", net.JoinHostPort("localhost", port))
	if err != nil {
		t.Fatalf("allowed, but %v", err)
	}
	_ = conn.Close()
}

func TestPublicAddresses(t *testing.T) {
	for _, s := range []string{"140.82.121.4", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"} {
		if !public(netip.MustParseAddr(s)) {
			t.Errorf("%s is taken for private", s)
		}
	}
}

// What was learned of a server is believed for a day and then asked again.
func TestCapabilitiesAreAskedAgainAfterADay(t *testing.T) {
	gets, posts := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			gets++
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			_, _ = w.Write([]byte("000eversion 2\n000bls-refs0000"))
			return
		}
		posts++
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = w.Write([]byte("0000"))
	}))
	defer server.Close()
	l := NewLister(Policy{AllowPrivate: true, AllowHTTP: true})
	defer l.Close()
	now := time.Now()
	l.now = func() time.Time { return now }
	steps := []struct {
		after       time.Duration
		gets, posts int
	}{{0, 1, 1}, {time.Hour, 1, 2}, {22 * time.Hour, 1, 3}, {2 * time.Hour, 2, 4}, {time.Hour, 2, 5}}
	for i, step := range steps {
		now = now.Add(step.after)
		if _, err := l.List(t.Context(), Repo{URL: server.URL + "/shop"}, nil); err != nil {
			t.Fatal(err)
		}
		if gets != step.gets || posts != step.posts {
			t.Errorf("step %d: %d discoveries and %d posts, want %d and %d", i, gets, posts, step.gets, step.posts)
		}
	}
}
