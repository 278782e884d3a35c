package workspace_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"
)

// Slack's clients send the same call in different clothes; all mean the same.
func TestWireEncodings(t *testing.T) {
	b := open(t, noLimits())
	blocks := `[{"type":"section","text":{"type":"plain_text","text":"hello"}}]`
	form := url.Values{"channel": {"C0SITES"}, "text": {"x"}, "blocks": {blocks}}
	withToken := url.Values{"token": {b.BotToken()}, "channel": {"C0SITES"}, "text": {"x"}, "blocks": {blocks}}
	realJSON := `{"channel":"C0SITES","text":"x","blocks":` + blocks + `}`
	nested, _ := json.Marshal(map[string]string{"channel": "C0SITES", "text": "x", "blocks": blocks})
	var multi bytes.Buffer
	parts := multipart.NewWriter(&multi)
	for k := range form {
		parts.WriteField(k, form.Get(k))
	}
	parts.Close()
	cases := []struct{ name, method, query, kind, body, bearer string }{
		{"form with token", "POST", "", "application/x-www-form-urlencoded", withToken.Encode(), ""},
		{"form with bearer", "POST", "", "application/x-www-form-urlencoded", form.Encode(), b.BotToken()},
		{"JSON", "POST", "", "application/json; charset=utf-8", realJSON, b.BotToken()},
		{"JSON with JSON text", "POST", "", "application/json", string(nested), b.BotToken()},
		{"GET", "GET", "?" + form.Encode(), "", "", b.BotToken()},
		{"multipart", "POST", "", parts.FormDataContentType(), multi.String(), b.BotToken()},
	}
	for i, c := range cases {
		req, err := http.NewRequestWithContext(t.Context(), c.method, b.url+"/api/chat.postMessage"+c.query, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.kind)
		if c.bearer != "" {
			req.Header.Set("Authorization", "Bearer "+c.bearer)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		res.Body.Close()
		got := b.messages("sites")
		if len(got) != i+1 || got[i].Blocks[0]["type"] != "section" {
			t.Fatalf("%s: %s", c.name, answer)
		}
	}
}

func TestEventStreamTellsOfChanges(t *testing.T) {
	b := open(t, noLimits())
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/workspace/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() (rev int) {
		for lines.Scan() {
			if n, _ := fmt.Sscanf(lines.Text(), `data: {"rev":%d}`, &rev); n == 1 {
				return rev
			}
		}
		t.Fatal("the stream ended")
		return 0
	}
	before := next()
	ts := b.post("C0SITES", "x", nil)
	if after := next(); after <= before {
		t.Errorf("revision %d after %d", after, before)
	}
	b.api.DeleteMessage("C0SITES", ts)
	next()
	out := b.ok(fmt.Sprintf("/workspace/state?since=%d", before+1), nil)
	raw, _ := json.Marshal(out["channels"])
	if !strings.Contains(string(raw), `"deleted":true`) {
		t.Errorf("the difference does not tell of the deletion: %s", raw)
	}
}

// A Host header is anybody's to make up, so nothing may be built on it.
func TestResponseURLsPointAtTheListener(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", b.url+"/", nil)
	req.Host = "localhost:1"
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
	ts := b.post("C0SITES", "x", planBlocks())
	b.ok("/workspace/click", map[string]any{"user": "bob", "ts": ts, "action_id": "plan.confirm"})
	if got := a.nextClick(t).ResponseURL; !strings.HasPrefix(got, b.url+"/response/") {
		t.Errorf("response URL %s", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := open(t, noLimits())
	for range 3 {
		b.connect(acknowledge)
	}
	ts := b.post("C0SITES", "x", menus())
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			user := []string{"alice", "bob", "carol"}[i%3]
			if status, out := b.call("/workspace/click", map[string]any{"user": user, "ts": ts, "action_id": "platform", "selected": "a1"}); status != 200 || out["error"] != nil {
				t.Errorf("click: %v", out)
			}
			b.post("C0SITES", "y", nil)
			b.state()
		})
	}
	group.Wait()
	if n := len(b.messages("sites")); n != 31 {
		t.Errorf("%d messages", n)
	}
	if c := b.state().Counters; c["delivered"] != 30 || c["unacknowledged"] != 0 {
		t.Errorf("counters %v", c)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("inner", func(t *testing.T) {
		o := noLimits()
		o.AckTimeout, o.EventRetries = 20*time.Millisecond, []time.Duration{time.Hour}
		b := open(t, o)
		a := b.connect(nil)
		b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "@distrobot hello"}) // its retry waits an hour
		a.await(t, socketmode.EventTypeEventsAPI)
		b.Close()
	})
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	goleak.VerifyNone(t, before)
}
