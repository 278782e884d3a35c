package workspace_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/bot/workspace"
)

func TestForeignRequestsAreRefused(t *testing.T) {
	b := open(t, noLimits())
	good := "Bearer " + b.Token()
	cases := []struct {
		name, method, path string
		header             map[string]string
		want               int
	}{
		{"page", "GET", "/", nil, 200},
		{"page by localhost", "GET", "/", map[string]string{"Host": "localhost:1"}, 200},
		{"page by IPv6", "GET", "/", map[string]string{"Host": "[::1]:8765"}, 200},
		{"rebound name", "GET", "/", map[string]string{"Host": "evil.example"}, 403},
		{"rebound name with token", "GET", "/workspace/state", map[string]string{"Host": "127.0.0.1.evil.example", "Authorization": good}, 403},
		{"state", "GET", "/workspace/state", map[string]string{"Authorization": good}, 200},
		{"state without token", "GET", "/workspace/state", nil, 401},
		{"state with wrong token", "GET", "/workspace/state", map[string]string{"Authorization": "Bearer x"}, 401},
		{"token in the query", "GET", "/workspace/state?token=" + b.Token(), nil, 401},
		{"own origin", "GET", "/workspace/state", map[string]string{"Authorization": good, "Origin": b.url}, 200},
		{"foreign origin", "GET", "/workspace/state", map[string]string{"Authorization": good, "Origin": "http://evil.example"}, 403},
		{"another port", "POST", "/workspace/say", map[string]string{"Authorization": good, "Origin": "http://127.0.0.1:1"}, 403},
		{"null origin", "POST", "/api/auth.test", map[string]string{"Origin": "null"}, 403},
		{"cross-site image", "GET", "/api/auth.test", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"cross-site link", "GET", "/", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"cross-site frame", "GET", "/", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		{"link without ticket", "GET", "/link", nil, 403},
		{"guessed response URL", "POST", "/response/AAAA", nil, 400},
		{"outside the page's files", "GET", "/../server.go", nil, 307},
	}
	for _, c := range cases {
		req, err := http.NewRequestWithContext(t.Context(), c.method, b.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.header {
			req.Header.Set(k, v)
		}
		req.Host = c.header["Host"]
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.want)
		}
	}
}

func TestPageHasAStrictPolicyAndNoSecret(t *testing.T) {
	b := open(t, noLimits())
	res, err := http.Get(b.url + "/?token=" + b.Token())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("policy %q, cookie %q", policy, res.Header.Get("Set-Cookie"))
	}
}

// Foreign text must never be parsed as markup; nothing in the page's script
// may offer the way.
func TestPageNeverParsesText(t *testing.T) {
	files, err := filepath.Glob("web/js/*.js")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser", "srcdoc"} {
			if strings.Contains(string(source), word) {
				t.Errorf("%s uses %s", file, word)
			}
		}
		if n := strings.Count(string(source), "\n"); n > 250 {
			t.Errorf("%s has %d lines", file, n)
		}
	}
}

func TestTokensAreStableAndDistinct(t *testing.T) {
	one, two := workspace.New(workspace.Options{Token: "T"}), workspace.New(workspace.Options{Token: "T"})
	other := workspace.New(workspace.Options{})
	defer one.Close()
	defer two.Close()
	defer other.Close()
	if one.BotToken() != two.BotToken() || one.SigningSecret() != two.SigningSecret() {
		t.Error("a workspace started again with its token has other tokens")
	}
	if one.BotToken() == other.BotToken() || other.Token() == "" || strings.Contains(one.BotToken(), one.SigningSecret()) {
		t.Error("tokens are shared")
	}
	one.SetBaseURL("http://workspace.test:8765/path")
	if got := one.PageURL(); got != "http://workspace.test:8765/?token=T" {
		t.Errorf("page URL %s", got)
	}
}

func TestLoadPeople(t *testing.T) {
	file := filepath.Join(t.TempDir(), "people.json")
	for _, c := range []struct {
		data string
		n    int
		want string
	}{
		{`[{"name":"dana","groups":["ops"]},{"name":"eve"}]`, 2, ""},
		{`{"people":[{"name":"dana"}]}`, 1, ""},
		{`[]`, 0, "names nobody"},
		{`[{"name":"Dana D"}]`, 1, "not a user name"},
		{`[{"name":"dana"},{"name":"dana"}]`, 2, "twice"},
		{`{`, 0, "neither"},
	} {
		if err := os.WriteFile(file, []byte(c.data), 0o600); err != nil {
			t.Fatal(err)
		}
		people, err := workspace.LoadPeople(file)
		if len(people) != c.n || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d people, %v", c.data, len(people), err)
		}
	}
	if _, err := workspace.LoadPeople(file + ".absent"); err == nil {
		t.Error("an absent file has people")
	}
}
