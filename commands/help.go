package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// groups is the order of the headings of help.
var groups = [...]string{"Distributions", "Platforms", "Sites", "Upgrades", "Tasks", "Digest", "More"}

// Groups are the headings of help, in their order.
func Groups() []string { return groups[:] }

func newHelp(t *Table) Command {
	return Command{
		Verb: "help", Args: "[COMMAND]", Max: 2, Group: "More",
		Summary: "what can be asked, or how one command is typed", Help: []string{fleet.Slash + " help upgrade"}, Role: fleet.Reader,
		Run: func(_ context.Context, r Request) (fleet.Message, error) {
			if len(r.Args) == 0 {
				return t.helpAll(r), nil
			}
			return t.helpOne(r)
		},
	}
}

func (t *Table) helpAll(r Request) fleet.Message {
	m := fleet.Message{
		Text:  "These are the commands of distrobot; type " + fleet.Slash + " help COMMAND for one of them.",
		Title: "What you can ask",
		Footer: fleet.Say("You are "+aRole(r.Role)+". For one command: ", fleet.Mono(fleet.Slash+" help upgrade"),
			". distrobot "+t.Version),
	}
	if !r.Shell {
		m.Lines = append(m.Lines, fleet.Say("Type these after ", fleet.Mono(fleet.Slash), ", or mention me with them."))
	}
	for _, g := range groups {
		var lines []fleet.Line
		for _, c := range t.List() {
			if c.Group == g && (c.Role <= r.Role || c.Own != "") {
				lines = append(lines, fleet.Item(fleet.Mono(strings.TrimSpace(c.Name()+" "+c.Args)), " "+c.Summary))
			}
		}
		if len(lines) > 0 {
			m.Lines = append(append(m.Lines, fleet.Say(fleet.Bold(g))), lines...)
		}
	}
	return m
}

func (t *Table) helpOne(r Request) (fleet.Message, error) {
	verb, sub := strings.ToLower(r.Args[0]), ""
	if len(r.Args) > 1 {
		sub = strings.ToLower(r.Args[1])
	}
	var of []Command
	for _, c := range t.List() {
		if c.Verb == verb && (sub == "" || c.Sub == sub) {
			of = append(of, c)
		}
	}
	if len(of) == 0 {
		return fleet.Message{}, unknownVerb(t.List(), strings.TrimSpace(verb+" "+sub))
	}
	m := fleet.Message{Text: "How to type " + of[0].Verb + ": " + of[0].Usage(), Title: "Help: " + strings.TrimSpace(verb+" "+sub)}
	for _, c := range of {
		m.Lines = append(m.Lines, c.manual()...)
	}
	return m, nil
}

// forWhom says who may use a command.
func forWhom(c Command) string {
	switch {
	case c.Role <= fleet.Reader:
		return "For everybody."
	case c.Own != "":
		return "For " + aRole(c.Role) + "; with --" + c.Own + ", for everybody."
	}
	return "For " + aRole(c.Role) + "."
}

// manual is the help of one command.
func (c Command) manual() []fleet.Line {
	out := []fleet.Line{fleet.Say(fleet.Mono(c.Usage())), fleet.Say(fmt.Sprintf("%s%s. %s", strings.ToUpper(c.Summary[:1]), c.Summary[1:], forWhom(c)))}
	for _, o := range c.Options {
		out = append(out, fleet.Item(fleet.Mono(strings.TrimSpace("--"+o.Name+" "+o.Value)), " "+o.Help))
	}
	for _, h := range c.Help {
		if strings.HasPrefix(h, fleet.Slash) {
			out = append(out, fleet.Item(fleet.Mono(h)))
			continue
		}
		out = append(out, fleet.Say(h))
	}
	return out
}
