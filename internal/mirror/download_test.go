package mirror_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
)

func TestDownloads(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			_, _ = w.Write([]byte(r.URL.RawQuery))
		case "/go":
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 5000))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/fault":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	host := strings.TrimPrefix(srv.URL, "http://")
	open := mirror.Policy{AllowPrivate: true, AllowHTTP: true}
	listed := mirror.Policy{AllowPrivate: true, AllowHTTP: true, Hosts: []string{"127.0.0.1"}}
	tests := []struct {
		name, url, want string // want is content, or words of the error
		policy          mirror.Policy
		problem         mirror.Problem // "" with an error is a refusal
		fails           bool
	}{
		{name: "content", url: srv.URL + "/ok?a=b%20c", want: "a=b%20c", policy: open},
		{name: "redirect", url: srv.URL + "/go?to=/ok%3Fx", want: "x", policy: open},
		{name: "redirect off the list", url: srv.URL + "/go?to=http://localhost:1/x", want: "not on the list", policy: listed, fails: true},
		{name: "redirect to a file", url: srv.URL + "/go?to=file:///etc/passwd", want: "this machine's disk", policy: open, fails: true},
		{name: "private", url: "https://127.0.0.1/x", want: "inside a private network", fails: true},
		{name: "private over http", url: srv.URL + "/ok", want: "Plain http", fails: true},
		{name: "private name", url: "https://localhost/x", want: "inside a private network", fails: true},
		{name: "metadata", url: "https://169.254.169.254/latest", want: "inside a private network", fails: true},
		{name: "login", url: "http://a:b@" + host + "/ok", want: "a user name", policy: open, fails: true},
		{name: "fragment", url: srv.URL + "/ok#x", want: "fragment", policy: open, fails: true},
		{name: "ssh", url: "ssh://example.org/x", want: "not fetched over SSH", policy: mirror.Policy{AllowSSH: true}, fails: true},
		{name: "loop", url: srv.URL + "/loop", want: "more than 5 times", policy: open, problem: mirror.Redirected, fails: true},
		{name: "large", url: srv.URL + "/large", want: "larger than", policy: open, problem: mirror.TooBig, fails: true},
		{name: "cut short", url: srv.URL + "/cut", want: "stopped in the middle", policy: open, problem: mirror.Unreachable, fails: true},
		{name: "missing", url: srv.URL + "/none", want: "status 404", policy: open, problem: mirror.NotFound, fails: true},
		{name: "busy", url: srv.URL + "/busy", want: "less often", policy: open, problem: mirror.RateLimited, fails: true},
		{name: "fault", url: srv.URL + "/fault", want: "status 502", policy: open, problem: mirror.Unreachable, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mirror.NewDownloader(tt.policy)
			defer d.Close()
			var out bytes.Buffer
			err := d.Get(t.Context(), tt.url, &out, 4000)
			var refused *mirror.Refused
			switch {
			case !tt.fails && (err != nil || out.String() != tt.want):
				t.Errorf("%q, %v, want %q", out.String(), err, tt.want)
			case tt.fails && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case tt.fails && tt.problem != "" && !mirror.Is(err, tt.problem), tt.fails && tt.problem == "" && !errors.As(err, &refused):
				t.Errorf("the error is of another sort: %#v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := mirror.NewDownloader(open)
	defer d.Close()
	if err := d.Get(ctx, srv.URL+"/ok", &bytes.Buffer{}, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled download gives %v", err)
	}
}

func TestUpgrade(t *testing.T) {
	for _, tt := range []struct{ in, out string }{
		{"http://drupal.org/files/a.patch", "https://drupal.org/files/a.patch"},
		{"git://github.com/a/b.git", "https://github.com/a/b.git"},
		{"https://example.org/x", "https://example.org/x"},
		{"ssh://git@example.org/x", "ssh://git@example.org/x"},
	} {
		if got := (mirror.Policy{}).Upgrade(tt.in); got != tt.out {
			t.Errorf("%s becomes %s, want %s", tt.in, got, tt.out)
		}
	}
	if got := (mirror.Policy{AllowHTTP: true}).Upgrade("http://example.org/x"); got != "http://example.org/x" {
		t.Errorf("allowed http becomes %s", got)
	}
}
