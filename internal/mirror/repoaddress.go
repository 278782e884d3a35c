package mirror

import (
	"net/url"
	"regexp"
	"strings"
)

// An address is that of a repository, taken apart.
type address struct {
	scheme     string // "https", "http" or "ssh"
	user, host string // host in lower case, without brackets and port
	port       string // "" is the scheme's own
	path       string // as the server is told: of the short form of SSH it does not begin with a slash
	short      bool   // user@host:path
}

// shortForm is how people and forges write addresses of SSH: "user@host:path".
// The path is relative to the home of the user there, which ssh:// cannot say.
var shortForm = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*)@([A-Za-z0-9.-]+):([^:]+)$`)

// parseAddress reads an address; Policy.Check says whether it may be used.
func parseAddress(raw string) (address, error) {
	if !strings.Contains(raw, "://") {
		if m := shortForm.FindStringSubmatch(raw); m != nil {
			return address{scheme: "ssh", user: m[1], host: strings.ToLower(m[2]), path: m[3], short: true}, nil
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return address{}, refuse(httpsHint, "This is not a URL that I can read.")
	}
	return address{
		scheme: u.Scheme, user: u.User.Username(), host: strings.ToLower(u.Hostname()), port: u.Port(), path: u.EscapedPath(),
	}, nil
}

// withPath gives the address of another path of the same host.
func (a address) withPath(path string) string {
	if a.short {
		return a.user + "@" + a.host + ":" + strings.TrimPrefix(path, "/")
	}
	user := ""
	if a.user != "" {
		user = a.user + "@"
	}
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.port != "" {
		host += ":" + a.port
	}
	return a.scheme + "://" + user + host + "/" + strings.TrimPrefix(path, "/")
}

// overSSH reports whether a checked address is one of SSH.
func overSSH(raw string) bool {
	return strings.HasPrefix(raw, "ssh://") || !strings.Contains(raw, "://")
}

// url gives the address as a URL, for checks that do not care how it was written.
func (a address) url() *url.URL {
	return &url.URL{Scheme: a.scheme, User: url.User(a.user), Host: a.host, Path: "/" + strings.TrimPrefix(a.path, "/")}
}
