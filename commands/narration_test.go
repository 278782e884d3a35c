package commands_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/golden"
)

// noon is when everything in the golden files happens.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

var (
	alice  = fleet.Actor{ID: "U0ALICE", Name: "alice", Team: "T1"}
	bob    = fleet.Actor{ID: "U0BOB", Name: "bob", Team: "T1"}
	policy = fleet.System("watcher")
)

// TestNarration holds every message in every state to its golden file and to
// the rules that hold for all messages.
func TestNarration(t *testing.T) {
	for _, group := range []struct {
		name  string
		cases map[string]fleet.Message
	}{
		{"news", newsCases()}, {"plan", planCases()}, {"platform", platformCases()},
		{"task", taskCases()}, {"look", lookCases()}, {"digest", digestCases()}, {"alarm", alarmCases()},
		{"refresh", refreshCases()}, {"waves", waveCases()}, {"stats", statsCases()},
	} {
		for name, m := range group.cases {
			t.Run(group.name+"/"+name, func(t *testing.T) {
				golden.JSON(t, "narration/"+group.name+"/"+name, bot.Render(m))
				checkMessage(t, m)
				checkTone(t, m)
				checkOwn(t, m)
			})
		}
	}
}

// TestHostileNarration tells the same of a fleet whose every foreign word is
// hostile: the messages still keep Slack's limits and nothing foreign becomes
// markup.
func TestHostileNarration(t *testing.T) {
	for name, evil := range hostile {
		for what, m := range hostileMessages(evil) {
			t.Run(what+"/"+name, func(t *testing.T) { checkMessage(t, m) })
		}
	}
}

// verbs are what a button's label may begin with: scripts press by them.
var verbs = []string{"Build", "Changes", "Snooze", "Compare", "Confirm", "Rehearse", "Schedule", "Cancel", "Retry", "Roll back", "Continue", "Stop", "Previous", "Next"}

// value is what a button may carry: an id, or an id and a revision.
var value = regexp.MustCompile(`^[^|]{1,200}(\|[0-9]+)?$`)

// checkMessage holds m to what every message must keep, whatever is in it.
func checkMessage(t *testing.T, m fleet.Message) {
	t.Helper()
	if strings.TrimSpace(m.Text) == "" {
		t.Error("the message has no text for notifications")
	}
	primary := 0
	for _, b := range buttonsOf(m) {
		if b.Style == fleet.Primary {
			primary++
		}
		if !beginsWithVerb(b.Label) {
			t.Errorf("button %q does not begin with a verb of the contract", b.Label)
		}
		if !value.MatchString(b.Value) {
			t.Errorf("button %q carries %q", b.Label, b.Value)
		}
		if c := b.Confirm; c != nil && len([]rune(c.Text)) > 300 {
			t.Errorf("the dialog of %q has %d characters", b.Label, len([]rune(c.Text)))
		}
	}
	if primary > 1 {
		t.Errorf("%d primary buttons", primary)
	}
	parts, bad := bot.Fit(bot.Render(m))
	if len(bad) > 0 {
		t.Errorf("does not fit into Slack: %v", bad)
	}
	if m.Subject != replied && len(parts) != 1 {
		t.Errorf("is %d messages; one that is edited in place must stay one", len(parts))
	}
	for _, p := range parts {
		if v := bot.Check(p); len(v) > 0 {
			t.Errorf("breaks Slack's limits: %v", v)
		}
		checkForeign(t, p)
	}
}

// buttonsOf gives all buttons of m, those beside its lines too.
func buttonsOf(m fleet.Message) []fleet.Button {
	out := slices.Clone(m.Buttons)
	for _, l := range append(append([]fleet.Line{}, m.Lines...), m.More...) {
		if l.Button != nil {
			out = append(out, *l.Button)
		}
	}
	return out
}

func beginsWithVerb(label string) bool {
	for _, v := range verbs {
		if strings.HasPrefix(label, v) {
			return true
		}
	}
	return false
}

// checkForeign walks what would be sent: no text that Slack parses may hold
// foreign markup, and no text at all characters that deceive.
func checkForeign(t *testing.T, r bot.Rendered) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	checkInert(t, raw)
}

// checkInert is checkForeign for a message as Slack gets it.
func checkInert(t *testing.T, raw []byte) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	walk(tree, func(text string, parsed bool) {
		for _, call := range calls.FindAllString(text, -1) {
			if parsed && !strings.HasPrefix(call, "<!date^") {
				t.Errorf("somebody is called by %q in %q", call, text)
			}
		}
		if strings.ContainsAny(text, "\x00\u202e\u2066\u200f") {
			t.Errorf("deceiving characters in %q", text)
		}
		if !parsed {
			return
		}
		for _, bad := range []string{"<!channel", "<!here", "<!everyone", "<@UEVIL", "<https://evil", "<!subteam"} {
			if strings.Contains(text, bad) {
				t.Errorf("foreign markup %q in %q", bad, text)
			}
		}
	})
}

// calls are what Slack makes of <!…>: calls of channels and groups, and dates.
var calls = regexp.MustCompile(`<!.{0,10}`)

// walk calls see with every text of a block, and whether Slack parses it.
func walk(x any, see func(text string, parsed bool)) {
	switch v := x.(type) {
	case []any:
		for _, e := range v {
			walk(e, see)
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			see(s, v["type"] == "mrkdwn" || v["type"] == nil)
		}
		for _, e := range v {
			walk(e, see)
		}
	}
}

// checkTone holds our own words to how a careful colleague writes: whole
// sentences, no exclamation marks.
func checkTone(t *testing.T, m fleet.Message) {
	t.Helper()
	if !strings.ContainsAny(m.Text[len(m.Text)-1:], ".?") {
		t.Errorf("the text is no sentence: %q", m.Text)
	}
	texts := []string{m.Text, m.Title}
	for _, l := range append(append([]fleet.Line{}, m.Lines...), m.More...) {
		line := ""
		for _, s := range l.Spans {
			line += s.Text
		}
		texts = append(texts, line)
	}
	for _, s := range texts {
		if strings.Contains(s, "!") || strings.Contains(s, "  ") || strings.Contains(s, "..") {
			t.Errorf("tone of %q", s)
		}
	}
}

// replied marks, for checkMessage, an answer that may be several messages.
const replied fleet.Subject = "reply:1"

// checkReply is checkMessage for an answer, which may be several messages.
func checkReply(t *testing.T, m fleet.Message) {
	t.Helper()
	m.Subject = replied
	checkMessage(t, m)
}
