package chat_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/internal/chat"
)

func TestClient(t *testing.T) {
	ws := workspace.New(workspace.Options{})
	srv := httptest.NewServer(ws.Handler())
	t.Cleanup(func() { ws.Close(); srv.Close() })
	ws.SetBaseURL(srv.URL)
	c, err := chat.New(ws.PageURL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Say("alice", "#sites", "the harbour is open"); err != nil {
		t.Fatal(err)
	}
	var before chat.State
	if err := c.Await(10*time.Second, func(s chat.State) (bool, string) {
		before = s
		_, ok := s.Find("#sites", "harbour", "open")
		return ok, s.Dump("#sites")
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Say("bob", "#sites", "and the market"); err != nil {
		t.Fatal(err)
	}
	after, err := c.Since(before.Rev)
	if _, old := after.Find("#sites", "harbour"); err != nil || old {
		t.Errorf("what has not changed is there again: %v", err)
	}
	if m, ok := after.Find("C0SITES", "market"); !ok || m.User != "U0BOB" {
		t.Errorf("what has changed is %+v", m)
	}
	if _, err := c.Say("nobody", "#sites", "hello"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("somebody unknown: %v", err)
	}
	if _, err := c.Click("bob", "#sites", before.Channels[0].ID, chat.Button{ActionID: "x"}); err == nil {
		t.Error("a button that is not there was pressed")
	}
}

func TestWordsAndButtons(t *testing.T) {
	text := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	m := chat.Message{Text: "for notifications", Blocks: []map[string]any{
		{"type": "section", "text": text("A  decision\nis needed")},
		{"type": "actions", "elements": []any{
			map[string]any{"type": "button", "action_id": "plan.confirm", "value": "p1|2", "text": text("Confirm upgrade")},
			map[string]any{"type": "button", "action_id": "plan.cancel", "value": "p1|2", "text": text("Cancel")},
		}},
	}}
	if got := m.Words(); got != "A decision is needed Confirm upgrade Cancel" {
		t.Errorf("words: %q", got)
	}
	if b, ok := m.Button("Confirm"); !ok || b != (chat.Button{ActionID: "plan.confirm", Value: "p1|2", Label: "Confirm upgrade"}) {
		t.Errorf("button: %+v", b)
	}
	if _, ok := m.Button("Stop"); ok || len(m.Buttons()) != 2 {
		t.Errorf("buttons: %+v", m.Buttons())
	}
	if got := (chat.Message{Text: "plain"}).Words(); got != "plain" {
		t.Errorf("words without blocks: %q", got)
	}
}
