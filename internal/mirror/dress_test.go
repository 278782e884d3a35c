package mirror

import "testing"

// A credential goes to its host alone, and never where others can read it.
func TestDress(t *testing.T) {
	p := Policy{Credentials: map[string]Credential{
		"git.example.org": {Username: "u", Password: "exact"}, "*.example.org": {Username: "u", Password: "below"}, "10.0.0.1": {Username: "u", Password: "lan"}, "127.0.0.1:8080": {Username: "u", Password: "here"},
	}}
	for url, want := range map[string]string{
		"https://git.example.org/a.git": "exact", "https://GIT.example.org:8443/a.git": "exact", "https://a.b.example.org/a.git": "below",
		"https://example.org/a.git": "", "https://badexample.org/a.git": "", "https://git.example.org.evil.net/a.git": "",
		"http://git.example.org/a.git": "", "http://10.0.0.1/a.git": "", "http://127.0.0.1:8080/a.git": "here",
		"ssh://git@git.example.org/a.git": "", "https://evil.net/git.example.org": "", "https://git.example.org@evil.net/a": "",
	} {
		got := ""
		if c := p.dress(Repo{URL: url}).Credential; c != nil {
			got = c.Password
		}
		if got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	own := &Credential{Username: "own", Password: "own"}
	if got := p.dress(Repo{URL: "https://git.example.org/a.git", Credential: own}).Credential; got != own {
		t.Errorf("a repository's own credential was replaced by %v", got)
	}
}

// The closest key counts, and a deploy key never opens another repository.
func TestSSHKeyOfARepository(t *testing.T) {
	c := SSH{Keys: map[string]string{"github.com/org/shop": "shop", "github.com/org": "org", "*.example.org": "below", "git.example.org": "exact"}}
	for url, want := range map[string]string{
		"ssh://git@github.com/org/shop.git": "shop", "git@github.com:org/shop.git": "shop", "git@GitHub.com:org/shop": "shop", "git@github.com:/org/shop/": "shop",
		"git@github.com:org/other.git": "org", "git@github.com:org/shop2.git": "org", "git@github.com:organ/shop.git": "", "ssh://git@github.com:22/org/shop": "shop",
		"git@git.example.org:a.git": "exact", "git@x.y.example.org:a.git": "below", "git@example.org:a.git": "", "git@badexample.org:a.git": "",
	} {
		a, err := parseAddress(url)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.key(a); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	c.Keys["*"] = "any"
	if a, _ := parseAddress("git@elsewhere.net:a.git"); c.key(a) != "any" {
		t.Error("the key for any host is not used")
	}
}

func TestResolveModule(t *testing.T) {
	for _, tt := range [][3]string{ // base, url in .gitmodules, address
		{"https://git.example.org/org/shop.git", "../theme.git", "https://git.example.org/org/theme.git"},
		{"https://git.example.org/org/shop.git/", "../theme.git", "https://git.example.org/org/theme.git"},
		{"https://git.example.org/org/shop", "../../other/theme", "https://git.example.org/other/theme"},
		{"https://git.example.org/org/shop", "./theme", "https://git.example.org/org/shop/theme"},
		{"https://git.example.org/org/shop", "./../theme", "https://git.example.org/org/theme"},
		{"https://git.example.org:8443/org/shop", "../theme", "https://git.example.org:8443/org/theme"},
		{"https://git.example.org/shop", "../../../etc", ""},
		{"git@git.example.org:org/shop.git", "../theme.git", "git@git.example.org:org/theme.git"},
		{"git@git.example.org:org/shop.git", "../../theme.git", "git@git.example.org:theme.git"},
		{"git@git.example.org:org/shop.git", "../../../theme.git", ""},
		{"ssh://git@git.example.org:2222/org/shop.git", "../theme.git", "ssh://git@git.example.org:2222/org/theme.git"},
		{"https://git.example.org/org/shop", "https://elsewhere.net/x.git", "https://elsewhere.net/x.git"},
		{"https://git.example.org/org/shop", "/etc/repo", "/etc/repo"},
		{"https://git.example.org/org/shop", "ext::sh -c id", "ext::sh -c id"},
	} {
		got, err := resolveModule(tt[0], tt[1])
		if got != tt[2] || (err == nil) != (tt[2] != "") {
			t.Errorf("%s in %s: %q, %v, want %q", tt[1], tt[0], got, err, tt[2])
		}
	}
}
