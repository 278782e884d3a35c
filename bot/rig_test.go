package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// rig is a bot in a workspace, with a desk and a narrator that a test writes.
type rig struct {
	t     *testing.T
	ws    *workspace.Server
	url   string
	bot   *Bot
	store *store.Store
	desk  *desk
	log   *lockedWriter
	stop  func()
	story *story
}

// rigOptions says what differs from a bot in Socket Mode without rate limits.
type rigOptions struct {
	http   bool
	idle   bool // do not run the bot
	limits workspace.Limits
	pace   Pace
	roles  RoleConfig
	// sockets are the connections of a bot; 0 is one.
	sockets int
	// channels are those of the workspace; nil is its own.
	channels []workspace.Channel
}

// quick is a pace that does not keep tests waiting.
func quick() Pace {
	return Pace{PostEvery: time.Millisecond, PostBurst: 100, EditsMin: 60000, EditEvery: time.Millisecond, EditShare: time.Millisecond,
		Tick: 5 * time.Millisecond, Doubt: 50 * time.Millisecond, Lease: time.Second}
}

func newRig(t *testing.T, o rigOptions) *rig { t.Helper(); return newRigWith(t, o, nil) }

// newRigWith is newRig with people of the test's own.
func newRigWith(t *testing.T, o rigOptions, people []workspace.Person) *rig {
	t.Helper()
	if o.limits == (workspace.Limits{}) {
		o.limits.Off = true
	}
	if o.pace == (Pace{}) {
		o.pace = quick()
	}
	r := &rig{t: t, desk: &desk{}, story: &story{}, log: &lockedWriter{}}
	var app *httptest.Server
	opts := workspace.Options{Limits: o.limits, PingInterval: time.Second, People: people, Channels: o.channels, EventRetries: []time.Duration{50 * time.Millisecond, 50 * time.Millisecond}}
	if o.http {
		app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.bot.Handler().ServeHTTP(w, req) }))
		t.Cleanup(app.Close)
		opts.AppURL = app.URL + "/slack/{kind}"
	}
	r.ws = workspace.New(opts)
	srv := httptest.NewServer(r.ws.Handler())
	t.Cleanup(func() { r.ws.Close(); srv.Close() })
	r.url = srv.URL
	r.ws.SetBaseURL(srv.URL)
	st, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	r.store = st
	r.bot = r.newBot(o, "one")
	if !o.idle {
		r.start(r.bot)
	}
	return r
}

// newBot makes a bot for the rig's workspace and store.
func (r *rig) newBot(o rigOptions, owner string) *Bot {
	r.t.Helper()
	tokens := Tokens{Bot: r.ws.BotToken(), App: r.ws.AppToken(), APIURL: r.url + "/api/"}
	if o.http {
		tokens.App, tokens.Signing = "", r.ws.SigningSecret()
	}
	b, err := New(Config{Tokens: tokens, Desk: r.desk, Store: r.store, Narrate: r.story.tell, Owner: owner, Pace: o.pace, Roles: o.roles, Sockets: o.sockets, SocketsApart: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(r.log, nil))})
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// start runs a bot until the test ends, or until the returned function is called.
func (r *rig) start(b *Bot) (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				r.t.Errorf("Run: %v", err)
			}
		})
	}
	r.t.Cleanup(stop)
	r.eventually("the bot is ready", func() bool { return b.Health().Ready })
	r.stop = stop
	return stop
}

// eventually waits for a condition; it fails the test after ten seconds.
func (r *rig) eventually(what string, f func() bool) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); !f(); { // long, since machines differ; nothing waits for its end
		if time.Now().After(end) {
			r.t.Fatalf("never: %s\n%s\n%s", what, r.log, r.dump())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (r *rig) dump() string {
	raw, _ := json.MarshalIndent(r.state(), "", " ")
	return string(raw[:min(len(raw), 6000)])
}

// call uses the workspace's endpoints for scripts.
func (r *rig) call(path string, body any) map[string]any {
	r.t.Helper()
	method, raw := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		raw, _ = json.Marshal(body)
	}
	req, err := http.NewRequest(method, r.url+path, bytes.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.ws.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ = io.ReadAll(resp.Body)
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s %s", path, resp.Status, raw)
	}
	return out
}

type obj = map[string]any

func (r *rig) say(user, channel, text string) obj {
	r.t.Helper()
	return r.call("/workspace/say", obj{"user": user, "channel": channel, "text": text})
}

func (r *rig) click(user, channel, ts, action string) obj {
	r.t.Helper()
	return r.call("/workspace/click", obj{"user": user, "channel": channel, "ts": ts, "action_id": action})
}

func (r *rig) fault(body obj) { r.t.Helper(); r.call("/workspace/fault", body) }

// wsState is what the workspace holds, as far as tests look.
type wsState struct {
	Channels []struct {
		ID, Name string
		Messages []wsMessage
	}
	Ephemerals map[string][]wsMessage
	Views      []obj
	Homes      map[string]obj
	Counters   map[string]int
}

type wsMessage struct {
	TS       string
	ThreadTS string `json:"thread_ts"`
	User     string
	Text     string
	Blocks   []obj
	Edits    int
	Channel  string
	Files    []struct {
		URL      string `json:"url_private"`
		ID       string
		Name     string
		Title    string
		Alt      string `json:"alt_txt"`
		MIMEType string
	}
}

func (r *rig) state() wsState {
	raw, _ := json.Marshal(r.call("/workspace/state", nil))
	var s wsState
	if err := json.Unmarshal(raw, &s); err != nil {
		r.t.Fatalf("%v in %.500s", err, raw)
	}
	return s
}

// messages gives what the bot said in a channel.
func (r *rig) messages(channel string) []wsMessage {
	var out []wsMessage
	for _, c := range r.state().Channels {
		if c.Name != channel && c.ID != channel {
			continue
		}
		for _, m := range c.Messages {
			if m.User == r.ws.BotUserID() {
				out = append(out, m)
			}
		}
	}
	return out
}

// shows waits until a bot's message in channel holds text, and gives it.
func (r *rig) shows(channel, text string) wsMessage {
	r.t.Helper()
	var got wsMessage
	r.eventually(fmt.Sprintf("%q in #%s", text, channel), func() bool {
		for _, m := range r.messages(channel) {
			if strings.Contains(m.Text, text) {
				got = m
				return true
			}
		}
		return false
	})
	return got
}

// private waits until user alone is shown text.
func (r *rig) private(user, text string) wsMessage {
	r.t.Helper()
	var got wsMessage
	r.eventually(fmt.Sprintf("%q for %s alone", text, user), func() bool {
		for _, m := range r.state().Ephemerals[user] {
			if strings.Contains(m.Text, text) {
				got = m
				return true
			}
		}
		return false
	})
	return got
}

// want raises a post's wish, as the carrier does for a notice.
func (r *rig) want(about fleet.Subject, channel string, with ...func(*fleet.Post)) {
	r.t.Helper()
	err := r.store.Update(r.t.Context(), fleet.Slack, func(tx fleet.Tx) error {
		p := &fleet.Post{Subject: about, Channel: channel}
		found, err := tx.Get(p)
		if err != nil {
			return err
		}
		if !found {
			p.At = tx.Now()
		}
		p.Wanted++
		if p.State != fleet.PostSending && p.State != fleet.PostDue {
			p.State, p.Due = fleet.PostDue, tx.Now()
		}
		for _, f := range with {
			f(p)
		}
		tx.Put(p)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// post reads a post.
func (r *rig) post(about fleet.Subject, channel string) fleet.Post {
	r.t.Helper()
	p := &fleet.Post{Subject: about, Channel: channel}
	if _, err := r.store.Read(r.t.Context(), p); err != nil {
		r.t.Fatal(err)
	}
	return *p
}

// lockedWriter keeps the log of all bots of a rig.
type lockedWriter struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if os.Getenv("BOT_TEST_LOG") != "" {
		os.Stderr.Write(p)
	}
	return l.b.Write(p)
}

func (l *lockedWriter) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
