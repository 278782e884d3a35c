package workspace_test

import (
	"encoding/json"
	"github.com/distrobot/distrobot/internal/browser"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// The bot's golden messages, checked by limits that were written without its
// own, and drawn.
func TestMessagesOfTheBotAreAcceptedAndDrawn(t *testing.T) {
	b := open(t, noLimits())
	files, err := filepath.Glob("../testdata/render/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var message struct {
			Text   string          `json:"text"`
			Blocks json.RawMessage `json:"blocks"`
		}
		if err := json.Unmarshal(raw, &message); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if out := b.form("chat.postMessage", map[string]string{"channel": "C0SITES", "text": message.Text, "blocks": string(message.Blocks)}); out["ok"] != true {
			t.Errorf("%s: %v", file, out)
		}
	}
	w := browser.Open(t, "workspace")
	for _, size := range []struct {
		name  string
		width int64
	}{{"1280", 1280}, {"390", 390}} {
		w.Look(size.width, 2600, "light")
		w.Do("open", chromedp.Navigate(b.url+"/?token="+b.Token()), chromedp.WaitVisible(".message .content"))
		if n := browser.Script[float64](w, `document.querySelectorAll(".unknown").length`); n != 0 {
			t.Errorf("%v blocks are not drawn", n)
		}
		w.Shoot("bot-messages-" + size.name)
	}
	w.Quiet()
}
