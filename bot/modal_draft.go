package bot

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// draft is what the desk is told of a form that is being filled in.
func (d *dispatcher) draft(f filled) commands.Draft {
	return commands.Draft{Command: f.meta.Command, State: f.meta.State, Who: d.actorOf(f.call), Inputs: f.values}
}

// formOf reads the form in whose view something happened; false if it is another
// kind of view.
func formOf(c slack.InteractionCallback) (filled, bool) {
	f := filled{call: c, values: inputs(c.View)}
	ok := c.View.CallbackID == formID && json.Unmarshal([]byte(c.View.PrivateMetadata), &f.meta) == nil
	return f, ok
}

// chosen draws a form anew when something was chosen that other inputs depend on.
// What was filled in stays.
func (d *dispatcher) chosen(ctx context.Context, c slack.InteractionCallback, a *acker) {
	a.ack(nil)
	f, ok := formOf(c)
	if !ok {
		return
	}
	draft := d.draft(f)
	for _, b := range c.ActionCallback.BlockActions {
		draft.Chosen, _ = inputName(b.BlockID)
	}
	form, err := d.desk.Draft(ctx, draft)
	if err == nil && !form.Fresh {
		form = refilled(form, f.values)
	}
	if err == nil {
		err = d.redraw(ctx, f, form)
	}
	if err != nil {
		// The form stays as it is, and what does not fit is told when it is submitted.
		d.log.WarnContext(ctx, "form not drawn anew", "command", f.meta.Command, "error", err)
	}
}

// redraw shows a form in the modal of another one. The hash keeps an answer that
// comes late from undoing a later choice; a modal that waits has another by then.
func (d *dispatcher) redraw(ctx context.Context, f filled, form fleet.Form) error {
	view, err := formView(form, f.meta.Channel)
	if err != nil {
		return err
	}
	hash := f.call.View.Hash
	if f.call.Type == slack.InteractionTypeViewSubmission {
		hash = ""
	}
	_, err = d.api.UpdateViewContext(ctx, view, "", hash, f.call.View.ID)
	return err
}

// refilled puts what was filled in back into a form.
func refilled(form fleet.Form, values map[string]string) fleet.Form {
	form.Inputs = append([]fleet.Input(nil), form.Inputs...)
	for i, in := range form.Inputs {
		v, given := values[in.Name]
		if !given || len(in.Choices) > 0 && !in.Search && !in.Many && !offered(in.Choices, v) {
			continue // what was chosen is not to be had any more
		}
		form.Inputs[i].Initial = v
	}
	return form
}

func offered(all []fleet.Choice, value string) bool {
	for _, c := range all {
		if c.Value == value {
			return true
		}
	}
	return false
}

// suggestion answers what a person types into a searched input with what fits.
func (d *dispatcher) suggestion(ctx context.Context, c slack.InteractionCallback, a *acker) {
	found := []*slack.OptionBlockObject{} // none is an answer, too, and not null
	defer func() { a.ack(object{"options": found}) }()
	f, ok := formOf(c)
	name, isInput := inputName(c.BlockID)
	if !ok || !isInput {
		return
	}
	draft := d.draft(f)
	draft.Search, draft.Query = name, plain(c.Value, 200)
	form, err := d.desk.Draft(ctx, draft)
	if err != nil {
		d.log.WarnContext(ctx, "nothing found for a form", "command", f.meta.Command, "error", err)
		return
	}
	for _, in := range form.Inputs {
		found = append(found, choiceOptions(in.Choices)...)
	}
}
