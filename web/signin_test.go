package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/web"
)

// A provider signs people in as Slack does: OpenID Connect with discovery, codes
// that are good once, and identity tokens signed with RS256.
type provider struct {
	*httptest.Server
	key    *rsa.PrivateKey
	sign   *rsa.PrivateKey // what it signs with; usually key
	codes  map[string]string
	change func(claims map[string]any)
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	p := &provider{key: key, sign: key, codes: map[string]string{}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/openid/connect/authorize", "token_endpoint": p.URL + "/api/openid.connect.token",
			"jwks_uri": p.URL + "/openid/connect/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /openid/connect/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /openid/connect/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("client_id") != "app" || q.Get("response_type") != "code" || q.Get("scope") != "openid profile" || q.Get("team") != "T0TEAM" {
			http.Error(w, "invalid_request", http.StatusBadRequest)
			return
		}
		code := rand.Text()
		p.codes[code] = q.Get("nonce")
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /api/openid.connect.token", func(w http.ResponseWriter, r *http.Request) {
		nonce, known := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		if !known || r.PostFormValue("client_id") != "app" || r.PostFormValue("client_secret") != "secret" {
			answer(w, map[string]any{"ok": false, "error": "invalid_code"})
			return
		}
		answer(w, map[string]any{"ok": true, "access_token": "xoxp-1", "token_type": "Bearer", "id_token": p.token(t, nonce)})
	})
	return p
}

// token is an identity token as Slack writes it, but for what the test changes.
func (p *provider) token(t *testing.T, nonce string) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.sign}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	must(t, err)
	now := time.Now()
	claims := map[string]any{"iss": p.URL, "sub": "U0ALICE", "aud": "app", "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "nonce": nonce,
		"https://slack.com/user_id": "U0ALICE", "https://slack.com/team_id": "T0TEAM", "name": "alice"}
	if p.change != nil {
		p.change(claims)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	must(t, err)
	return raw
}

// TestSignInWithSlack lets in whom Slack names in a token that is signed, fresh,
// for this app, for this browser's question and of the bot's workspace; nobody
// else.
func TestSignInWithSlack(t *testing.T) {
	p := newProvider(t)
	w := newWorld(t, func(c *web.Config) {
		c.SignIn = &web.SignIn{ID: "app", Secret: "secret", Issuer: p.URL, Team: func() string { return "T0TEAM" }}
	})
	w.furnish(1)
	start := fleet.PagePath + "sign-in"
	if code, text := w.browser().ask("GET", start, nil); code != 200 || !strings.Contains(text, "alice") || !strings.Contains(text, "Distributions") {
		t.Fatalf("alice is not signed in: %d %s", code, text)
	}
	forged, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for what, change := range map[string]func(map[string]any){
		"for another app":         func(c map[string]any) { c["aud"] = "other" },
		"of another issuer":       func(c map[string]any) { c["iss"] = "https://evil.example" },
		"for another question":    func(c map[string]any) { c["nonce"] = "other" },
		"that is over":            func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() },
		"of another workspace":    func(c map[string]any) { c["https://slack.com/team_id"] = "T0OTHER" },
		"of nobody":               func(c map[string]any) { delete(c, "https://slack.com/user_id") },
		"of somebody who may not": func(c map[string]any) { c["https://slack.com/user_id"] = guest.ID },
		"signed by somebody else": func(map[string]any) { p.sign = forged },
	} {
		p.sign, p.change = p.key, nil
		if what == "signed by somebody else" {
			p.sign = forged
		} else {
			p.change = change
		}
		v := w.browser()
		if code, text := v.ask("GET", start, nil); code != http.StatusForbidden || strings.Contains(text, "Distributions") {
			t.Errorf("a token %s: %d %s", what, code, text)
		}
		if code, _ := v.ask("GET", fleet.PagePath+"fleet", nil); code != http.StatusForbidden {
			t.Errorf("a token %s leaves a session", what)
		}
	}
	p.sign, p.change = p.key, nil
	for what, answer := range map[string]string{"without a question": "?code=x&state=y", "a refusal": "?error=access_denied", "nothing": ""} {
		if code, _ := w.browser().ask("GET", start+"/back"+answer, nil); code != http.StatusForbidden {
			t.Errorf("an answer %s: %d", what, code)
		}
	}
}

// TestSignInIsNotSetUp: without the settings there is no such door.
func TestSignInIsNotSetUp(t *testing.T) {
	w := newWorld(t)
	for _, p := range []string{"sign-in", "sign-in/back?code=x&state=y"} {
		if code, _ := w.browser().ask("GET", fleet.PagePath+p, nil); code != http.StatusNotFound {
			t.Errorf("%s: %d", p, code)
		}
	}
}
