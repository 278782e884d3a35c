package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/fleet"
)

// explained is what a page says beside a command: after two spaces, or a #.
var explained = regexp.MustCompile(`\s{2,}\S.*$| # .*$`)

// docCommands gives the commands of a page that a reader would copy, in their
// order: the lines of its code blocks, indented or fenced, that begin with /distro
// or distrobot.
func docCommands(page string) []string {
	var out []string
	fenced := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		code, indented := strings.CutPrefix(line, "    ")
		if !fenced && !indented {
			continue
		}
		code = strings.TrimPrefix(strings.TrimSpace(code), "$ ")
		if first, _, _ := strings.Cut(code, " "); first == fleet.Slash || first == "distrobot" {
			out = append(out, explained.ReplaceAllString(code, ""))
		}
	}
	return out
}

// cmdDoc: doc PAGE USER [OLD=NEW...] runs every command of a page of docs/ as its
// reader would, those of a chat as USER; each must succeed. OLD=NEW puts what is
// there in the place of a name that the page makes up.
func cmdDoc(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: doc PAGE USER [OLD=NEW...]")
	}
	page, err := os.ReadFile(filepath.Join(ts.Getenv("DOCS"), args[0]))
	ts.Check(err)
	lines := docCommands(string(page))
	if len(lines) == 0 {
		ts.Fatalf("%s has no command", args[0])
	}
	for _, line := range lines {
		for _, change := range args[2:] {
			old, now, _ := strings.Cut(change, "=")
			line = strings.ReplaceAll(line, old, now)
		}
		words := []string{"do", "--as", args[1], line}
		if rest, shell := strings.CutPrefix(line, "distrobot "); shell {
			words = strings.Fields(rest)
		}
		ts.Logf("doc: %s", line)
		if err := ts.Exec("distrobot", words...); err != nil {
			ts.Fatalf("%s: %q: %v", args[0], line, err)
		}
	}
}
