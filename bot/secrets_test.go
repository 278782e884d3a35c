package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestMessagesHoldNoSecrets: whatever foreign text a message quotes, no token in
// it reaches a channel; the address of a link is for whoever gets it.
func TestMessagesHoldNoSecrets(t *testing.T) {
	token := "gh" + "p_" + strings.Repeat("aB3", 12)
	link := "https://example.org/login?key=" + strings.Repeat("aB3", 8)
	m := fleet.Message{Title: "Failed " + token, Text: "git: " + token, Lines: []fleet.Line{
		fleet.Say("fatal: https://bot:", token, "@example.org not found"), fleet.Item(fleet.Mono("password=" + "hunter2222")),
		{Spans: []fleet.Span{{Text: "log in", URL: link}}}},
		Fields: []fleet.Field{{Label: "Said", Value: fleet.Say(token)}},
		Table:  &fleet.Table{Header: []string{"a"}, Rows: [][]string{{token}}},
		Footer: fleet.Say(token),
	}
	raw, err := json.Marshal(Render(m))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(raw); strings.Contains(s, token) || strings.Contains(s, "hunter2222") || !strings.Contains(s, link) {
		t.Errorf("%s", s)
	}
	said, err := json.Marshal(m.Redacted())
	if err != nil || strings.Contains(string(said), token) || !strings.Contains(string(said), link) {
		t.Errorf("%s, %v", said, err)
	}
}
