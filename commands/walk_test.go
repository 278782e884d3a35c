package commands_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
)

// A passage is what a person reads in one go: a heading, a paragraph, a list
// item, a cell, the label of a button.
type passage struct {
	text   string
	dialog bool // of a dialog before a press, whose text knows no dates
}

// passages gives what is read in a message, from the JSON that Slack gets. Dates
// are left out: each reader sees them in their own time zone.
func passages(x any, dialog bool) []passage {
	switch v := x.(type) {
	case []any:
		var out []passage
		for _, e := range v {
			out = append(out, passages(e, dialog)...)
		}
		return out
	case map[string]any:
		if parts, ok := v["elements"].([]any); ok && strings.HasPrefix(text(v["type"]), "rich_text_") && v["type"] != "rich_text_list" {
			return []passage{{text: run(parts)}}
		}
		var out []passage
		if s, ok := v["text"].(string); ok {
			out = append(out, passage{text: dates.ReplaceAllString(s, ""), dialog: dialog})
		}
		for key, e := range v {
			if _, isText := e.(string); !isText {
				out = append(out, passages(e, dialog || key == "confirm")...)
			}
		}
		return out
	}
	return nil
}

// dates are moments in mrkdwn.
var dates = regexp.MustCompile(`<!date\^[0-9]+\^[^|>]+\|[^>]+>`)

func text(x any) string { s, _ := x.(string); return s }

// run joins the parts of a line: mentions and dates stand as nothing.
func run(parts []any) string {
	out := ""
	for _, p := range parts {
		e, _ := p.(map[string]any)
		if parts, ok := e["elements"].([]any); ok {
			out += run(parts) + "\n"
		}
		if e["type"] == "user" || e["type"] == "channel" {
			out += "somebody"
		}
		out += text(e["text"])
	}
	return out
}

// What our own words never say.
var (
	// one of something is not many: "1 sites"; and many are not one: "3 site".
	miscounted = regexp.MustCompile(`(?:^|[^\w.,:/-])(?:1 (?:[a-z-]+ ){0,2}?(?:` + nouns + `)s|(?:0|[2-9]|[1-9][0-9]+) (?:` + nouns + `))(?:[^\w-]|$)`)
	// a time that names no zone, or another than the reader's own.
	bareTime = regexp.MustCompile(`\d{1,2}:\d{2}(?::\d{2})? UTC|\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}|\d{2}:\d{2}:\d{2}`)
	// one that people type, with its zone.
	zoned = regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2} [A-Z][a-z]+/[A-Z][a-z]+`)
)

// nouns are what messages count.
const nouns = `site|plan|platform|distribution|task|host|package|commit|tag|version|approval|update|row|page|entrie|decision|vote|second|minute|hour|day|week|` +
	`file|digest|backup|step|wave|failure|warning|block|group|member|line|person|thing|alias|freeze|window|event|message|machine|order|copy|copie|reason`

// checkWords holds what a message says to what all messages keep: numbers agree
// with their nouns, no moment is told in a zone that is not the reader's, and no
// sign stands without words.
func checkWords(t *testing.T, raw []byte) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, p := range passages(tree, false) {
		if bad := miscounted.FindString(p.text); bad != "" {
			t.Errorf("%q counts wrongly: %q", bad, p.text)
		}
		if bad := bareTime.FindString(zoned.ReplaceAllString(p.text, "")); bad != "" && !p.dialog {
			t.Errorf("the moment %q is in no reader's time zone: %q", bad, p.text)
		}
		if strings.ContainsFunc(p.text, isSign) && !strings.ContainsFunc(p.text, unicode.IsLetter) {
			t.Errorf("a sign without words: %q", p.text)
		}
	}
	checkPictures(t, tree)
}

// isSign says that a character is a picture rather than a letter or a mark.
func isSign(r rune) bool {
	return r > 0x2000 && unicode.In(r, unicode.So) && !strings.ContainsRune("▓░", r) || r == '▓' || r == '░'
}

// checkPictures holds every picture, wherever it stands, to words for those who
// do not see it.
func checkPictures(t *testing.T, x any) {
	t.Helper()
	switch v := x.(type) {
	case []any:
		for _, e := range v {
			checkPictures(t, e)
		}
	case map[string]any:
		if v["type"] == "image" && strings.TrimSpace(text(v["alt_text"])) == "" {
			t.Errorf("a picture without alt text: %v", v)
		}
		if v["type"] == "date" && text(v["fallback"]) == "" {
			t.Errorf("a date without words: %v", v)
		}
		for _, e := range v {
			checkPictures(t, e)
		}
	}
}

// checkOwn is checkWords for what the bot would send of m.
func checkOwn(t *testing.T, m fleet.Message) {
	t.Helper()
	parts, _ := bot.Fit(bot.Render(m))
	for _, p := range parts {
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		checkWords(t, raw)
	}
}

// TestGoldenWalk walks every golden message there is, whoever made it: what is
// kept as good must be good.
func TestGoldenWalk(t *testing.T) {
	walked := 0
	for _, root := range []string{"testdata", "../bot/testdata", "../watcher/testdata"} {
		if _, err := os.Stat(root); err != nil {
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.HasPrefix(path, "testdata/help") { // these are kept as they are before they are drawn
				var m fleet.Message
				if err := json.Unmarshal(raw, &m); err != nil {
					return err
				}
				checkReply(t, m)
				checkOwn(t, m)
				walked++
				return nil
			}
			t.Run(path, func(t *testing.T) { walked++; checkGolden(t, raw) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if walked < 65 {
		t.Errorf("only %d golden messages were found", walked)
	}
}

// checkGolden holds a golden message as Slack would get it. That it keeps Slack's
// limits is held where it is made, and by the workspace, which refuses others.
func checkGolden(t *testing.T, raw []byte) {
	t.Helper()
	var whole struct {
		Text string `json:"text"`
		Type string `json:"type"` // of a modal, which has no text
	}
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(whole.Text) == "" && whole.Type != "modal" {
		t.Error("no text for notifications and screen readers")
	}
	checkInert(t, raw)
	checkWords(t, raw)
}
