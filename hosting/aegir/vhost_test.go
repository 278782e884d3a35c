package aegir

import (
	"strings"
	"testing"
)

// TestHeld holds that the shadow of a site with TLS answers at all of its
// addresses with its certificates, and that the check asks the server that has the
// site, not the one that redirects to it.
func TestHeld(t *testing.T) {
	vhost := `server {
  listen       *:80;
  server_name  a.example www.a.example;
  root  /var/aegir/platforms/d7;

  return 301 https://$host$request_uri;
}
# the site
server {
  include fastcgi_params;
  listen *:443 ssl;
  http2 on;
  server_name a.example www.a.example;
  ssl_certificate /c/a.crt;
  root /var/aegir/platforms/d7;
  location ~* \.php$ {
    if ($x) { return 403; }
    listen_is_no_directive_here on;
  }
}
`
	got := held("a.example", vhost, "127.0.0.1:8917", "MARK")
	shadows, check, ok := strings.Cut(got, "listen 127.0.0.1:8917;")
	if !ok || strings.Count(got, "server {") != 3 {
		t.Fatalf("got\n%s", got)
	}
	for _, want := range []string{"listen       *:80;", "listen *:443 ssl;", "ssl_certificate /c/a.crt;", "http2 on;", "server_name a.example www.a.example;", "Retry-After"} {
		if !strings.Contains(shadows, want) {
			t.Errorf("the shadow has no %q:\n%s", want, shadows)
		}
	}
	for _, want := range []string{"location = /.distrobot/MARK", "server_name a.example", "root /var/aegir/platforms/d7;", "if ($x) { return 403; }", "include fastcgi_params;"} {
		if !strings.Contains(check, want) {
			t.Errorf("the check has no %q:\n%s", want, check)
		}
	}
	for _, not := range []string{"ssl", "301", "listen *", "http2"} {
		if strings.Contains(check, not) {
			t.Errorf("the check has %q:\n%s", not, check)
		}
	}
	if n, m := strings.Count(got, "{"), strings.Count(got, "}"); n != m {
		t.Errorf("%d braces open, %d close", n, m)
	}
	if none := held("b.example", "", "127.0.0.1:8917", "M"); !strings.Contains(none, "server_name b.example;") {
		t.Errorf("a site without a vhost:\n%s", none)
	}
}

// TestPlain holds what people read of Aegir's log.
func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`<em class="placeholder">brk</em> &amp; <a href="x">more</a>`: "brk & more",
		"1 < 2 and 3 > 2": "1 < 2 and 3 > 2",
		"a\nb":            "a b",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
