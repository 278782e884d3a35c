package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/distrobot/distrobot"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// referenceCmd prints docs/reference.md: commands, subcommands, settings and the
// keys of distrobot.yml, from the very declarations that the program works by.
type referenceCmd struct{}

// Run implements the subcommand.
func (referenceCmd) Run(_ context.Context, k *kong.Kong) error {
	return writeReference(k.Stdout, k.Model)
}

// writeReference writes the page as Markdown.
func writeReference(w io.Writer, program *kong.Application) error {
	var b strings.Builder
	b.WriteString("# Reference\n\nPrinted by `distrobot reference` from what the program itself works by; a test holds this page to it.\n")
	b.WriteString("\n## Commands in Slack\n\nTyped after `" + fleet.Slash + "`, to the bot as a mention or a direct message, or as `distrobot do \"…\"` in a shell.\n")
	refer(&b, (&commands.Table{}).List())
	b.WriteString("\n## The program\n\nExit codes: 0 done, 1 refused or failed (the reason was printed), 2 usage.\n")
	for _, leaf := range program.Leaves(true) {
		subcommand(&b, leaf)
	}
	b.WriteString("\n## Settings\n\nVariables of the environment, or lines of a file `.env`.\n\n```sh\n" + strings.TrimSpace(distrobot.Settings) + "\n```\n")
	b.WriteString("\n## distrobot.yml\n\n```yaml\n" + strings.TrimSpace(distrobot.Site) + "\n```\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// refer writes the commands of /distro under the headings of help.
func refer(b *strings.Builder, list []commands.Command) {
	for _, group := range commands.Groups() {
		fmt.Fprintf(b, "\n### %s\n", group)
		for _, c := range list {
			if c.Group == group {
				slashed(b, c)
			}
		}
	}
}

func slashed(b *strings.Builder, c commands.Command) {
	own := ""
	if c.Own != "" {
		own = "; with `--" + c.Own + "`, for everybody"
	}
	fmt.Fprintf(b, "\n#### %s\n\n    %s\n\n%s%s. For a %s%s.\n", c.Name(), c.Usage(), strings.ToUpper(c.Summary[:1]), escape(c.Summary[1:]), c.Role, own)
	if len(c.Options) > 0 {
		b.WriteString("\n")
	}
	for _, o := range c.Options {
		fmt.Fprintf(b, "- `%s`: %s\n", strings.TrimSpace("--"+o.Name+" "+o.Value), escape(o.Help))
	}
	code := false
	for _, line := range c.Help {
		is := strings.HasPrefix(line, fleet.Slash)
		if !is || !code {
			b.WriteString("\n")
		}
		if code = is; is {
			line = "    " + line
		} else {
			line = escape(line)
		}
		b.WriteString(line + "\n")
	}
}

func subcommand(b *strings.Builder, n *kong.Node) {
	fmt.Fprintf(b, "\n#### %s\n\n    %s\n\n%s\n", n.FullPath(), n.Summary(), escape(n.Help))
	for i, p := range n.Positional {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- `%s`: %s\n", p.Summary(), escape(p.Help))
	}
	for i, f := range n.Flags {
		if i == 0 && len(n.Positional) == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- `%s`: %s\n", f.Summary(), escape(f.Help))
	}
}

// escape keeps what reads as Markdown from being read so.
func escape(s string) string {
	return strings.NewReplacer("*", `\*`, "<", `\<`, "_", `\_`).Replace(s)
}
