package commands_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestEveryCommandHasAnExample parses every example of help by the grammar that
// people's own words go through: it must be that command, with as many arguments
// as it takes and options that it has.
func TestEveryCommandHasAnExample(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.table.List() {
		if !strings.HasPrefix(c.Example(), fleet.Slash+" "+c.Name()) {
			t.Errorf("%s has no example; the first is %q", c.Name(), c.Example())
		}
		for _, line := range c.Help {
			if !strings.HasPrefix(line, fleet.Slash) {
				if first, _, _ := strings.Cut(line, " "); first == c.Verb {
					t.Errorf("the example %q of %s cannot be copied", line, c.Name())
				}
				continue
			}
			name, args, opts, err := commands.Parse(w.table, line)
			if err != nil || name != c.Name() {
				t.Errorf("%q is an example of %q: %v", line, name, err)
			}
			for _, word := range append(args, strings.Join(commands.Values(opts), " ")) {
				if placeholder.MatchString(word) {
					t.Errorf("%q holds the placeholder %s", line, word)
				}
			}
		}
		w.says(w.ask(alice, "help "+c.Name()), c.Example())
	}
}

// placeholder is what stands in usage for something to be filled in.
var placeholder = regexp.MustCompile(`(?:^|[^\w-])[A-Z]{2,}(?:$|[^\w-])`)

// TestBadCallsShowAnExample: whoever mistypes a command is shown how it is typed,
// with a line to copy.
func TestBadCallsShowAnExample(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.table.List() {
		if c.Max >= 0 {
			w.says(w.ask(alice, c.Name()+strings.Repeat(" x", c.Max+1)), "Type: "+c.Usage(), "for example: "+c.Example())
		}
		if c.Min > 0 && c.Form == nil {
			w.says(w.ask(alice, c.Name()), "Something is missing", "for example: "+c.Example())
		}
		w.says(w.ask(alice, c.Name()+" --nonsense"), "There is no option --nonsense", "for example: "+c.Example())
	}
}

// TestDocumentedLinesParse reads every line of /distro that the pages of docs show
// by the real grammar. A line with brackets or bars is how a command is typed, and
// what stands after two spaces says what it does.
func TestDocumentedLinesParse(t *testing.T) {
	w := newWorld(t)
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, page := range append(pages, "../README.md") {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range shownLine.FindAllStringSubmatch(string(raw), -1) {
			if usage.MatchString(m[1]) {
				continue
			}
			lines++
			if name, _, _, err := commands.Parse(w.table, m[1]); err != nil {
				t.Errorf("%s: %q is %q: %v", page, m[1], name, err)
			}
		}
	}
	if lines < 60 {
		t.Errorf("only %d lines were found", lines)
	}
}

var (
	shownLine = regexp.MustCompile(`(?m)^(?:    )?(?:\$ )?(/distro .*?)(?:\s{2,}\S.*| # .*)?$`)
	usage     = regexp.MustCompile(`\w \| \w|[\[\]…]|\b[A-Z]{2,}\|| [A-Z]{2,}( |$)`)
)
