package commands

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// auditor keeps who asked for what, and what came of it.
type auditor interface {
	Asked(ctx context.Context, e fleet.AuditEvent) error
}

// recordTime bounds the recording of a request, which outlives the request.
const recordTime = 3 * time.Second

// asked is a request as the record shall have it.
type asked struct {
	who   fleet.Actor
	what  string // "asked.upgrade", "pressed.build"
	about string // its first argument, or what the button is about
	line  string // all of its words
	// changes says that it may change something: it is recorded whatever came of
	// it. Of others only refusals are.
	changes bool
	// told says that what it changes names the request already, as a vote does:
	// only refusals are recorded.
	told bool
}

// record keeps a request with its outcome. That it cannot be recorded does not
// undo what was done: it is told to whoever runs the bot.
func (t *Table) record(ctx context.Context, a asked, out Reply, err error) {
	if t.Auditor == nil || !a.recorded(out, err) {
		return
	}
	e := fleet.AuditEvent{Who: a.who, What: a.what, About: fleet.Clean(a.about, 200), Outcome: fleet.Done, Detail: map[string]string{}}
	if a.line != "" {
		e.Detail["asked"] = fleet.Clean(a.line, 1000)
	}
	switch {
	case err != nil:
		e.Outcome = fleet.Fault
	case out.Code != "":
		e.Outcome = fleet.Refusal
		e.Detail["code"], e.Detail["why"] = string(out.Code), fleet.Clean(refusalOf(out), 300)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if err := t.Auditor.Asked(ctx, e); err != nil && t.Unrecorded != nil {
		t.Unrecorded(e, err)
	}
}

// recorded says whether a request belongs in the record: a form that was opened
// is none yet, and what was mistyped or names nothing was refused by no rule.
func (a asked) recorded(out Reply, err error) bool {
	switch {
	case out.Recorded:
		return false
	case out.Code == fleet.Forbidden:
		return true
	case out.Code == fleet.Invalid || out.Code == fleet.NotFound:
		return false
	case err == nil && out.Code == "":
		return a.changes && !a.told && out.Message.Form == nil
	}
	return a.changes
}

// refusalOf gives the sentence of a refusal.
func refusalOf(out Reply) string {
	for _, name := range slices.Sorted(maps.Keys(out.Errors)) {
		return name + ": " + out.Errors[name]
	}
	return out.Message.Text
}

// askedCommand describes a command line.
func askedCommand(cmd Command, who fleet.Actor, tokens []token) asked {
	a := asked{who: who, what: "asked." + strings.ReplaceAll(cmd.Name(), " ", "."), changes: cmd.Role > fleet.Reader}
	words, named := make([]string, len(tokens)), len(strings.Fields(cmd.Name()))
	for i, w := range tokens {
		words[i] = w.text
		if _, option := optionName(w); i >= named && !option && a.about == "" {
			a.about = w.text
		}
	}
	a.line = strings.Join(words, " ")
	a.changes = a.changes || cmd.Verb == "target" && len(tokens) > 2
	a.told = cmd.Verb == "confirm" || cmd.Verb == "target" && len(tokens) > 2
	return a
}

// askedForm describes a form that was sent; p.Inputs hold nothing secret by
// themselves, and what looks like a secret is removed where the record is kept.
func askedForm(cmd Command, p Press) asked {
	a := asked{who: p.Who, what: "asked." + strings.ReplaceAll(cmd.Name(), " ", "."), about: p.Value, changes: true}
	words := []string{cmd.Name(), p.Value}
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		v := strings.TrimSpace(p.Inputs[name])
		switch {
		case v == "":
		case name == "name":
			words = append(words, v)
			a.about = cmpOr(a.about, v)
		default:
			words = append(words, "--"+name, v)
		}
	}
	a.line = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	return a
}

// askedPress describes a press; its value is "ID|REVISION" on most buttons.
func askedPress(p Press, b press) asked {
	about := p.Value
	if id, _, err := divide(p.Value); err == nil {
		about = id
	}
	vote := fleet.IsVote(p.Action) // which the Decider records
	return asked{who: p.Who, what: "pressed." + p.Action, about: about, line: p.Value, changes: vote || b.role > fleet.Reader, told: vote}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
