package workspace_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

// webApp is a Slack app in HTTP mode, checked and parsed by slack-go.
type webApp struct {
	t      *testing.T
	secret string
	mu     sync.Mutex
	seen   []hit
	status int // answered, if set
}

// hit is one request the app accepted.
type hit struct {
	command slack.SlashCommand
	action  slack.InteractionCallback
	event   slackevents.EventsAPIEvent
	retry   string
}

// ServeHTTP verifies the signature and answers by what the request is.
func (a *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	verifier, err := slack.NewSecretsVerifier(r.Header, a.secret)
	if err == nil {
		verifier.Write(body)
		err = verifier.Ensure()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	a.mu.Lock()
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	a.mu.Unlock()
	h := hit{retry: r.Header.Get("X-Slack-Retry-Num")}
	form, _ := url.ParseQuery(string(body))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	switch {
	case form.Get("command") != "":
		h.command, err = slack.SlashCommandParse(r)
		io.WriteString(w, `{"response_type":"in_channel","text":"hello `+h.command.UserID+`"}`)
	case form.Get("payload") != "":
		h.action, err = slack.InteractionCallbackParse(r)
	default:
		var challenge struct{ Challenge string }
		json.Unmarshal(body, &challenge)
		if challenge.Challenge != "" {
			io.WriteString(w, challenge.Challenge)
			return
		}
		h.event, err = slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.t.Errorf("cannot parse %s: %v", body, err)
	}
	a.seen = append(a.seen, h)
}

func (a *webApp) hits() []hit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]hit(nil), a.seen...)
}

// openHTTP starts a workspace in HTTP mode with an app.
func openHTTP(t *testing.T) (*bench, *webApp) {
	t.Helper()
	app := &webApp{t: t, secret: "shhh"}
	srv := httptest.NewServer(app)
	t.Cleanup(srv.Close)
	o := noLimits()
	o.AppURL, o.SigningSecret, o.EventRetries = srv.URL+"/slack/{kind}", app.secret, []time.Duration{0, 0}
	return open(t, o), app
}

func TestHTTPMode(t *testing.T) {
	b, app := openHTTP(t)
	if err := b.VerifyAppURL(); err != nil {
		t.Error(err)
	}
	_, _, err := b.api.StartSocketModeContext(t.Context())
	refused(t, err, "socket_mode_not_enabled")
	out := b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "sites", "text": "/distro list --all"})
	if r, _ := out["response"].(map[string]any); r["text"] != "hello U0CAROL" || r["response_type"] != "in_channel" {
		t.Errorf("command: %v", out)
	}
	b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "sites", "text": "@distrobot list"})
	ts := b.post("C0SITES", "plan", planBlocks())
	b.ok("/workspace/click", map[string]any{"user": "bob", "channel": "sites", "ts": ts, "action_id": "plan.confirm"})
	got := app.hits()
	if len(got) != 3 {
		t.Fatalf("the app got %d requests", len(got))
	}
	if c := got[0].command; c.Text != "list --all" || c.ChannelName != "sites" || c.TriggerID == "" || c.Command != "/distro" {
		t.Errorf("command %+v", c)
	}
	if ev, ok := got[1].event.InnerEvent.Data.(*slackevents.AppMentionEvent); !ok || ev.User != "U0CAROL" {
		t.Errorf("event %+v", got[1].event)
	}
	click := got[2].action
	if click.Container.MessageTs != ts || click.ActionCallback.BlockActions[0].Value != "P1 1" || click.User.ID != "U0BOB" || click.Message.Text != "plan" {
		t.Errorf("click %+v", click)
	}
}

func TestEventsAreRetriedOverHTTP(t *testing.T) {
	b, app := openHTTP(t)
	app.status = http.StatusInternalServerError
	out := b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "sites", "text": "@distrobot list"})
	if out["error"] != "http_500" {
		t.Errorf("say: %v", out)
	}
	eventually(t, "two retries", func() bool { return len(app.hits()) == 3 })
	for i, h := range app.hits() {
		if want := []string{"", "1", "2"}[i]; h.retry != want {
			t.Errorf("request %d has retry number %q", i, h.retry)
		}
	}
	out = b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "sites", "text": "/distro list"})
	if out["error"] != "http_500" || len(app.hits()) != 4 {
		t.Errorf("a command is not repeated: %v, %d requests", out, len(app.hits()))
	}
}

func TestDeliverByHand(t *testing.T) {
	b, app := openHTTP(t)
	ts := b.post("C0SITES", "plan", planBlocks())
	command := map[string]any{"user": "bob", "channel": "sites", "text": "/distro list"}
	click := map[string]any{"user": "bob", "channel": "sites", "ts": ts, "action_id": "plan.confirm"}
	event := map[string]any{"type": "app_mention", "user": "U0BOB", "channel": "C0SITES", "text": "hi", "ts": "1.2"}
	cases := []struct {
		kind, signature string
		body            any
		age, retry      int
		want            float64
	}{
		{"command", "good", command, 0, 0, 200},
		{"command", "", map[string]string{"command": "/distro", "text": "x", "user_id": "U0BOB"}, 0, 0, 200},
		{"click", "good", click, 0, 0, 200},
		{"event", "good", event, 0, 2, 200},
		{"event", "good", map[string]any{"type": "url_verification", "challenge": "abc"}, 0, 0, 200},
		{"command", "good", command, 290, 0, 200},
		{"command", "good", command, 310, 0, 401},
		{"command", "old", command, 0, 0, 401},
		{"click", "bad", click, 0, 0, 401},
		{"event", "none", event, 0, 0, 401},
		{"command", "bad", "not even a form", 0, 0, 401},
	}
	for _, c := range cases {
		out := b.ok("/workspace/deliver", map[string]any{"kind": c.kind, "signature": c.signature, "body": c.body, "age_s": c.age, "retry": c.retry})
		if out["status"] != c.want {
			t.Errorf("%s %s aged %d: %v, want %v", c.signature, c.kind, c.age, out, c.want)
		}
	}
	if got := app.hits(); len(got) != 5 || got[3].retry != "2" {
		t.Errorf("the app accepted %d requests", len(got))
	}
	for _, bad := range []map[string]any{{"kind": "letter", "body": command}, {"kind": "command", "body": command, "signature": "fine"},
		{"kind": "click", "body": map[string]any{"user": "bob", "ts": ts, "action_id": "nothing"}}} {
		if status, out := b.call("/workspace/deliver", bad); status < 400 || out["error"] == nil {
			t.Errorf("%v: %d %v", bad, status, out)
		}
	}
	socket := open(t, noLimits())
	if status, _ := socket.call("/workspace/deliver", map[string]any{"kind": "command", "body": command}); status != http.StatusConflict {
		t.Errorf("over Socket Mode deliver answers %d", status)
	}
}
