package outside_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// emulated says of each method that the bot calls whether emulate has it. Beyond
// methods, emulate 0.12.2 has no Socket Mode, no interactions (commands, presses
// and submissions are made up here), no rate limits, and knows no limit of Block
// Kit; those are held by the local workspace, which Bolt holds in its turn.
var emulated = map[string]bool{
	"apps.connections.open":        false,
	"auth.test":                    true,
	"bots.info":                    true,
	"chat.getPermalink":            true,
	"chat.postEphemeral":           true,
	"chat.postMessage":             true,
	"chat.update":                  true,
	"conversations.history":        true,
	"conversations.info":           true,
	"conversations.list":           true,
	"conversations.members":        true,
	"conversations.open":           true,
	"conversations.replies":        true,
	"files.completeUploadExternal": true,
	"files.getUploadURLExternal":   true,
	"usergroups.list":              false,
	"usergroups.users.list":        false,
	"users.info":                   true,
	"users.list":                   true,
	"views.open":                   true,
	"views.publish":                true,
	"views.update":                 true,
}

// elsewhere are methods that emulate has and this story does not come to: files and
// direct messages are tried over the local workspace alone (TestLongAnswerIsAFile,
// TestPicturesOnce, TestPicturesOfAnAnswer).
var elsewhere = map[string]bool{"conversations.open": true, "files.completeUploadExternal": true, "files.getUploadURLExternal": true}

// TestEmulateHasWhatIsListed keeps that list true both ways: of what the bot
// calls, and of what emulate has.
func TestEmulateHasWhatIsListed(t *testing.T) {
	t.Parallel()
	f := emulate(t)
	if listed := slices.Sorted(maps.Keys(emulated)); !slices.Equal(listed, bot.Methods()) {
		t.Errorf("listed are\n%v\nthe bot calls\n%v", listed, bot.Methods())
	}
	for method, has := range emulated {
		if status, _ := f.ask(method, nil); has != (status != http.StatusNotFound) {
			t.Errorf("%s: emulate answers with %d, it is listed as %v", method, status, has)
		}
	}
}

const signing = "signing secret of the test"

// guest is the bot on emulate, with what the test says in place of the commands.
type guest struct {
	*front
	bot         *bot.Bot
	store       *store.Store
	team, sites string
	alice, bob  string

	mu    sync.Mutex
	reply commands.Reply
	tells map[fleet.Subject]fleet.Message
}

func (g *guest) Run(context.Context, commands.Ask) (commands.Reply, error) { return g.answers(), nil }
func (g *guest) Press(context.Context, commands.Press) (commands.Reply, error) {
	return g.answers(), nil
}

// Draft is asked for by forms that follow what is chosen; these do not.
func (g *guest) Draft(context.Context, commands.Draft) (fleet.Form, error) {
	return fleet.Form{}, errors.New("no form of this test is drawn again")
}

// Home shows one plan, which is open elsewhere.
func (g *guest) Home(context.Context, fleet.Actor) ([]fleet.Message, error) {
	open := fleet.Button{Action: fleet.ActOpen, Label: "Open", Value: "news:a/1"}
	return []fleet.Message{{Text: "Running.", Title: "Running", Lines: []fleet.Line{{Spans: []fleet.Span{{Text: "A plan"}}, Button: &open}}}}, nil
}

func (g *guest) answers() commands.Reply {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reply
}

func (g *guest) answerWith(r commands.Reply) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reply = r
}

func (g *guest) narrate(_ context.Context, s fleet.Subject) (fleet.Message, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.tells[s]
	m.Subject = s
	return m, nil
}

// visit runs the bot on emulate until the test ends.
func visit(t *testing.T) *guest {
	t.Helper()
	g := &guest{front: emulate(t), tells: map[fleet.Subject]fleet.Message{}}
	people := map[string]string{}
	var members []struct{ ID, Name string }
	if err := json.Unmarshal(g.must("users.list").Members, &members); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		people[m.Name] = m.ID
	}
	for _, c := range g.must("conversations.list").Channels {
		if c.Name == "sites" {
			g.sites = c.ID
		}
	}
	g.alice, g.bob = people["alice"], people["bob"]
	g.must("conversations.join", "channel", g.sites)
	st, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	g.store = st
	g.bot, err = bot.New(bot.Config{Tokens: bot.Tokens{Bot: botToken, Signing: signing, APIURL: g.url + "/api/"}, Desk: g, Store: st,
		Narrate: g.narrate, Roles: bot.RoleConfig{Admins: []string{g.alice}, Maintainers: []string{"@release-managers"}}, Owner: "test",
		Pace: bot.Pace{PostEvery: time.Millisecond, PostBurst: 10, EditsMin: 6000, EditEvery: time.Millisecond, EditShare: time.Millisecond, Tick: 5 * time.Millisecond, Doubt: 50 * time.Millisecond, Lease: time.Second},
		Log:  slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.bot.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	g.await("the bot is ready", func() bool { return g.bot.Health().Ready })
	g.team = "T000000001"
	return g
}

func (g *guest) await(what string, ok func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			var called []string
			g.mu.Lock()
			for _, c := range g.calls {
				called = append(called, fmt.Sprint(c.method, " ", c.status, " ", c.answer.Error))
			}
			g.t.Fatalf("never: %s; called were\n%s", what, strings.Join(called, "\n"))
		}
	}
}

// deliver sends the bot a request as Slack signs it.
func (g *guest) deliver(kind string, body []byte) {
	g.t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/slack/"+kind, strings.NewReader(string(body)))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if kind == "events" {
		req.Header.Set("Content-Type", "application/json")
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signing))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	g.bot.Handler().ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		g.t.Fatalf("%s: %d %s", kind, w.Code, w.Body)
	}
}

// event tells the bot of an event.
func (g *guest) event(id string, inner map[string]any) {
	g.t.Helper()
	raw, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": g.team, "api_app_id": "A0DISTROBOT", "event_id": id, "event_time": time.Now().Unix(), "event": inner})
	if err != nil {
		g.t.Fatal(err)
	}
	g.deliver("events", raw)
}

// command types a slash command as alice, with a trigger of emulate's.
func (g *guest) command(text string) {
	g.t.Helper()
	form := url.Values{"command": {"/distro"}, "text": {text}, "team_id": {g.team}, "channel_id": {g.sites}, "channel_name": {"sites"}, "user_id": {g.alice},
		"user_name": {"alice"}, "api_app_id": {"A0DISTROBOT"}, "trigger_id": {g.must("views.generateTriggerId", "user_id", g.alice).TriggerID},
		"response_url": {g.url + "/response/" + text}}
	g.deliver("commands", []byte(form.Encode()))
}

// shows has the bot keep a message about a subject in #sites, perhaps in a thread.
func (g *guest) shows(about fleet.Subject, m fleet.Message, thread string) fleet.Post {
	g.t.Helper()
	g.mu.Lock()
	g.tells[about] = m
	g.mu.Unlock()
	p := &fleet.Post{Subject: about, Channel: g.sites}
	err := g.store.Update(g.t.Context(), fleet.Slack, func(tx fleet.Tx) error {
		if found, err := tx.Get(p); err != nil {
			return err
		} else if !found {
			p.At, p.Thread = tx.Now(), thread
		}
		p.Wanted++
		p.State, p.Due = fleet.PostDue, tx.Now()
		tx.Put(p)
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
	g.bot.Wake()
	g.await(string(about)+" is shown", func() bool {
		if _, err := g.store.Read(g.t.Context(), p); err != nil {
			g.t.Fatal(err)
		}
		return p.State == fleet.PostIdle && p.Sent == p.Wanted && p.TS != ""
	})
	return *p
}
