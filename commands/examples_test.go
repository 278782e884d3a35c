package commands_test

import (
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
			w.says(w.ask(alice, c.Name()+strings.Repeat(" x", c.Max+1)), "Type: "+c.Usage(), "For example: "+c.Example())
		}
		if c.Min > 0 && c.Form == nil {
			w.says(w.ask(alice, c.Name()), "Something is missing", "For example: "+c.Example())
		}
		w.says(w.ask(alice, c.Name()+" --nonsense"), "There is no option --nonsense", "For example: "+c.Example())
	}
}
