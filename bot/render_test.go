package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile is text as an enemy would commit it.
var hostile = []string{
	"<!channel> <!here> <!everyone>", "<@U0ADMIN1> please confirm", "<#C0GENERAL>", "<!subteam^S0123>",
	"<https://evil.example|https://good.example>", "*bold* _it_ ~no~ `code` ```block```", "> quoted\n>>> all of it",
	":white_check_mark: all sites are up", "a\u202egpj.exe", "\x00\x1b[31mred\x07", "&lt;!channel&gt; &amp;lt;",
	strings.Repeat("long ", 2000), strings.Repeat("<", 5000), "line\r\nbreak\u2028here", "\xff\xfe", "\u200b", "🏴‍☠️ flags",
	`{"type":"section"}`, "</script><script>alert(1)</script>", "<!date^1^{date}|x>",
}

func someMessages() map[string]fleet.Message {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	alice := fleet.Actor{ID: "U0ALICE", Name: "alice", Team: "T0"}
	return map[string]fleet.Message{
		"announcement": {
			Text: "atrium has a new version, 1.1.0.", Title: "atrium 1.1.0 is out",
			Lines: []fleet.Line{
				fleet.Say("Tag ", fleet.Mono("1.1.0"), " (was ", fleet.Mono("1.0.0"), "), 2 commits, ", fleet.Link("compare", "https://git.example.org/atrium/compare/1.0.0...1.1.0")),
				fleet.Item(fleet.Mono("abc1234"), " Raise the schema (Ann)"),
				fleet.Item(fleet.Mono("def5678"), " Fix the guest book (Ben)"),
			},
			Buttons: []fleet.Button{
				{Action: fleet.ActBuild, Label: "Build 1.1.0", Value: "atrium/1", Style: fleet.Primary},
				{Action: fleet.ActChanges, Label: "Changes", Value: "atrium/1"},
				{Action: fleet.ActSnooze, Label: "Snooze", Value: "atrium/1"},
			},
			Footer:  fleet.Say("seen ", fleet.When(at)),
			Subject: fleet.SubjectOf(fleet.AboutNews, "atrium/1"),
		},
		"beside": {
			Text: "4 sites are out of date.", Title: "Out of date: 4 sites",
			Lines: []fleet.Line{
				{Spans: []fleet.Span{fleet.Bold("atrium"), {Text: ": 3 of 4 sites are out of date, in "}, fleet.In("C0SITES")},
					Button: &fleet.Button{Action: fleet.ActUpgrade, Label: "Compare and upgrade atrium", Value: "atrium"}},
				fleet.Item("a.example.org, b.example.org"), fleet.Item("posted in ", fleet.In("C0SITES")),
				{Spans: []fleet.Span{fleet.Bold("intranet"), {Text: ": 1 of 1 site is out of date"}},
					Button: &fleet.Button{Action: fleet.ActUpgrade, Label: "Compare and upgrade intranet", Value: "intranet"}},
			},
			Subject: fleet.SubjectOf(fleet.AboutDigest, "mondays/2026-11-23T09:00"),
		},
		"plan": {
			Text: "Upgrade of 3 sites of atrium from 1.0.0 to 1.1.0 waits for your Confirm.", Title: "Upgrade 3 sites of atrium to 1.1.0",
			Fields: []fleet.Field{
				{Label: "From", Value: fleet.Say(fleet.Mono("atrium-1.0.0"))}, {Label: "To", Value: fleet.Say(fleet.Mono("atrium-1.1.0"))},
				{Label: "Asked by", Value: fleet.Say(fleet.By(alice))}, {Label: "Expires", Value: fleet.Say(fleet.When(at))},
			},
			Table: &fleet.Table{Header: []string{"Package", "From", "To", "Updates"}, Right: []bool{false, false, false, true},
				Rows: [][]string{{"core", "1.0.0", "1.1.0", "2"}, {"guestbook", "", "0.3", ""}}},
			More: []fleet.Line{fleet.Say(fleet.Bold("Risks")), fleet.Item("guestbook is new"), {Quote: true, Spans: []fleet.Span{{Text: "Read the notes."}}}},
			Buttons: []fleet.Button{
				{Action: fleet.ActConfirm, Label: "Confirm upgrade of 3 sites", Value: "01abc|1", Style: fleet.Primary,
					Confirm: &fleet.Ask{Title: "Upgrade 3 sites?", Text: "3 sites move to atrium-1.1.0, one after the other.", Yes: "Confirm", No: "Not now"}},
				{Action: fleet.ActCancel, Label: "Cancel", Value: "01abc|1", Style: fleet.Danger},
				{Action: "open", Label: "Changes on the web", URL: "https://git.example.org/atrium"},
			},
			Footer:  fleet.Say("plan ", fleet.Mono("01abc"), ", asked by ", fleet.By(alice), " at ", fleet.When(at)),
			Subject: fleet.SubjectOf(fleet.AboutPlan, "01abc"),
		},
		"done":   {Text: "3 sites were upgraded.", Title: "3 sites upgraded", Tone: fleet.Good, Lines: []fleet.Line{fleet.Say("All are on 1.1.0.")}},
		"failed": {Text: "A site was rolled back.", Tone: fleet.Bad, Lines: []fleet.Line{fleet.Say("The check failed."), fleet.Say("Nothing was lost.")}},
		"digest": {Text: "2 platforms are out of date.", Title: "Out of date", Buttons: []fleet.Button{
			{Action: fleet.ActUpgrade, Label: "Compare atrium", Value: "atrium"}, {Action: fleet.ActUpgrade, Label: "Compare plaza", Value: "plaza"}}},
		"bare": {Text: "Pong."},
	}
}

func TestRenderGolden(t *testing.T) {
	for name, m := range someMessages() {
		t.Run(name, func(t *testing.T) {
			r := Render(m)
			for _, v := range Check(r) {
				t.Errorf("limit: %s", v)
			}
			golden(t, name, r)
		})
	}
}

// golden compares v as JSON with testdata/NAME.json. HTML escaping is off, so
// that a person who reads the file sees a bare < as one.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "render", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestHostileText puts enemy text everywhere a fleet.Message takes text and
// asserts that none of it acts: wherever Slack reads mrkdwn, the only angle
// brackets are ours.
func TestHostileText(t *testing.T) {
	for _, evil := range hostile {
		m := fleet.Message{
			Text: evil, Title: evil, Tone: fleet.Warn,
			Lines: []fleet.Line{fleet.Say(evil, fleet.Bold(evil), fleet.Mono(evil), fleet.Link(evil, evil)), fleet.Item(evil), {Quote: true, Spans: []fleet.Span{{Text: evil}}},
				{Spans: []fleet.Span{{Text: evil}, fleet.Bold(evil), fleet.Mono(evil)}, Button: &fleet.Button{Action: "a", Label: evil, Value: "1"}}},
			Fields: []fleet.Field{{Label: evil, Value: fleet.Say(evil, fleet.Mono(evil), fleet.Bold(evil))}, {Label: "u", Value: fleet.Say(fleet.Span{User: evil, Text: evil})}},
			Table:  &fleet.Table{Caption: evil, Header: []string{evil, evil}, Rows: [][]string{{evil, evil}, {"", evil}}},
			More:   []fleet.Line{fleet.Say(fleet.Link(evil, "https://example.org/"))},
			Buttons: []fleet.Button{{Action: "a", Label: evil, Value: "1", URL: evil,
				Confirm: &fleet.Ask{Title: evil, Text: evil, Yes: evil, No: evil}}},
			Footer: fleet.Say(evil, fleet.Link(evil, "https://example.org/?a=1&b=2"), fleet.Span{Time: time.Unix(1, 0), Text: evil}),
		}
		parts, _ := Fit(Render(m))
		for _, p := range parts {
			for _, v := range Check(p) {
				t.Errorf("%.30q: limit: %s", evil, v)
			}
			for _, s := range mrkdwnTexts(t, p) {
				if bad := strayMarkup(s); bad != "" {
					t.Errorf("%.30q: mrkdwn holds %q in %.200q", evil, bad, s)
				}
			}
		}
	}
}

// mrkdwnTexts collects every string that Slack reads as mrkdwn, found in the
// JSON that is sent rather than by knowing the renderer.
func mrkdwnTexts(t *testing.T, r Rendered) []string {
	t.Helper()
	raw, err := json.Marshal(r.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	out := []string{r.Text}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if v["type"] == "mrkdwn" {
				out = append(out, v["text"].(string))
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return out
}

// strayMarkup gives the first <…> that is not markup of ours.
func strayMarkup(s string) string {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return ""
		}
		j := strings.IndexByte(s[i:], '>')
		if j < 0 {
			return s[i:]
		}
		tag := s[i : i+j+1]
		ours := strings.HasPrefix(tag, "<https://example.org/") || strings.HasPrefix(tag, "<!date^1^"+dateFormat+"|")
		if !ours || strings.Count(tag, "<") != 1 || strings.Count(tag, "|") != 1 {
			return tag
		}
		s = s[i+j+1:]
	}
}

// FuzzRender holds for any text what TestHostileText holds for a few: it can be
// sent, and no markup of it acts.
func FuzzRender(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		m := fleet.Message{
			Text: evil, Title: evil, Lines: []fleet.Line{fleet.Say(evil), fleet.Item(fleet.Link(evil, evil)), fleet.Item(evil)},
			Fields:  []fleet.Field{{Label: evil, Value: fleet.Say(fleet.Mono(evil), fleet.Bold(evil), evil)}},
			Table:   &fleet.Table{Header: []string{evil}, Rows: [][]string{{evil}}},
			Buttons: []fleet.Button{{Action: "a", Label: evil}}, Footer: fleet.Say(evil, fleet.Mono(evil)),
		}
		parts, _ := Fit(Render(m))
		for _, p := range parts {
			if found := Check(p); len(found) > 0 {
				t.Fatalf("%q: %v", evil, found)
			}
			for _, s := range mrkdwnTexts(t, p) {
				if bad := strayMarkup(s); bad != "" {
					t.Fatalf("%q: mrkdwn holds %q", evil, bad)
				}
			}
		}
	})
}

// TestViewsGolden keeps the form and checks that both views keep the limits.
func TestViewsGolden(t *testing.T) {
	form := fleet.Form{Command: "add", Title: "Add a distribution", State: "s1", Submit: "Add",
		Intro: []fleet.Line{fleet.Say("What shall be tracked?")},
		Inputs: []fleet.Input{
			{Name: "name", Label: "Name", Hint: "letters, digits and -", Placeholder: "atrium"},
			{Name: "track", Label: "Tags", Initial: `1\..*`, Optional: true, Multiline: true},
			{Name: "kind", Label: "Kind", Initial: "generic", Choices: []fleet.Choice{{Value: "generic", Label: "Generic"}, {Value: "drupal", Label: "Drupal"}}},
		}}
	view, err := formView(form, "C0SITES")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "form", view)
	modal := answerModal(someMessages()["plan"])
	golden(t, "answer", modal)
	for _, blocks := range [][]slack.Block{view.Blocks.BlockSet, modal.Blocks.BlockSet} {
		for _, v := range CheckView(blocks) {
			t.Errorf("limit: %s", v)
		}
	}
}

// TestMomentsAreEachReaders: a moment that stands in a sentence is drawn as a date
// wherever Slack knows dates, and foreign words beside it stay inert.
func TestMomentsAreEachReaders(t *testing.T) {
	at := fleet.Moment(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	said := "<!here> confirmed it, " + at + "."
	r := Render(fleet.Message{Text: said, Lines: []fleet.Line{fleet.Say(said)}, Fields: []fleet.Field{{Label: "Until", Value: fleet.Say(at)}},
		Table: &fleet.Table{Header: []string{"When", "What"}, Rows: [][]string{{at, "<!here>"}}}})
	if v := Check(r); len(v) > 0 {
		t.Fatal(v)
	}
	raw, err := json.Marshal(r.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), `"timestamp":1795348800`); n != 2 { // the paragraph and the cell
		t.Errorf("%d dates: %s", n, raw)
	}
	if want := "&lt;!here&gt; confirmed it, <!date^1795348800^{date_short_pretty} at {time}|22 Nov 2026 12:00 UTC>."; r.Text != want {
		t.Errorf("the text is %q", r.Text)
	}
	if got := textOnly(r).Text; got != r.Text {
		t.Errorf("alone it is %q", got)
	}
}
