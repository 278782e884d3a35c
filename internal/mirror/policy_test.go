package mirror_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
)

func TestPolicyRefuses(t *testing.T) {
	tests := []struct{ url, reason string }{
		{"", "The URL is empty."},
		{"https://user:pa55word@example.org/a/b.git", "The URL contains a user name or a password."},
		{"https://token@example.org/a/b.git", "The URL contains a user name or a password."},
		{"https://@example.org/a/b.git", "The URL contains a user name or a password."},
		{"file:///etc/passwd", "file:// would read this machine's disk."},
		{"/srv/git/shop.git", "The address has no scheme such as https://; paths on this machine are not tracked."},
		{"../shop.git", "The address has no scheme such as https://; paths on this machine are not tracked."},
		{"example.org/a/b", "The address has no scheme such as https://; paths on this machine are not tracked."},
		{"ext::sh -c 'touch /tmp/x'", "The address names a transport helper (such as ext:: or fd::), which can run programs."},
		{"fd::0", "The address names a transport helper (such as ext:: or fd::), which can run programs."},
		{"https::https://example.org/a/b", "The address names a transport helper (such as ext:: or fd::), which can run programs."},
		{"git@github.com:drupal/core.git", "This is the short form of an SSH address (user@host:path), which I do not read."},
		{"github.com:drupal/core.git", "This is the short form of an SSH address (user@host:path), which I do not read."},
		{"--upload-pack=touch /tmp/x", "The URL begins with a dash, so that programs would take it for an option."},
		{"-oProxyCommand=x", "The URL begins with a dash, so that programs would take it for an option."},
		{"https://example.org/a/b?x=1", "The URL has a query or a fragment, which a repository has not."},
		{"https://example.org/a/b?", "The URL has a query or a fragment, which a repository has not."},
		{"https://example.org/a/b#main", "The URL has a query or a fragment, which a repository has not."},
		{"https://example.org/a/b#", "The URL has a query or a fragment, which a repository has not."},
		{"https://example.org/a/b\n", "The URL contains control characters."},
		{"https://example.org/a\x00b", "The URL contains control characters."},
		{"https://example.org/a\xffb", "The URL contains control characters."},
		{"https://example.org/a b", "The URL contains a space or a backslash."},
		{`https://example.org\@evil.example/a/b`, "The URL contains a space or a backslash."},
		{"http://example.org/a/b", "Plain http is not allowed: anybody on the way could change the code."},
		{"git://example.org/a/b", "Only https is allowed, not another scheme."},
		{"javascript://example.org/a", "Only https is allowed, not another scheme."},
		{"ssh://git@example.org/a/b", "The URL contains a user name or a password."},
		{"ssh://example.org/a/b", "SSH addresses are not allowed here."},
		{"https:///a/b", "The URL has no host."},
		{"https://example.org", "The URL names a host but no repository."},
		{"https://example.org/", "The URL names a host but no repository."},
		{"https://example.org/a/../b", "The path in the URL contains a part that no repository has."},
		{"https://example.org/a/./b", "The path in the URL contains a part that no repository has."},
		{"https://example.org/a//b", "The path in the URL contains a part that no repository has."},
		{"https://example.org/-a/b", "The path in the URL contains a part that no repository has."},
		{"https://example.org/a%2e%2e/b", "The path in the URL contains a part that no repository has."},
		{"https://example.org/a/$(id)", "The path in the URL contains a part that no repository has."},
		{"https://example.org:8443/a/b", "Only the usual port of https is allowed."},
		{"https://-example.org/a/b", "The host name in the URL is not valid."},
		{"https://exa_mple.org/a/b", "The host name in the URL is not valid."},
		{"https://ex%61mple.org/a/b", "This is not a URL that I can read."},
		{"https://müller.example/a/b", "The host name in the URL is not valid."},
		{"https://[fe80::1%25eth0]/a/b", "The URL names a network interface."},
		{"https://[::1/a/b", "This is not a URL that I can read."},
		{"https://" + strings.Repeat("a", 1100) + ".org/a/b", "The URL is longer than 1024 bytes."},
	}
	for _, tt := range tests {
		err := mirror.Policy{}.Check(tt.url)
		var refused *mirror.Refused
		if !errors.As(err, &refused) {
			t.Errorf("%q: got %v, want a refusal", tt.url, err)
			continue
		}
		if refused.Reason != tt.reason {
			t.Errorf("%q: got %q, want %q", tt.url, refused.Reason, tt.reason)
		}
		if strings.Contains(refused.Reason+refused.Hint, "pa55word") {
			t.Errorf("%q: the refusal repeats the password", tt.url)
		}
	}
}

func TestPolicyRefusesPrivateAddresses(t *testing.T) {
	for _, host := range []string{
		"localhost", "LOCALHOST", "git.localhost", "nas.local", "metadata.google.internal",
		"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd12::1]",
		"[ff02::1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:db8::1]", "[2001::1]", "[fec0::1]",
	} {
		url := "https://" + host + "/a/b.git"
		var refused *mirror.Refused
		if err := (mirror.Policy{}).Check(url); !errors.As(err, &refused) || !strings.Contains(refused.Reason, "private") {
			t.Errorf("%s: got %v, want it refused as private", url, err)
		}
		if err := (mirror.Policy{AllowPrivate: true}).Check(url); err != nil {
			t.Errorf("%s: refused with AllowPrivate: %v", url, err)
		}
	}
}

func TestPolicyAllows(t *testing.T) {
	tests := []struct {
		policy mirror.Policy
		url    string
	}{
		{mirror.Policy{}, "https://github.com/drupal/core.git"},
		{mirror.Policy{}, "https://github.com/drupal/core"},
		{mirror.Policy{}, "https://github.com/drupal/core/"},
		{mirror.Policy{}, "https://GitHub.com/drupal/core"},
		{mirror.Policy{}, "https://gitlab.com/group/sub.group/project_x-1.git"},
		{mirror.Policy{}, "https://git.example.org:443/shop.git"},
		{mirror.Policy{}, "https://dev.azure.com/org/project/_git/repo"},
		{mirror.Policy{}, "https://git.example.org/~ann/shop"},
		{mirror.Policy{}, "https://140.82.121.4/drupal/core"},
		{mirror.Policy{}, "https://[2606:4700::1111]/a/b"},
		{mirror.Policy{AllowHTTP: true}, "http://example.org/a/b"},
		{mirror.Policy{AllowSSH: true}, "ssh://git@example.org/a/b"},
		{mirror.Policy{AllowPrivate: true, AllowHTTP: true}, "http://127.0.0.1:8080/a"},
		{mirror.Policy{Hosts: []string{"GitHub.com"}}, "https://github.com/drupal/core"},
		{mirror.Policy{Hosts: []string{"*.example.org"}}, "https://git.example.org/a/b"},
	}
	for _, tt := range tests {
		if err := tt.policy.Check(tt.url); err != nil {
			t.Errorf("%q: %v", tt.url, err)
		}
	}
}

func TestPolicyHosts(t *testing.T) {
	policy := mirror.Policy{Hosts: []string{"github.com", "*.example.org"}, AllowSSH: true}
	for _, url := range []string{
		"https://gitlab.com/a/b", "https://example.org/a/b", "https://evilexample.org/a/b",
		"https://github.com.evil.example/a/b", "https://xgithub.com/a/b", "ssh://git@gitlab.com/a/b",
		"ssh://-oProxyCommand=x/a/b", "ssh://git:secret@github.com/a/b", "https://user@github.com/a/b",
	} {
		var refused *mirror.Refused
		if err := policy.Check(url); !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a refusal", url, err)
		}
	}
}
