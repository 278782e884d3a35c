package chat

import (
	"fmt"
	"strings"
)

// A Message as it stands on the screen.
type Message struct {
	TS       string           `json:"ts"`
	ThreadTS string           `json:"thread_ts"`
	User     string           `json:"user"`
	Text     string           `json:"text"`
	Blocks   []map[string]any `json:"blocks"`
	Edits    int              `json:"edits"`
	Channel  string           `json:"channel"` // of an ephemeral message
}

// Find gives the newest message of a channel whose visible words hold all of
// parts, in any thread.
func (s State) Find(channel string, parts ...string) (Message, bool) {
	return s.FindWith(channel, func(Message) bool { return true }, parts...)
}

// FindWith is Find among the messages that ok accepts.
func (s State) FindWith(channel string, ok func(Message) bool, parts ...string) (Message, bool) {
	for _, ch := range s.Channels {
		if ch.Name != strings.TrimPrefix(channel, "#") && ch.ID != channel {
			continue
		}
		for i := len(ch.Messages) - 1; i >= 0; i-- {
			if ch.Messages[i].Holds(parts...) && ok(ch.Messages[i]) {
				return ch.Messages[i], true
			}
		}
	}
	return Message{}, false
}

// Holds reports whether the visible words hold all of parts.
func (m Message) Holds(parts ...string) bool {
	text := m.Words()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// Dump lists what a channel shows, for failures.
func (s State) Dump(channel string) string {
	var b strings.Builder
	for _, ch := range s.Channels {
		if ch.Name == strings.TrimPrefix(channel, "#") {
			for _, m := range ch.Messages {
				fmt.Fprintf(&b, "[%s thread=%s edits=%d] %s\n", m.TS, m.ThreadTS, m.Edits, m.Words())
			}
		}
	}
	return b.String()
}

// Words is everything a reader sees of a message, in order.
func (m Message) Words() string {
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

// A Button as it stands on a message.
type Button struct{ ActionID, Value, Label string }

// Button finds the one whose label begins with the words.
func (m Message) Button(label string) (Button, bool) {
	for _, b := range m.Buttons() {
		if strings.HasPrefix(b.Label, label) {
			return b, true
		}
	}
	return Button{}, false
}

// Buttons are all buttons of the message, in order.
func (m Message) Buttons() []Button {
	var out []Button
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] == "button" {
				t, _ := v["text"].(map[string]any)
				label, _ := t["text"].(string)
				id, _ := v["action_id"].(string)
				val, _ := v["value"].(string)
				out = append(out, Button{id, val, label})
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
