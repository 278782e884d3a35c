package outside_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// diagnostic is where the TypeScript compiler finds a fault.
var diagnostic = regexp.MustCompile(`^(.+?)\((\d+),(\d+)\): (error .*)$`)

// compile has the TypeScript compiler check modules, by name without the .ts,
// and gives what it finds wrong in each.
func (got tools) compile(t *testing.T, modules map[string]string) map[string][]string {
	t.Helper()
	dir := got.project(t, "types")
	for name, text := range modules {
		path := filepath.Join(dir, filepath.FromSlash(name)+".ts")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	_, err := run.Run(t.Context(), run.Command{Program: got.node, Args: []string{"node_modules/typescript/bin/tsc", "--project", ".", "--pretty", "false"},
		Dir: dir, Env: []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, Timeout: 2 * time.Minute, Lines: func(line string) { found = append(found, line) }})
	faults := map[string][]string{}
	last := ""
	for _, line := range found {
		at := diagnostic.FindStringSubmatch(line)
		if at != nil {
			last = strings.TrimSuffix(at[1], ".ts")
			faults[last] = append(faults[last], "line "+at[2]+", "+lineOf(modules[last], at[2])+": "+at[4])
		} else if last != "" {
			n := len(faults[last]) - 1
			faults[last][n] += "\n" + line // the rest of the one before
		}
	}
	if err != nil && (errors.Is(err, context.DeadlineExceeded) || len(faults) == 0) {
		t.Fatalf("tsc: %v\n%s", err, strings.Join(found, "\n"))
	}
	for name := range faults {
		if _, ok := modules[name]; !ok {
			t.Errorf("tsc complains of %s: %v", name, faults[name])
		}
	}
	return faults
}

// lineOf is one line of a module, by its number.
func lineOf(text, number string) string {
	lines := strings.Split(text, "\n")
	if n, err := strconv.Atoi(number); err == nil && n <= len(lines) {
		return strings.TrimSpace(lines[n-1])
	}
	return "?"
}

// module makes a module that says a value of JSON is of a type of testdata/types,
// "slack.Message" say. Lines keep their numbers.
func module(kind string, value []byte) string {
	file, _, _ := strings.Cut(kind, ".")
	return fmt.Sprintf("import type * as %s from 'types/%s'; export const value: %s = %s;\n", file, file, kind, strings.TrimSpace(string(value)))
}

// TestGoldenMessagesHaveSlacksTypes checks every golden message and view, and
// that the check finds what is wrong with messages that are.
func TestGoldenMessagesHaveSlacksTypes(t *testing.T) {
	t.Parallel()
	got := fromNPM(t)
	good := goldens(t)
	modules := maps.Clone(good)
	wrong := spoilt(t)
	for name, text := range wrong {
		modules[name] = text
	}
	faults := got.compile(t, modules)
	for name := range good {
		for _, fault := range faults[name] {
			t.Errorf("%s: %s", name, fault)
		}
	}
	for name := range wrong {
		if len(faults[name]) == 0 {
			t.Errorf("nothing is found wrong with %s", name)
		}
	}
	t.Logf("%d golden messages and views are right, %d spoilt ones are found", len(good), len(wrong))
}

// goldens makes a module of each golden file of the bot and of the commands.
// Those of the bot and of narration are in Slack's form, the others are drawn.
func goldens(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, root := range []string{"../../bot/testdata", "../../commands/testdata"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(path, "../../")), ".json")
			out[name], err = typed(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 70 {
		t.Fatalf("only %d golden files are found", len(out))
	}
	return out
}

// typed is the module of one golden file.
func typed(text []byte) (string, error) {
	var shape struct {
		Type   string
		Blocks []json.RawMessage `json:"blocks"`
		Title  json.RawMessage   `json:"Title"`
	}
	if err := json.Unmarshal(text, &shape); err != nil {
		return "", err
	}
	switch {
	case shape.Type == "modal" || shape.Type == "home":
		return module("slack.View", text), nil
	case shape.Blocks != nil:
		return module("slack.Message", text), nil
	}
	var m fleet.Message
	if err := json.Unmarshal(text, &m); err != nil || m.Text == "" {
		return "", errors.Join(errors.New("neither a message of Slack's nor one of ours"), err)
	}
	drawn, err := json.MarshalIndent(bot.Render(m), "", "  ")
	return module("slack.Message", drawn), err
}

// spoilt are golden messages with one fault each.
func spoilt(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	spoil := func(name, from, kind, old, now string) {
		text, err := os.ReadFile("../../bot/testdata/render/" + from + ".json")
		if err != nil {
			t.Fatal(err)
		}
		bad := regexp.MustCompile(old).ReplaceAllString(string(text), now)
		if bad == string(text) {
			t.Fatalf("%s: %s has no %s", name, from, old)
		}
		out["wrong/"+name] = module("slack."+kind, []byte(bad))
	}
	spoil("misspelt field", "plan", "Message", `"action_id"`, `"action_ids"`)
	spoil("unknown style", "plan", "Message", `"style": "primary"`, `"style": "blue"`)
	spoil("unknown block", "plan", "Message", `"type": "header"`, `"type": "heading"`)
	spoil("text of another kind", "plan", "Message", `("type": "header",\s+"text": \{\s+"type": )"plain_text"`, `$1"mrkdwn"`)
	spoil("cell of another kind", "plan", "Message", `"raw_text"`, `"plain_text"`)
	spoil("number for a text", "plan", "Message", `"value": "01abc\|1"`, `"value": 1`)
	spoil("field of another block", "plan", "Message", `("type": "table",)`, `$1 "elements": [],`)
	spoil("unknown rich text", "announcement", "Message", `"rich_text_section"`, `"rich_text_line"`)
	spoil("missing text", "done", "Message", `(?s)"text": \{.*?\}`, `"block_id": "x"`)
	spoil("input without a label", "form", "View", `"label"`, `"labels"`)
	spoil("unknown element", "form", "View", `"plain_text_input"`, `"text_input"`)
	spoil("view without a title", "form", "View", `(?s)^\{\s+"type": "modal",\s+"title": \{.*?\},`, `{"type": "modal",`)
	if names := slices.Collect(maps.Keys(out)); len(names) != 12 {
		t.Fatalf("two faults have one name: %v", names)
	}
	return out
}
