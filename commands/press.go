package commands

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A press is what a kind of button does.
type press struct {
	role fleet.Role // needed; asked when the button is pressed
	what string     // "build a platform", for a refusal
	run  func(context.Context, Press, Request) (Reply, error)
}

// presses lists what every button does, one action a line. Actions are never
// taken away: messages live for years.
func (t *Table) presses() map[string]press {
	return map[string]press{
		fleet.ActBuild:    {fleet.Maintainer, "build a platform", t.pressBuild},
		fleet.ActChanges:  {fleet.Reader, "look at the changes", t.pressChanges},
		fleet.ActSnooze:   {fleet.Maintainer, "snooze an announcement", t.pressSnooze},
		fleet.ActCompare:  {fleet.Reader, "look at the comparison", t.pressCompare},
		fleet.ActSheet:    {fleet.Reader, "look at the comparison", t.pressSheet},
		fleet.ActPages:    {fleet.Reader, "look at the comparison", t.pressPages},
		fleet.ActWithout:  {fleet.Maintainer, "leave sites out of a plan", t.pressWithout},
		fleet.ActConfirm:  {fleet.Reader, "confirm a plan", t.pressVote(true)},
		fleet.ActCancel:   {fleet.Reader, "cancel a plan", t.pressVote(false)},
		fleet.ActRehearse: {fleet.Maintainer, "rehearse a plan", t.pressRehearse},
		fleet.ActContinue: {fleet.Maintainer, "continue a plan", t.pressResume(true)},
		fleet.ActSchedule: {fleet.Reader, "confirm a plan", t.pressVote(true)},
		fleet.ActPause:    {fleet.Maintainer, "pause a plan", t.pressPause},
		fleet.ActUnmoved:  {fleet.Maintainer, "ask for a rollback", t.pressUndoFailed},
		fleet.ActStop:     {fleet.Maintainer, "stop a plan", t.pressResume(false)},
		fleet.ActRetry:    {fleet.Maintainer, "ask for a fresh plan", t.pressRetry},
		fleet.ActUndo:     {fleet.Maintainer, "ask for a rollback", t.pressUndo},
		fleet.ActRollback: {fleet.Maintainer, "ask for a rollback", t.pressRollback},
		fleet.ActAgain:    {fleet.Maintainer, "answer for a task", t.pressHeld(fleet.RunAgain)},
		fleet.ActSkip:     {fleet.Maintainer, "answer for a task", t.pressHeld(fleet.SkipStep)},
		fleet.ActLooks:    {fleet.Maintainer, "say that it looks right", t.pressHeld(fleet.LooksRight)},
		fleet.ActGiveUp:   {fleet.Maintainer, "answer for a task", t.pressHeld(fleet.GiveUp)},
		fleet.ActRebuild:  {fleet.Maintainer, "build a platform", t.pressRebuild},
		fleet.ActUpgrade:  {fleet.Maintainer, "ask for an upgrade", t.pressUpgrade},
		fleet.ActMore:     {fleet.Reader, "look at the digest", t.pressMore},
		fleet.ActRefresh:  {fleet.Maintainer, "build a platform", t.pressRefresh},
		fleet.ActRetire:   {fleet.Administrator, "remove platforms", t.pressRetire},
		fleet.ActMoves:    {fleet.Reader, "look at the changes", t.pressMoves},
		fleet.ActRepeat:   {fleet.Maintainer, "order a task again", t.pressRepeat},
		fleet.ActMoveSite: {fleet.Administrator, "move a site to another host", t.pressMoveSite},
		fleet.ActEndTask:  {fleet.Maintainer, "cancel a task", t.pressCancelTask},
		fleet.ActUnmute:   {fleet.Maintainer, "unmute a distribution", t.pressUnmute},
		fleet.ActUnhide:   {fleet.Reader, "unmute a distribution for yourself", t.pressUnhide},
		fleet.ActTurn:     {fleet.Reader, "look at a list", t.pressTurn},
		fleet.ActWake:     {fleet.Maintainer, "show a snoozed announcement", t.pressWake},
	}
}

// Press answers a button or a submitted form. Every press gets an answer for
// the person who pressed, and Refresh shows the message as it is now. The
// error is a fault of ours.
func (t *Table) Press(ctx context.Context, p Press) (Reply, error) {
	ctx = fleet.WithOrigin(ctx, fleet.Origin{Request: p.ID, Channel: p.Channel})
	if p.Command != "" {
		return t.submit(ctx, p)
	}
	b, known := t.presses()[p.Action]
	if !known {
		return reply(forgotten())
	}
	out, err := t.pressed(ctx, p, b)
	t.record(ctx, askedPress(p, b), out, err)
	return out, err
}

// pressed asks whether the person may, does what the button does, and draws the
// message as it is then.
func (t *Table) pressed(ctx context.Context, p Press, b press) (Reply, error) {
	role, err := t.allowedPress(ctx, p, b)
	if err == nil {
		r := Request{ID: p.ID, Who: p.Who, Role: role, Channel: p.Channel}
		if b.role > fleet.Reader {
			r = t.settle(ctx, r)
		}
		var out Reply
		if out, err = b.run(ctx, p, r); err == nil {
			return t.refreshed(ctx, p, out), nil
		}
	}
	if fleet.CodeOf(err) == fleet.NotFound {
		err = forgotten()
	}
	away := fleet.CodeOf(err) == fleet.Later
	out, err := reply(err)
	if err != nil || away { // the message cannot be drawn from a storage that is away
		return out, err
	}
	return t.refreshed(ctx, p, out), nil
}

// forgotten answers presses on messages whose subject is gone or malformed.
func forgotten() error {
	return fleet.Errorf(fleet.NotFound, "I do not know this message any more.").WithHint("Ask for a fresh one with %s digest.", fleet.Slash)
}

// refreshed adds the pressed message as it is now. That it cannot be drawn
// does not undo the press; the message follows by its notice.
func (t *Table) refreshed(ctx context.Context, p Press, out Reply) Reply {
	if p.Subject == "" || out.Refresh != nil || p.Subject.Kind() == fleet.AboutDigest {
		return out
	}
	if m, err := t.Narrator.Message(ctx, p.Subject); err == nil {
		out.Refresh = &m
	}
	return out
}

// submit runs the command of a form. Value names what the form is about, the
// input "name" is the command's argument, every other input an option.
func (t *Table) submit(ctx context.Context, p Press) (Reply, error) {
	cmd, _, err := find(t.List(), words(p.Command))
	if err != nil {
		return reply(err)
	}
	r := Request{ID: p.ID, Who: p.Who, Channel: p.Channel, Opts: map[string]string{}}
	if p.Value != "" {
		r.Args = append(r.Args, p.Value)
	}
	fillIn(&r, cmd, p.Inputs)
	if cmd.Verb == "add" || cmd.Sub != "" && cmd.Verb != "policy" { // there, an empty input is an answer
		dropEmpty(r.Opts)
	}
	out, err := t.formed(ctx, cmd, p, r)
	t.record(ctx, askedForm(cmd, p), out, err)
	return out, err
}

// formed runs a form's command; what is wrong with an input is shown beside it.
func (t *Table) formed(ctx context.Context, cmd Command, p Press, r Request) (Reply, error) {
	out, err := t.runForm(ctx, cmd, r)
	var w *wrongInput
	var e *fleet.Error
	if _, has := p.Inputs[inputOf(err)]; has && errors.As(err, &w) && errors.As(err, &e) {
		return Reply{Errors: map[string]string{w.input: strings.TrimSpace(e.Text + " " + e.Hint)}, Code: e.Code}, nil
	}
	if err != nil {
		return reply(err)
	}
	return out, nil
}

// runForm checks role and count and runs, with errors as they are.
func (t *Table) runForm(ctx context.Context, cmd Command, r Request) (Reply, error) {
	role, err := t.allowed(ctx, cmd, r)
	if err != nil {
		return Reply{}, err
	}
	r.Role = role
	if err := cmd.count(len(r.Args)); err != nil {
		return Reply{}, err
	}
	m, err := cmd.Run(ctx, t.settle(ctx, r))
	return Reply{Message: m, Public: cmd.Public}, err
}

// fillIn makes arguments and options of the inputs of a form.
func fillIn(r *Request, cmd Command, inputs map[string]string) {
	for _, name := range cmd.names() {
		if value, given := inputs[name]; given {
			r.Args = append(r.Args, strings.TrimSpace(value))
		}
	}
	for name, value := range inputs {
		name, _, part := strings.Cut(name, ".")
		if !cmd.has(name) {
			continue
		}
		if part && r.Opts[name] != "" && value != "" {
			value = r.Opts[name] + "," + value // one list over several inputs
		} else if part && value == "" {
			value = r.Opts[name]
		}
		r.Opts[name] = value
	}
	joinInputs(r.Opts, inputs)
}

// names are the inputs of a command's form that are its arguments.
func (c Command) names() []string {
	if c.Names != nil {
		return c.Names
	}
	return []string{"name"}
}

func inputOf(err error) string {
	var w *wrongInput
	if errors.As(err, &w) {
		return w.input
	}
	return ""
}

func dropEmpty(m map[string]string) {
	for k, v := range m {
		if strings.TrimSpace(v) == "" {
			delete(m, k)
		}
	}
}

func words(s string) []token {
	var out []token
	for _, w := range strings.Fields(s) {
		out = append(out, token{text: w})
	}
	return out
}

// divide splits a button's value "ID|REVISION"; forgotten if it is not one.
func divide(value string) (string, int, error) {
	i := strings.LastIndexByte(value, '|')
	if i <= 0 {
		return "", 0, forgotten()
	}
	n, err := strconv.Atoi(value[i+1:])
	if err != nil {
		return "", 0, forgotten()
	}
	return value[:i], n, nil
}
