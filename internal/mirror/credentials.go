package mirror

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
)

// String hides the password from logs and messages.
func (c Credential) String() string { return c.Username + ":…" }

// LogValue implements slog.LogValuer likewise.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ParseCredentials reads what private repositories are read with, by host:
// "github.com=x-access-token:TOKEN". A host is matched as in Policy.Hosts; a
// token without a user name is sent with one that GitHub, GitLab and Gitea all
// accept. Errors name the entry by its number and its host, never the secret.
func ParseCredentials(entries []string) (map[string]Credential, error) {
	out := map[string]Credential{}
	for i, entry := range entries {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		host, secret, ok := strings.Cut(entry, "=")
		host = strings.ToLower(strings.TrimSpace(host))
		if !ok || !hostName.MatchString(strings.TrimPrefix(strings.Split(host+":", ":")[0], "*.")) {
			return nil, fmt.Errorf("credential %d does not begin with HOST=", i+1)
		}
		user, password, ok := strings.Cut(secret, ":")
		if !ok {
			user, password = "oauth2", secret
		}
		if password == "" || strings.ContainsAny(secret, "\r\n\x00") {
			return nil, fmt.Errorf("credential %d, of %s, is empty or has a line break", i+1, host)
		}
		out[host] = Credential{Username: user, Password: password}
	}
	return out, nil
}

// dress gives a repository the credential of its host, unless it has one. It is
// sent over https, and to this machine itself; never where others can read it.
func (p Policy) dress(repo Repo) Repo {
	u, err := url.Parse(repo.URL)
	if err != nil || repo.Credential != nil || len(p.Credentials) == 0 {
		return repo
	}
	addr, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && !addr.IsLoopback() {
		return repo
	}
	host := strings.ToLower(u.Host)
	for _, name := range []string{host, strings.ToLower(u.Hostname())} {
		if c, ok := p.Credentials[name]; ok {
			repo.Credential = &c
			return repo
		}
	}
	for below := host; ; {
		_, rest, ok := strings.Cut(below, ".")
		if !ok {
			return repo
		}
		if c, ok := p.Credentials["*."+rest]; ok {
			repo.Credential = &c
			return repo
		}
		below = rest
	}
}
