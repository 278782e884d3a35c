package outside_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/distrobot/distrobot/bot"
)

const botToken = "xoxb-for-emulate"

// front stands between the bot and emulate. It does what emulate does not: the
// token that slack-go puts into a form goes into the header, where alone emulate
// looks for it; and it notes what was called, and loses an answer when asked.
type front struct {
	t      *testing.T
	url    string
	target string

	mu    sync.Mutex
	calls []call
	lose  string // the method whose next answer is lost
}

// call is one call of the Web API.
type call struct {
	method string
	args   url.Values // of a form; else nil
	body   []byte
	status int
	answer answer
}

type answer struct {
	OK        bool
	Error     string
	TS        string
	TriggerID string `json:"trigger_id"`
	Permalink string
	View      json.RawMessage
	Channel   json.RawMessage // an id or an object
	Messages  []struct {
		TS, Text, User string
		ThreadTS       string `json:"thread_ts"`
		Blocks         json.RawMessage
		Edited         *struct{ TS string }
		Metadata       json.RawMessage
	}
	Members  json.RawMessage // people, or the ids of people
	Channels []struct{ ID, Name string }
}

// emulate starts npm's emulate and a front for it.
func emulate(t *testing.T) *front {
	t.Helper()
	got := fromNPM(t)
	p := got.start(t, filepath.Join(got.project(t, "emulate"), "start.mjs"), "SLACK_BOT_TOKEN="+botToken,
		"SCOPES="+strings.Join(bot.Scopes(), ",")+",channels:join,im:write") // the last two are for the test's own calls
	var ready struct{ Port string }
	p.next("ready", &ready)
	f := &front{t: t, target: "http://127.0.0.1:" + ready.Port}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/response/") {
		f.note(call{method: "response", answer: answer{OK: true}, args: url.Values{"body": {string(body)}}})
		fmt.Fprint(w, "ok")
		return
	}
	c := call{method: path.Base(r.URL.Path), body: body}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, f.target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Header = r.Header.Clone()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		c.args, _ = url.ParseQuery(string(body))
		if token := c.args.Get("token"); token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(said, &c.answer) != nil {
		f.t.Errorf("%s: emulate answered %d %q, %v", c.method, res.StatusCode, said, err)
	}
	c.status = res.StatusCode
	if f.note(c) {
		panic(http.ErrAbortHandler) // the answer is lost
	}
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(said)
}

// note keeps a call and reports whether its answer is to be lost.
func (f *front) note(c call) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
	if f.lose != c.method {
		return false
	}
	f.lose = ""
	return true
}

// loseNext has the answer to the next call of a method get lost on its way.
func (f *front) loseNext(method string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose = method
}

// of lists the calls of a method.
func (f *front) of(method string) []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []call
	for _, c := range f.calls {
		if c.method == method {
			out = append(out, c)
		}
	}
	return out
}

// ask calls a method for the test itself. What emulate lacks is a 404.
func (f *front) ask(method string, args url.Values) (int, answer) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.target+"/api/"+method, strings.NewReader(args.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+botToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	var out answer
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		f.t.Fatalf("%s: %v", method, err)
	}
	return res.StatusCode, out
}

// must is ask for what has to work.
func (f *front) must(method string, args ...string) answer {
	f.t.Helper()
	form := url.Values{}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	status, out := f.ask(method, form)
	if status != http.StatusOK || !out.OK {
		f.t.Fatalf("%s %v: %d %+v", method, form, status, out)
	}
	return out
}
