package main

import (
	"context"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

// manCmd prints the manual page. It is made from the same declarations as the
// help, so the two cannot differ.
type manCmd struct{}

// Run implements the subcommand.
func (manCmd) Run(_ context.Context, k *kong.Kong) error {
	page := mangokong.NewManPage(1, k.Model).Build(roff.NewDocument())
	_, err := fmt.Fprint(k.Stdout, dated.ReplaceAllString(page, "${1}"+commitDate()+"${2}"))
	return err
}

// dated is the day in a page's first line: the library writes today, but the
// same program gives the same page.
var dated = regexp.MustCompile(`(?m)^(\.TH DISTROBOT 1 ")\d{4}-\d\d-\d\d(")`)

// commitDate is the day of the commit that the program was built from, or "".
func commitDate() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	day, _, _ := strings.Cut(stamp(info, "vcs.time"), "T")
	return day
}

// completionCmd prints what makes a shell complete subcommands and options. The
// program itself answers: it sees COMP_LINE, which the shell sets then.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run implements the subcommand. The lines name the program, not its path, so
// that they are the same wherever it is installed.
func (c completionCmd) Run(_ context.Context, k *kong.Kong) error {
	_, err := fmt.Fprint(k.Stdout, map[string]string{
		"bash": "complete -o default -o bashdefault -C distrobot distrobot\n",
		"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -o default -o bashdefault -C distrobot distrobot\n",
		"fish": `function __complete_distrobot
    set -lx COMP_LINE (commandline -cp)
    test -z (commandline -ct)
    and set COMP_LINE "$COMP_LINE "
    distrobot
end
complete -f -c distrobot -a "(__complete_distrobot)"
`,
	}[c.Shell])
	return err
}
