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
