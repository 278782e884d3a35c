package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A chat drives a local workspace the way a person does: it reads what is
// shown and presses what is there. Nothing in it knows distrobot's insides.
type chat struct {
	base, token string
}

// newChat reads the address that try and workspace print:
// http://HOST/?token=TOKEN.
func newChat(page string) (*chat, error) {
	u, err := url.Parse(page)
	if err != nil {
		return nil, err
	}
	return &chat{base: u.Scheme + "://" + u.Host, token: u.Query().Get("token")}, nil
}

type chatMessage struct {
	TS       string           `json:"ts"`
	ThreadTS string           `json:"thread_ts"`
	User     string           `json:"user"`
	Text     string           `json:"text"`
	Blocks   []map[string]any `json:"blocks"`
	Edits    int              `json:"edits"`
	Channel  string           `json:"channel"`
}

type chatState struct {
	Channels []struct {
		ID       string        `json:"id"`
		Name     string        `json:"name"`
		Messages []chatMessage `json:"messages"`
	} `json:"channels"`
	Ephemerals map[string][]chatMessage `json:"ephemerals"`
	Counters   struct {
		Posts          int `json:"posts"`
		Edits          int `json:"edits"`
		Rejected       int `json:"rejected"`
		Unacknowledged int `json:"unacknowledged"`
	} `json:"counters"`
}

func (c *chat) call(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// A pressed answer is what the workspace saw of a say or click.
type pressed struct {
	AckMS    float64 `json:"ack_ms"`
	Error    string  `json:"error"`
	Response *struct {
		Text   string           `json:"text"`
		Blocks []map[string]any `json:"blocks"`
	} `json:"response"`
}

func (c *chat) say(user, channel, text string) (pressed, error) {
	var p pressed
	err := c.call("POST", "/workspace/say", map[string]any{"user": user, "channel": channel, "text": text}, &p)
	return p, err
}

func (c *chat) click(user, channel, ts string, b button) (pressed, error) {
	var p pressed
	err := c.call("POST", "/workspace/click", map[string]any{
		"user": user, "channel": channel, "ts": ts, "action_id": b.ActionID, "value": b.Value}, &p)
	return p, err
}

func (c *chat) state() (chatState, error) {
	var s chatState
	return s, c.call("GET", "/workspace/state", nil, &s)
}

// await polls until ok is content with the state; what it last said is the
// error when the time is over.
func (c *chat) await(limit time.Duration, ok func(chatState) (bool, string)) error {
	deadline, last := time.Now().Add(limit), ""
	for time.Now().Before(deadline) {
		s, err := c.state()
		if err == nil {
			var done bool
			if done, last = ok(s); done {
				return nil
			}
		} else {
			last = err.Error()
		}
		time.Sleep(40 * time.Millisecond)
	}
	return fmt.Errorf("waited %s: %s", limit, last)
}

// find gives the newest message of a channel whose visible words hold all of
// parts, in any thread.
func (s chatState) find(channel string, parts ...string) (chatMessage, bool) {
	return s.findWith(channel, func(chatMessage) bool { return true }, parts...)
}

// findWith is find among the messages that ok accepts.
func (s chatState) findWith(channel string, ok func(chatMessage) bool, parts ...string) (chatMessage, bool) {
	for _, ch := range s.Channels {
		if ch.Name != strings.TrimPrefix(channel, "#") && ch.ID != channel {
			continue
		}
		for i := len(ch.Messages) - 1; i >= 0; i-- {
			if holds(ch.Messages[i].words(), parts) && ok(ch.Messages[i]) {
				return ch.Messages[i], true
			}
		}
	}
	return chatMessage{}, false
}

func holds(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// dump lists what a channel shows, for failures.
func (s chatState) dump(channel string) string {
	var b strings.Builder
	for _, ch := range s.Channels {
		if ch.Name == strings.TrimPrefix(channel, "#") {
			for _, m := range ch.Messages {
				fmt.Fprintf(&b, "[%s thread=%s edits=%d] %s\n", m.TS, m.ThreadTS, m.Edits, m.words())
			}
		}
	}
	return b.String()
}

// words is everything a reader sees of a message, in order.
func (m chatMessage) words() string {
	var b strings.Builder
	for _, bl := range m.Blocks {
		collect(&b, bl)
	}
	if b.Len() == 0 {
		return m.Text
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func collect(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			b.WriteString(s)
			if v["type"] != "text" {
				b.WriteString(" ")
			}
		}
		for _, k := range []string{"text", "fields", "elements", "rows", "accessory"} {
			if _, isText := v[k].(string); !isText {
				collect(b, v[k])
			}
		}
		if v["type"] == "rich_text_section" {
			b.WriteString(" ")
		}
	case []any:
		for _, x := range v {
			collect(b, x)
		}
	}
}

// A button as it stands on a message.
type button struct{ ActionID, Value, Label string }

// button finds the one whose label begins with the words.
func (m chatMessage) button(label string) (button, bool) {
	for _, b := range m.buttons() {
		if strings.HasPrefix(b.Label, label) {
			return b, true
		}
	}
	return button{}, false
}

func (m chatMessage) buttons() []button {
	var out []button
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] == "button" {
				t, _ := v["text"].(map[string]any)
				label, _ := t["text"].(string)
				id, _ := v["action_id"].(string)
				val, _ := v["value"].(string)
				out = append(out, button{id, val, label})
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for _, bl := range m.Blocks {
		walk(map[string]any(bl))
	}
	return out
}
