package outside_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
)

// heard is what the app tells of a payload: the body, and what Bolt read out of
// it.
type heard struct {
	Body    payload
	Context struct {
		BotID, BotUserID, UserID, TeamID string
		IsEnterpriseInstall              *bool
		RetryNum                         *int
		RetryReason                      *string
	}
}

// payload is the part of Slack's payloads that these tests compare.
type payload struct {
	Type, Value  string
	EventID      string `json:"event_id"`
	Event        struct{ Type, Text, User, Tab, Channel, TS string }
	Actions      []map[string]any
	Container    map[string]any
	View         screenView
	ResponseURLs []map[string]string `json:"response_urls"`
	IsCleared    bool                `json:"is_cleared"`
}

// hear waits for the app to tell of a payload. Bolt must have found out who
// acts, in which team, and in whose name the app answers.
func (p *program) hear(what string) heard {
	p.t.Helper()
	var h heard
	p.next(what, &h)
	c := h.Context
	if c.BotID != "B0GREETER" || c.BotUserID != "U0GREETER" || c.UserID != "U0ALICE" || c.TeamID != "T0LOCAL" ||
		c.IsEnterpriseInstall == nil || *c.IsEnterpriseInstall {
		p.t.Errorf("%s: Bolt read %+v", what, c)
	}
	return h
}

// everything is a workspace whose app hears all that can be heard.
func everything() workspace.Options {
	return workspace.Options{Limits: workspace.Limits{Off: true}, EventRetries: []time.Duration{50 * time.Millisecond, 50 * time.Millisecond},
		Events: []string{"app_home_opened", "app_mention", "member_joined_channel", "message.im", "message.channels"}}
}

// TestBoltOverSocketMode has a person use an app on Slack's own framework.
func TestBoltOverSocketMode(t *testing.T) {
	t.Parallel()
	r := openRoom(t, everything())
	app, _ := r.bolt(r.socketMode())
	useApp(t, r, app)
	boltMethods(t, r, app)
	app.expectQuiet(t)
	haveSlacksTypes(t, r, app)
}

// TestBoltOverHTTP is the same over signed requests.
func TestBoltOverHTTP(t *testing.T) {
	t.Parallel()
	// The workspace wants an address before the app has its port.
	var proxy httputil.ReverseProxy
	front := httptest.NewServer(&proxy)
	t.Cleanup(front.Close)
	o := everything()
	o.AppURL = front.URL + "/slack/events"
	r := openRoom(t, o)
	app, port := r.bolt("SLACK_SIGNING_SECRET=" + r.ws.SigningSecret())
	proxy.Rewrite = func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", port)})
	}
	if err := r.ws.VerifyAppURL(); err != nil {
		t.Error(err)
	}
	useApp(t, r, app)
	forged(t, r)
	app.expectQuiet(t)
}

// useApp does all that a person can do with the app.
func useApp(t *testing.T, r *room, app *program) {
	boltCommands(t, r, app)
	boltMessages(t, r, app)
	boltHome(t, r, app)
	boltButtons(t, r, app)
	boltMenus(t, r, app)
	boltModals(t, r, app)
	boltStack(t, r, app)
}

// expectQuiet holds that the app met no error that no test asked for.
func (p *program) expectQuiet(t *testing.T) {
	t.Helper()
	if rest := p.rest(); strings.Contains(rest, `"error"`) {
		t.Errorf("the app met %s", rest)
	}
}

func boltCommands(t *testing.T, r *room, app *program) {
	r.say("/hello")
	r.saw("sites", "Hello, <@U0ALICE>.")
	app.hear("command")
	for text, want := range map[string]string{"at_once": "At once.", "words": "Only words."} {
		answer, _ := r.say("/hello " + text)["response"].(map[string]any)
		if answer["response_type"] != "ephemeral" || answer["text"] != want {
			t.Errorf("%s is acknowledged with %v", text, answer)
		}
		app.hear("command")
	}
	r.say("/hello say")
	r.saw("sites", "Said.")

	// A response URL takes five answers; the sixth is the app's mistake.
	r.say("/hello six")
	var wrong struct{ Original, Message string }
	app.next("error", &wrong)
	if r.saw("", "Answer 5."); !strings.Contains(wrong.Original+wrong.Message, "404") {
		t.Errorf("the sixth answer met %+v", wrong)
	}
	for _, p := range r.screen().Ephemerals["U0ALICE"] {
		if p.Text == "Answer 6." {
			t.Error("a sixth answer was taken")
		}
	}
	r.say("/hello fail")
	if app.next("error", &wrong); wrong.Original+wrong.Message != "this listener fails"+wrong.Message {
		t.Errorf("a failing listener came to the handler of errors as %+v", wrong)
	}
}

func boltMessages(t *testing.T, r *room, app *program) {
	for _, channel := range []string{"dm", "sites"} {
		r.do("/workspace/say", map[string]any{"user": "alice", "channel": channel, "text": "ping, please"})
		h := app.hear("message")
		in := map[string]string{"dm": "dm-alice"}[channel] + map[string]string{"sites": "sites"}[channel]
		if pong := r.saw(in, "pong"); pong.ThreadTS != h.Body.Event.TS || h.Body.Event.User != "U0ALICE" {
			t.Errorf("%+v answers %+v", pong, h.Body.Event)
		}
	}
	r.say("<@U0GREETER> hello & <goodbye>")
	h := app.hear("mention")
	if h.Body.Event.Text != "<@U0GREETER> hello &amp; &lt;goodbye&gt;" {
		t.Errorf("a mention reads %q", h.Body.Event.Text)
	}
	if p := r.saw("sites", "You called, <@U0ALICE>?"); p.ThreadTS != h.Body.Event.TS {
		t.Errorf("the answer is in the thread of %s, not of %s", p.ThreadTS, h.Body.Event.TS)
	}
}

func boltHome(t *testing.T, r *room, app *program) {
	r.do("/workspace/home", map[string]any{"user": "alice"})
	if h := app.hear("home"); h.Body.Event.Tab != "home" {
		t.Errorf("the tab opened is %q", h.Body.Event.Tab)
	}
	r.await("a home", func(s screen) bool { return len(s.Homes["U0ALICE"].Blocks) == 1 })
}

// board has the app post its board of buttons and menus.
func (r *room) board(app *program) string {
	r.t.Helper()
	var posted struct{ TS string }
	r.say("/hello board")
	app.next("posted", &posted)
	return posted.TS
}

// press presses a button or, with selected, chooses from a menu in #sites.
func (r *room) press(ts, action string, selected any) {
	r.t.Helper()
	body := map[string]any{"user": "alice", "channel": "sites", "ts": ts, "action_id": action}
	if selected != nil {
		body["selected"] = selected
	}
	if out := r.do("/workspace/click", body); out["error"] != nil {
		r.t.Errorf("%s: %v", action, out)
	}
}

func boltButtons(t *testing.T, r *room, app *program) {
	ts := r.board(app)
	r.press(ts, "press", nil)
	h := app.hear("action")
	if a := h.Body.Actions[0]; a["value"] != "one" || h.Body.Container["message_ts"] != ts || h.Body.Container["type"] != "message" {
		t.Errorf("a press came as %v in %v", a, h.Body.Container)
	}
	app.next("changed", nil)
	if p := r.saw("sites", "Pressed."); p.TS != ts || p.Edits != 1 || !strings.Contains(string(p.Blocks[0]), "<@U0ALICE> pressed.") {
		t.Errorf("after the press the message is %+v", p)
	}
	r.press(ts, "respond", nil)
	if p := r.saw("sites", "Replaced."); p.TS != ts || p.Edits != 2 {
		t.Errorf("after the response the message is %+v", p)
	}
	r.press(ts, "gone", nil)
	app.next("deleted", nil)
	r.await("the board is gone", func(s screen) bool {
		return !slices.ContainsFunc(s.in("sites"), func(p post) bool { return p.TS == ts })
	})
}

func boltMenus(t *testing.T, r *room, app *program) {
	ts := r.board(app)
	r.press(ts, "choose", "blue")
	chosen, _ := app.hear("action").Body.Actions[0]["selected_option"].(map[string]any)
	if chosen["value"] != "blue" {
		t.Errorf("choosing came as %v", chosen)
	}
	r.press(ts, "day", "2026-11-22")
	if day := app.hear("action").Body.Actions[0]["selected_date"]; day != "2026-11-22" {
		t.Errorf("a date came as %v", day)
	}
	ask := map[string]any{"user": "alice", "channel": "sites", "ts": ts, "action_id": "find", "value": "x"}
	out := r.do("/workspace/suggest", ask)
	if h := app.hear("options"); h.Body.Type != "block_suggestion" || h.Body.Value != "x" {
		t.Errorf("typing came as %+v", h.Body)
	}
	if raw, _ := json.Marshal(out["options"]); !strings.Contains(string(raw), `"value":"v-xb"`) {
		t.Errorf("the options are %s", raw)
	}
	r.press(ts, "find", "v-xb")
	if found, _ := app.hear("action").Body.Actions[0]["selected_option"].(map[string]any); found["value"] != "v-xb" {
		t.Errorf("finding came as %v", found)
	}
	if status := r.ask(http.MethodPost, "/workspace/click", []byte(`{"user":"bob","channel":"sites","ts":"`+ts+`","action_id":"find","selected":"v-xb"}`), &out); status == http.StatusOK {
		t.Error("bob chose what was suggested to alice")
	}
}

// modal waits for the topmost modal on alice's screen.
func (r *room) modal(step string) screenView {
	r.t.Helper()
	var top screenView
	r.await("the modal "+step, func(s screen) bool {
		if len(s.Views) > 0 {
			top = s.Views[len(s.Views)-1]
		}
		return top.PrivateMetadata == step
	})
	return top
}

// submit types a name into a modal and presses its button.
func (r *room) submit(v screenView, name string, more map[string]any) map[string]any {
	r.t.Helper()
	values := map[string]any{"name": map[string]any{"text": name}}
	for block, actions := range more {
		values[block] = actions
	}
	out := r.do("/workspace/submit", map[string]any{"user": "alice", "view_id": v.ID, "values": values})
	if out["error"] != nil {
		r.t.Errorf("submit %s: %v", name, out)
	}
	return out
}

func boltModals(t *testing.T, r *room, app *program) {
	r.say("/hello form")
	var opened struct{ View screenView }
	app.next("opened", &opened)
	v := r.modal("first")
	if opened.View.ID != v.ID || opened.View.Hash != v.Hash {
		t.Errorf("the app opened %+v, the screen shows %+v", opened.View, v)
	}
	problems, _ := r.submit(v, "bad", nil)["errors"].(map[string]any)
	if problems["name"] != "That is a bad name." {
		t.Errorf("a bad name is answered by %v", problems)
	}
	if h := app.hear("submission"); h.Body.View.ID != v.ID || len(h.Body.ResponseURLs) != 0 {
		t.Errorf("submitting came as %+v", h.Body)
	}
	r.submit(v, "Ann", nil)
	r.saw("dm-alice", "Welcome, Ann.")
	r.await("no modal", func(s screen) bool { return len(s.Views) == 0 })

	// An input may ask for a response URL into the conversation chosen.
	r.press(r.board(app), "form", nil)
	r.submit(r.modal("second"), "Ben", map[string]any{"where": map[string]any{"room": "C0SITES"}})
	app.hear("submission")
	if h := app.hear("submission"); len(h.Body.ResponseURLs) != 1 || h.Body.ResponseURLs[0]["channel_id"] != "C0SITES" {
		t.Errorf("the response URLs are %v", h.Body.ResponseURLs)
	}
	r.saw("", "Ben was told here.")
}

func boltStack(t *testing.T, r *room, app *program) {
	r.say("/hello form")
	v := r.modal("first")
	r.submit(v, "again", nil)
	if changed := r.modal("updated"); changed.ID != v.ID || changed.Hash == v.Hash {
		t.Errorf("updating %+v left %+v", v, changed)
	}
	r.submit(v, "more", nil)
	top := r.modal("pushed")
	r.do("/workspace/close", map[string]any{"user": "alice", "view_id": top.ID})
	if h := app.hear("closed"); h.Body.View.ID != top.ID || h.Body.IsCleared {
		t.Errorf("closing came as %+v", h.Body)
	}
	r.submit(r.modal("updated"), "clear", nil)
	r.await("no modal", func(s screen) bool { return len(s.Views) == 0 })
}

// forged sends what Bolt must refuse: the workspace's signatures are Slack's,
// and so are its false ones.
func forged(t *testing.T, r *room) {
	for signature, want := range map[string]float64{"good": 200, "bad": 401, "old": 401, "none": 401} {
		out := r.do("/workspace/deliver", map[string]any{"kind": "command", "signature": signature,
			"body": map[string]any{"user": "alice", "channel": "sites", "text": "/hello say"}})
		if out["status"] != want {
			t.Errorf("a request with a signature that is %s: %v, want %v", signature, out["status"], want)
		}
	}
}
