package workspace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/distrobot/distrobot/bot/workspace"
)

// bench is a workspace with a listener, for one test.
type bench struct {
	*workspace.Server
	t   testing.TB
	url string
	api *slack.Client
}

// open starts a workspace without rate limits unless the test asks for them.
func open(t testing.TB, o workspace.Options) *bench {
	t.Helper()
	s := workspace.New(o)
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.Close(); srv.Close() })
	b := &bench{Server: s, t: t, url: srv.URL}
	b.api = b.client()
	return b
}

// client is slack-go pointed at the workspace.
func (b *bench) client() *slack.Client {
	return slack.New(b.BotToken(), slack.OptionAPIURL(b.url+"/api/"), slack.OptionAppLevelToken(b.AppToken()),
		slack.OptionHTTPClient(&http.Client{Timeout: 30 * time.Second}))
}

// noLimits is what most tests want.
func noLimits() workspace.Options {
	return workspace.Options{Limits: workspace.Limits{Off: true}, AckTimeout: 30 * time.Second}
}

// call posts JSON to an endpoint of the workspace and returns status and answer.
func (b *bench) call(path string, body any) (int, map[string]any) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	method := http.MethodPost
	if body == nil {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(raw))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
	return res.StatusCode, out
}

// ok is call for what must work.
func (b *bench) ok(path string, body any) map[string]any {
	b.t.Helper()
	status, out := b.call(path, body)
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d %v", path, status, out)
	}
	return out
}

// snapshot is what tests look at in the state.
type snapshot struct {
	People   []struct{ ID, Name string }
	Channels []struct {
		ID, Name string
		Messages []seen
	}
	Ephemerals map[string][]seen
	Views      []map[string]any
	Homes      map[string]map[string]any
	Counters   map[string]int
}

// seen is a message in the state.
type seen struct {
	TS       string
	ThreadTS string `json:"thread_ts"`
	User     string
	Text     string
	Blocks   []map[string]any
	Edits    int
	Edited   bool
}

// state reads the workspace as a script does.
func (b *bench) state() snapshot {
	b.t.Helper()
	raw, err := json.Marshal(b.ok("/workspace/state", nil))
	if err != nil {
		b.t.Fatal(err)
	}
	var s snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// messages lists the messages of a channel.
func (b *bench) messages(name string) []seen {
	b.t.Helper()
	for _, c := range b.state().Channels {
		if c.Name == name || c.ID == name {
			return c.Messages
		}
	}
	b.t.Fatalf("no channel %s", name)
	return nil
}

// eventually waits for a condition, since an app answers in its own time.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// app is a small Slack app on slack-go's Socket Mode. It hands every event it
// gets to handle, which acknowledges.
type app struct {
	socket *socketmode.Client
	seen   chan socketmode.Event
}

// connect runs an app until the test ends and waits until it is connected.
func (b *bench) connect(handle func(*slack.Client, *socketmode.Client, socketmode.Event)) *app {
	b.t.Helper()
	api := b.client()
	a := &app{socket: socketmode.New(api), seen: make(chan socketmode.Event, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() { a.socket.RunContext(ctx); done <- struct{}{} }()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			select {
			case ev := <-a.socket.Events:
				if handle != nil {
					handle(api, a.socket, ev)
				}
				select {
				case a.seen <- ev:
				default: // a benchmark looks at none of them
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	b.t.Cleanup(func() { cancel(); <-done; <-done })
	a.await(b.t, socketmode.EventTypeHello)
	return a
}

// await returns the next event of a type.
func (a *app) await(t testing.TB, want socketmode.EventType) socketmode.Event {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case ev := <-a.seen:
			if ev.Type == want {
				return ev
			}
		case <-timeout:
			t.Fatalf("no %s came", want)
		}
	}
}

// acknowledge is the handler of an app that says yes to everything.
func acknowledge(_ *slack.Client, socket *socketmode.Client, ev socketmode.Event) {
	if ev.Request != nil && ev.Request.EnvelopeID != "" {
		socket.Ack(*ev.Request)
	}
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func startClock() *clock { return &clock{at: time.Now()} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
