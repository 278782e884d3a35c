package outside_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
)

// room is a local workspace, and a note of all that its Web API answered.
type room struct {
	t   *testing.T
	ws  *workspace.Server
	url string

	mu      sync.Mutex
	answers map[string][]json.RawMessage // by method
}

// openRoom starts a workspace for an app that wants to hear all that is said
// in its channels.
func openRoom(t *testing.T, o workspace.Options) *room {
	t.Helper()
	r := &room{t: t, answers: map[string][]json.RawMessage{}}
	o.Commands = []workspace.Command{{Name: "/hello"}}
	o.BotName = "greeter"
	if o.AckTimeout == 0 {
		o.AckTimeout = patience
	}
	r.ws = workspace.New(o)
	srv := httptest.NewServer(r.noting(r.ws.Handler()))
	t.Cleanup(func() { r.ws.Close(); srv.Close() })
	r.url = srv.URL
	r.ws.SetBaseURL(srv.URL)
	return r
}

// noting keeps what the Web API answers.
func (r *room) noting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		method, isAPI := strings.CutPrefix(req.URL.Path, "/api/")
		if !isAPI {
			next.ServeHTTP(w, req)
			return
		}
		kept := httptest.NewRecorder()
		next.ServeHTTP(kept, req)
		if kept.Code == http.StatusOK {
			r.mu.Lock()
			r.answers[method] = append(r.answers[method], bytes.Clone(kept.Body.Bytes()))
			r.mu.Unlock()
		}
		maps.Copy(w.Header(), kept.Header())
		w.WriteHeader(kept.Code)
		_, _ = w.Write(kept.Body.Bytes())
	})
}

// bolt runs the app of testdata/bolt in the room and waits until it works. In
// HTTP mode it listens on the port.
func (r *room) bolt(env ...string) (app *program, port int) {
	r.t.Helper()
	got := fromNPM(r.t)
	app = got.start(r.t, filepath.Join(got.project(r.t, "bolt"), "app.js"),
		append(env, "SLACK_API_URL="+r.url+"/api/", "SLACK_BOT_TOKEN="+r.ws.BotToken())...)
	var ready struct{ Port int }
	app.next("ready", &ready)
	return app, ready.Port
}

// socketMode is what bolt needs to use Socket Mode.
func (r *room) socketMode() string { return "SLACK_APP_TOKEN=" + r.ws.AppToken() }

// do posts to an endpoint for scripts and returns the answer, which must be 200.
func (r *room) do(path string, body map[string]any) map[string]any {
	r.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	var out map[string]any
	if status := r.ask(http.MethodPost, path, raw, &out); status != http.StatusOK {
		r.t.Fatalf("%s %s: %d %v", path, raw, status, out)
	}
	return out
}

func (r *room) ask(method, path string, body []byte, into any) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.ws.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		r.t.Fatalf("%s: %v", path, err)
	}
	return res.StatusCode
}

// say is what alice types into #sites.
func (r *room) say(text string) map[string]any {
	r.t.Helper()
	return r.do("/workspace/say", map[string]any{"user": "alice", "channel": "sites", "text": text})
}

// screen is the state of the workspace, as far as these tests look.
type screen struct {
	Channels []struct {
		Name     string
		Messages []post
	}
	Ephemerals map[string][]post
	Views      []screenView
	Homes      map[string]screenView
	Counters   map[string]int
}

type post struct {
	TS       string
	ThreadTS string `json:"thread_ts"`
	User     string
	Text     string
	Blocks   []json.RawMessage
	Edits    int
}

type screenView struct {
	ID              string
	Hash            string
	PrivateMetadata string `json:"private_metadata"`
	Blocks          []json.RawMessage
}

func (r *room) screen() screen {
	r.t.Helper()
	var s screen
	if status := r.ask(http.MethodGet, "/workspace/state", nil, &s); status != http.StatusOK {
		r.t.Fatalf("state: %d", status)
	}
	return s
}

// in lists the messages of a channel.
func (s screen) in(channel string) []post {
	for _, c := range s.Channels {
		if c.Name == channel {
			return c.Messages
		}
	}
	return nil
}

// saw waits until a message with this text is on alice's screen.
func (r *room) saw(channel, text string) post {
	r.t.Helper()
	var found post
	r.await("a message "+text, func(s screen) bool {
		list := slices.Concat(s.in(channel), s.Ephemerals["U0ALICE"])
		i := slices.IndexFunc(list, func(p post) bool { return p.Text == text })
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	return found
}

// await waits for something to be on the screen.
func (r *room) await(what string, ok func(screen) bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		s := r.screen()
		if ok(s) {
			return
		}
		if time.Now().After(deadline) {
			all, _ := json.MarshalIndent(s, "", " ")
			r.t.Fatalf("never: %s\n%s", what, all)
		}
	}
}
