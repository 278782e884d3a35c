package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSenderBehindProxies(t *testing.T) {
	proxies, err := parseProxies([]string{"10.0.0.0/8", " 192.0.2.7", "2001:db8::/32", ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		peer, forwarded, want string
	}{
		{"10.0.0.5:4711", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.5:4711", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"}, // the first was made up
		{"[::ffff:10.0.0.5]:4711", "203.0.113.9", "203.0.113.9"},
		{"[2001:db8::1]:1", "2001:4860::1", "2001:4860::1"},
		{"192.0.2.7:1", "10.1.1.1, 10.2.2.2", "10.1.1.1"},
		{"192.0.2.7:1", "", "192.0.2.7:1"},
		{"192.0.2.7:1", "evil\r\nx", "192.0.2.7:1"},
		{"192.0.2.7:1", "junk, 203.0.113.9", "203.0.113.9"},
		{"192.0.2.8:1", "203.0.113.9", "192.0.2.8:1"}, // not trusted
	} {
		var got string
		r := httptest.NewRequest(http.MethodPost, "/slack/commands", nil)
		r.RemoteAddr = tt.peer
		r.Header.Set("X-Forwarded-For", tt.forwarded)
		behind(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
		if got != tt.want {
			t.Errorf("%s through %q: %q, want %q", tt.peer, tt.forwarded, got, tt.want)
		}
	}
	for _, wrong := range []string{"proxy", "10.0.0.0/33", "10.0.0"} {
		if _, err := parseProxies([]string{wrong}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
